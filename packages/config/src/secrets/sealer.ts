import { ConfigError } from '../config-error.ts';
import type { SecretEntry } from '../model/entry.ts';
import type { NamespaceRef } from '../model/names.ts';

/** Where a secret belongs: its text can't be read as that of another. */
export interface SecretPlace extends NamespaceRef {
  readonly key: string;
}

/** What a draft does with the text of a secret. */
export interface Sealer {
  /**
   * A secret of this text: the one that is there, if its text is the same.
   * @throws ConfigError NO_KEY, NOT_VALID
   */
  seal(
    place: SecretPlace,
    text: string,
    current: SecretEntry | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly entry: SecretEntry; readonly envelope?: Buffer }>;
}

/** Without keys there are no secrets. */
export const NO_SEALER: Sealer = {
  async seal() {
    throw noKeys();
  },
};

/** That there are no keys, and how there are some. */
export function noKeys(): ConfigError {
  return new ConfigError(
    'NO_KEY',
    'there is no key for secrets: configuration.secrets.keyFile of the control plane names a file of them, a line NAME:BASE64 each (openssl rand -base64 32)',
  );
}
