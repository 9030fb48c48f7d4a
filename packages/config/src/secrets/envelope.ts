import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ConfigError } from '../config-error.ts';
import type { KeyProvider } from './key-provider.ts';
import { KEY_BYTES, open, seal } from './sealed.ts';
import type { SecretPlace } from './sealer.ts';

const base64 = z.string().transform((text) => Buffer.from(text, 'base64'));
const envelope = z.object({
  /** The key-encryption key. */
  keyId: z.string(),
  /** The data key, wrapped. */
  wrapped: base64,
  /** The text, encrypted with the data key. */
  data: base64,
  /** Where it belongs: for who re-encrypts it. Who reads it says by himself where he has found it. */
  place: z.object({ application: z.string(), namespace: z.string(), key: z.string() }),
});

/** A secret as it is kept. */
export type Envelope = z.output<typeof envelope>;

/** Encrypts a text with a data key of its own, bound to its place. */
export async function sealEnvelope(
  keys: KeyProvider,
  place: SecretPlace,
  text: Buffer,
  signal: AbortSignal,
): Promise<Buffer> {
  const dataKey = randomBytes(KEY_BYTES);
  const { keyId, wrapped } = await keys.wrap(dataKey, signal);
  const data = seal(dataKey, text, contextOf(place));
  const { application, namespace, key } = place;
  return Buffer.from(
    JSON.stringify({
      keyId,
      wrapped: wrapped.toString('base64'),
      data: data.toString('base64'),
      place: { application, namespace, key },
    }),
  );
}

/** @throws ConfigError NO_KEY; MALFORMED when it was changed, or belongs elsewhere */
export async function openEnvelope(
  keys: KeyProvider,
  place: SecretPlace,
  { keyId, wrapped, data }: Envelope,
  signal: AbortSignal,
): Promise<Buffer> {
  const dataKey = await keys.unwrap({ keyId, wrapped }, signal);
  return open(dataKey, data, contextOf(place));
}

/** @throws ConfigError MALFORMED */
export function parseEnvelope(data: Buffer, path: string): Envelope {
  try {
    return envelope.parse(JSON.parse(data.toString()));
  } catch {
    throw new ConfigError('MALFORMED', `${path} holds no secret of ours`);
  }
}

function contextOf({ application, namespace, key }: SecretPlace): string {
  return JSON.stringify([application, namespace, key]);
}
