import { createHash } from 'node:crypto';
import { z } from 'zod';
import { MAX_REVISION } from './policy-paths.ts';

/** What the root of the policies holds: it is part of each transaction on them. */
export interface Head {
  /** Of the last transaction. */
  readonly revision: number;
  /** Of all policies' stamps: who follows the tree sees by it that all of a transaction has come. */
  readonly digest: string;
}

/** The revision that each policy's znode is of, by its path; undefined where it can't be told. */
export type Stamps = ReadonlyMap<string, number | undefined>;

const head = z.object({ revision: z.int().min(0).max(MAX_REVISION), digest: z.string() });

export function encodeHead({ revision, digest }: Head): string {
  return JSON.stringify({ revision, digest });
}

/** What the root holds; undefined when it is nothing of ours. */
export function parseHead(data: Buffer): Head | undefined {
  try {
    return head.parse(JSON.parse(data.toString()));
  } catch {
    return undefined;
  }
}

/** Tells the policies of one revision from those of another. */
export function digestOf(stamps: Stamps): string {
  const lines = [...stamps].map(([path, revision]) => `${path} ${revision ?? '?'}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 32);
}
