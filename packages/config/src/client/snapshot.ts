import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../config-error.ts';
import { type Resolved, resolvedSchema } from './resolved.ts';
import type { ConfigRequest } from './source.ts';
import { writeAtomically } from './write-atomically.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A file that holds ciphertext begins so. */
const MAGIC = Buffer.from('meshkeeper-config-1\n');

const plainSchema = z.object({ version: z.literal(1), resolved: resolvedSchema });

/**
 * What was good last, in a file for its owner only. Without a key, secrets are left out of it; with one,
 * all of it is encrypted. It is replaced as a whole: who reads it sees the old or the new.
 */
export class Snapshot {
  readonly file: string;
  readonly #folder: string;
  readonly #key: Buffer | undefined;
  /** What was written last: the same is not written again. */
  #written: string | undefined;

  /** @throws ConfigError NOT_VALID the key is not one */
  constructor(folder: string, request: ConfigRequest, key?: string | Uint8Array) {
    this.#folder = folder;
    this.file = join(folder, nameOf(request));
    this.#key = key === undefined ? undefined : keyOf(key);
  }

  /** Undefined when there is none that can be used: another format, another key, half a file. */
  async read(): Promise<Resolved | undefined> {
    try {
      const bytes = await readFile(this.file);
      const isSealed = bytes.subarray(0, MAGIC.length).equals(MAGIC);
      if (isSealed && this.#key === undefined) return undefined;
      const text = isSealed ? opened(bytes, this.#key!) : bytes;
      return plainSchema.parse(JSON.parse(text.toString('utf8'))).resolved;
    } catch {
      return undefined;
    }
  }

  /** It is on the disk when this resolves. */
  async write(resolved: Resolved): Promise<void> {
    if (this.#written === resolved.digest) return;
    const kept = this.#key === undefined ? withoutSecrets(resolved) : resolved;
    const text = Buffer.from(`${JSON.stringify({ version: 1, resolved: kept })}\n`);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const data = this.#key === undefined ? text : sealed(text, this.#key);
    await writeAtomically(this.file, data, { mode: 0o600 });
    this.#written = resolved.digest;
  }
}

/** The same for the same question, whoever asks; what is asked with secrets is another. */
function nameOf(request: ConfigRequest): string {
  const { application, profiles, ...others } = request;
  const digest = createHash('sha256').update(JSON.stringify(others)).digest('hex').slice(0, 8);
  // A name of the model has nothing in it that a file's may not have; whatever else it is, is hidden.
  const safe = [application, ...profiles].join(',').replace(/[^A-Za-z0-9._,-]/g, '_');
  return `${safe}.${digest}.json`;
}

function keyOf(key: string | Uint8Array): Buffer {
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : Buffer.from(key);
  if (bytes.length === KEY_BYTES) return bytes;
  throw new ConfigError(
    'NOT_VALID',
    `cacheKey has ${bytes.length} bytes and needs ${KEY_BYTES}: make one with "openssl rand -base64 32"`,
  );
}

function withoutSecrets(resolved: Resolved): Resolved {
  const values = Object.entries(resolved.values).map(([key, entry]) => {
    if (entry.type !== 'secret') return [key, entry] as const;
    const { value: _, ...rest } = entry;
    return [key, rest] as const;
  });
  return { ...resolved, values: Object.fromEntries(values) };
}

function sealed(text: Buffer, key: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(MAGIC);
  const body = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([MAGIC, nonce, cipher.getAuthTag(), body]);
}

function opened(bytes: Buffer, key: Buffer): Buffer {
  const nonceEnd = MAGIC.length + NONCE_BYTES;
  const tagEnd = nonceEnd + TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(MAGIC.length, nonceEnd))
    .setAAD(MAGIC)
    .setAuthTag(bytes.subarray(nonceEnd, tagEnd));
  return Buffer.concat([decipher.update(bytes.subarray(tagEnd)), decipher.final()]);
}
