import { createHash } from 'node:crypto';
import {
  ConfigError,
  type KeyProvider,
  openEnvelope,
  parseEnvelope,
  type SecretPlace,
  sealEnvelope,
} from '@meshkeeper/config';
import { IdentityError, type Sealer } from '@meshkeeper/identity';

/** For messages: the envelopes are parts of one znode. */
const WHERE = 'the authority';

/** Seals the keys of authorities with the keys that secrets of configuration are encrypted with. */
export class KeySealer implements Sealer {
  readonly #keys: KeyProvider;

  constructor(keys: KeyProvider) {
    this.#keys = keys;
  }

  async seal(plain: Buffer, context: string, signal: AbortSignal): Promise<Buffer> {
    return told(() => sealEnvelope(this.#keys, placeOf(context), plain, signal));
  }

  async open(sealed: Buffer, context: string, signal: AbortSignal): Promise<Buffer> {
    return told(async () => {
      const envelope = parseEnvelope(sealed, WHERE);
      return openEnvelope(this.#keys, placeOf(context), envelope, signal);
    });
  }

  async isCurrent(sealed: Buffer): Promise<boolean> {
    return told(
      async () => parseEnvelope(sealed, WHERE).keyId === (await this.#keys.currentKeyId()),
    );
  }
}

/** No application has no name: it is no secret of configuration. */
function placeOf(context: string): SecretPlace {
  const key = createHash('sha256').update(context).digest('hex');
  return { application: '', namespace: 'identity', key };
}

async function told<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const { message } = cause;
    const why =
      cause.code === 'NO_KEY'
        ? `${message} in configuration.secrets`
        : 'it was changed in ZooKeeper, or sealed with another key than configuration.secrets has under its name';
    throw new IdentityError('NO_KEY', why, { cause });
  }
}
