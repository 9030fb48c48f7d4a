import { createHash } from 'node:crypto';
import { z } from 'zod';

/** What is known of a request that came with a key. */
const recordSchema = z.discriminatedUnion('state', [
  /** It is under way, or who did it has ended in the middle. */
  z.object({ state: z.literal('running'), request: z.string(), at: z.number() }),
  /** It was answered. */
  z.object({
    state: z.literal('done'),
    request: z.string(),
    at: z.number(),
    status: z.int(),
    body: z.unknown().optional(),
  }),
]);

/** What is known of a request that came with a key. */
export type AnswerRecord = Readonly<z.output<typeof recordSchema>>;

/** Reads a record; undefined when it is none. */
export function parseRecord(data: Buffer): AnswerRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(data.toString()));
  } catch {
    return undefined;
  }
}

/** Tells requests apart, and callers' keys: a digest, so that neither is kept as it is. */
export function digestOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
