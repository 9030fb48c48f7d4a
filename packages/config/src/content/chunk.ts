import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ConfigError } from '../config-error.ts';
import { VALUE_TYPES } from '../model/entry.ts';

/** SHA-256 of what a chunk holds, in hexadecimal: its name. */
export type Digest = string;

/** Where a part of the content is. */
export interface Ref {
  /** The last of its keys. */
  readonly last: string;
  readonly digest: Digest;
  /** Something below it refers to what is elsewhere: pieces of values, or secrets. */
  readonly refers: boolean;
}

/** A value that is too long for a leaf: the chunks that its UTF-8 is cut into. */
export interface Pieces {
  readonly pieces: readonly Digest[];
}

/** A key as a leaf has it. */
export interface Item {
  readonly key: string;
  readonly type: (typeof VALUE_TYPES)[number];
  /** Text, or pieces; of a secret its id and digest. */
  readonly value: string | Pieces | readonly [string, string];
  readonly comment?: string | undefined;
}

/** What a chunk holds that is no piece of a value. */
export type Chunk =
  | { readonly type: 'leaf'; readonly items: readonly Item[] }
  /** `level` 1 refers to leaves. */
  | { readonly type: 'node'; readonly level: number; readonly refs: readonly Ref[] };

export function digestOf(data: Uint8Array | string): Digest {
  return createHash('sha256').update(data).digest('hex');
}

/** An item's text in its leaf. */
export function encodeItem({ key, type, value, comment }: Item): string {
  return JSON.stringify(comment === undefined ? [key, type, value] : [key, type, value, comment]);
}

/** A reference's text in its node. */
export function encodeRef({ last, digest, refers }: Ref): string {
  return JSON.stringify(refers ? [last, digest, 1] : [last, digest]);
}

/** A chunk out of the texts of its parts: items at level 0, else references. */
export function encodeChunk(level: number, parts: readonly string[]): Buffer {
  const text = parts.join(',');
  return Buffer.from(level === 0 ? `{"leaf":[${text}]}` : `{"level":${level},"node":[${text}]}`);
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const value = z.union([
  z.string(),
  z.strictObject({ pieces: z.array(digest) }),
  z.tuple([z.string(), z.string()]),
]);
const type = z.enum(VALUE_TYPES);
const item = z.union([
  z.tuple([z.string(), type, value]),
  z.tuple([z.string(), type, value, z.string()]),
]);
const chunk = z.union([
  z.strictObject({ leaf: z.array(item) }),
  z.strictObject({
    level: z.int().min(1),
    node: z.array(
      z.union([z.tuple([z.string(), digest]), z.tuple([z.string(), digest, z.literal(1)])]),
    ),
  }),
]);

/** @throws ConfigError MALFORMED */
export function decodeChunk(data: Buffer): Chunk {
  try {
    const read = chunk.parse(JSON.parse(data.toString()));
    if ('node' in read)
      return {
        type: 'node',
        level: read.level,
        refs: read.node.map(([last, digest, refers]) => ({ last, digest, refers: refers === 1 })),
      };
    return {
      type: 'leaf',
      items: read.leaf.map(([key, type, value, comment]) => ({ key, type, value, comment })),
    };
  } catch (cause) {
    throw new ConfigError('MALFORMED', 'a chunk of configuration is none of ours', { cause });
  }
}
