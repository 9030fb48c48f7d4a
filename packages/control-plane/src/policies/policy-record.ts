import { isPolicyKind } from '@meshkeeper/policy';
import { z } from 'zod';
import type { PolicyChange } from './policy-change.ts';
import { type PolicyRef, refId } from './policy-paths.ts';
import { LATEST } from './stored-policy.ts';

/** What a transaction has made of a policy. What it was before and after is as it was written then. */
export interface RecordedChange extends PolicyRef {
  /** Undefined: it was created. */
  readonly before?: unknown;
  /** Undefined: it was deleted. */
  readonly after?: unknown;
}

/** Who has changed policies, when, why, and how. */
export interface PolicyRecord {
  /** Of the policies after it. */
  readonly revision: number;
  /** Tells this apply from all others; its transactions have it in common. */
  readonly apply: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly by?: string;
  /** Who it was in their own words: anybody may have written anything. */
  readonly label?: string;
  readonly reason?: string;
  /** It has made the policies what they were at that revision. */
  readonly rollbackTo?: number;
  /** It is the nth transaction of an apply that did not fit into one. */
  readonly part?: number;
  readonly changes: readonly RecordedChange[];
}

const change = z.object({
  kind: z.string().refine(isPolicyKind),
  namespace: z.string().optional(),
  name: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});
const record = z.object({
  apply: z.string(),
  at: z.int().min(0).max(LATEST),
  by: z.string().optional(),
  label: z.string().optional(),
  reason: z.string().optional(),
  rollbackTo: z.int().optional(),
  part: z.int().optional(),
  changes: z.array(change),
});

/** The text of a record's znode; its revision is the znode's name. */
export function encodeRecord({ revision: _, ...rest }: PolicyRecord): string {
  return JSON.stringify(rest);
}

/** Reads a record's znode; undefined when it is none of ours. It never throws. */
export function parseRecord(data: Buffer, revision: number): PolicyRecord | undefined {
  try {
    // Optional fields that are not there are left out by JSON, too.
    return { revision, ...record.parse(JSON.parse(data.toString())) } as PolicyRecord;
  } catch {
    return undefined;
  }
}

/** What a transaction makes of a policy, as it is recorded. */
export function recordedOf({ ref, before, after }: PolicyChange): RecordedChange {
  return { ...ref, ...(before && { before }), ...(after && { after }) };
}

/**
 * What policies were after a revision, by id, as far as records tell: those that no record has are as
 * they are. Pure.
 * @param records all since then, and whatever older ones there are
 */
export function stateAt(
  records: readonly PolicyRecord[],
  revision: number,
): ReadonlyMap<string, RecordedChange> {
  const state = new Map<string, RecordedChange>();
  const told = new Set<string>();
  for (const { revision: of, changes } of records.toSorted((a, b) => b.revision - a.revision))
    for (const { before, after, ...ref } of changes) {
      const id = refId(ref);
      if (told.has(id)) continue;
      // What was changed later was before that what it was; the last change until then says it best.
      if (of <= revision) told.add(id);
      const was = of <= revision ? after : before;
      state.set(id, { ...ref, ...(was !== undefined && { after: was }) });
    }
  return state;
}
