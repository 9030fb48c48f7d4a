import { readFile } from 'node:fs/promises';
import { ConfigError } from '../config-error.ts';
import type { KeyProvider, WrappedKey } from './key-provider.ts';
import { KEY_BYTES, open, seal } from './sealed.ts';

const KEY_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Key-encryption keys in memory. The first is the current one; the others still open what they sealed. */
export class LocalKeys implements KeyProvider {
  readonly #keys: ReadonlyMap<string, Buffer>;
  readonly #current: string;

  /** @throws ConfigError NO_KEY without any; NOT_VALID for a key that has not 32 bytes */
  constructor(keys: ReadonlyMap<string, Buffer>) {
    const [current] = keys.keys();
    if (current === undefined)
      throw new ConfigError('NO_KEY', 'there are no keys: write lines like "2026:BASE64"');
    for (const [id, key] of keys)
      if (!KEY_ID.test(id) || key.length !== KEY_BYTES)
        throw new ConfigError(
          'NOT_VALID',
          `the key "${id.slice(0, 64)}" has to have a plain name and ${KEY_BYTES} bytes: openssl rand -base64 32`,
        );
    this.#keys = keys;
    this.#current = current;
  }

  async currentKeyId(): Promise<string> {
    return this.#current;
  }

  async wrap(dataKey: Buffer): Promise<WrappedKey> {
    const keyId = this.#current;
    return { keyId, wrapped: seal(this.#key(keyId), dataKey, keyId) };
  }

  async unwrap({ keyId, wrapped }: WrappedKey): Promise<Buffer> {
    return open(this.#key(keyId), wrapped, keyId);
  }

  #key(id: string): Buffer {
    const key = this.#keys.get(id);
    if (key !== undefined) return key;
    throw new ConfigError('NO_KEY', `the key "${id}" isn't here: add it to the others`);
  }
}

/**
 * Keys as text: `NAME:BASE64`, one a line or separated by commas, the current one first; `#` begins a
 * comment.
 * @throws ConfigError NO_KEY, NOT_VALID
 */
export function parseKeys(text: string): LocalKeys {
  const keys = new Map<string, Buffer>();
  for (const line of text.split(/[\n,]/)) {
    const stated = line.replace(/#.*/, '').trim();
    if (stated === '') continue;
    const at = stated.indexOf(':');
    const id = stated.slice(0, Math.max(at, 0));
    if (at < 1 || keys.has(id))
      // Never the text itself: it is a key.
      throw new ConfigError('NOT_VALID', 'each key is NAME:BASE64, and each name is there once');
    keys.set(id, Buffer.from(stated.slice(at + 1), 'base64'));
  }
  return new LocalKeys(keys);
}

/** Keys of a file. @throws ConfigError NO_KEY, NOT_VALID */
export async function fileKeys(path: string): Promise<LocalKeys> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new ConfigError('NO_KEY', `the keys can not be read from ${path}`, { cause });
  }
  return parseKeys(text);
}
