import type { TransactionOp } from '@meshkeeper/zookeeper';
import { digestOf, encodeHead } from './head.ts';
import { type PolicyChange, writes } from './policy-change.ts';
import { kindPath, POLICIES, policyPath, recordPath, refId } from './policy-paths.ts';
import { encodeRecord, type PolicyRecord, recordedOf } from './policy-record.ts';
import type { PolicyTree } from './policy-tree.ts';
import { encodePolicy } from './stored-policy.ts';

/** What is said of all transactions of an apply. */
export type Said = Pick<
  PolicyRecord,
  'apply' | 'at' | 'by' | 'label' | 'reason' | 'rollbackTo' | 'part'
>;

/**
 * A policy is no longer than this, in bytes as it is kept: its znode, and what it was before and after
 * in its record, have to fit into one transaction.
 */
export const MAX_POLICY = 256 * 1024;
/** So is a transaction: a server takes 1,048,575 bytes unless it is told otherwise (jute.maxbuffer). */
export const MAX_TRANSACTION = 900_000;
/** What an operation takes besides its path and data, in bytes, at most. */
const OVERHEAD = 96;
/** Of a transaction: the root, the record's frame, kinds, and the records that it removes. */
const FIXED = 16 * 1024;
/** Records that one transaction removes, at most. */
export const MAX_FORGOTTEN = 100;

/** The operations that make these changes, with their record. Pure. */
export function operations(
  changes: readonly PolicyChange[],
  tree: PolicyTree,
  said: Said,
  revision: number,
  forgotten: readonly number[],
): TransactionOp[] {
  const stamps = new Map(tree.stamps);
  const kinds = new Set(changes.map(({ ref }) => ref.kind));
  const missing = [...kinds].filter((kind) => !tree.kinds.has(kind));
  const written = changes.map(({ ref, after, entry }): TransactionOp => {
    const path = policyPath(ref);
    if (after === undefined) {
      stamps.delete(path);
      return { op: 'delete', path, version: entry?.version ?? -1 };
    }
    stamps.set(path, revision);
    const { at, by } = said;
    const data = encodePolicy({ revision, at, ...(by !== undefined && { by }), policy: after });
    return entry === undefined
      ? { op: 'create', path, data }
      : { op: 'set', path, data, version: entry.version ?? -1 };
  });
  const record = { revision, ...said, changes: changes.map(recordedOf) };
  const head = encodeHead({ revision, digest: digestOf(stamps) });
  return [
    // First, so that whoever follows the tree sees that more is to come.
    { op: 'set', path: POLICIES, data: head, version: tree.root?.version ?? -1 },
    ...missing.map((kind) => ({ op: 'create', path: kindPath(kind) }) as const),
    ...written,
    { op: 'create', path: recordPath(revision), data: encodeRecord(record) },
    ...forgotten.map((each) => ({ op: 'delete', path: recordPath(each) }) as const),
  ];
}

/** The transactions that it takes, in their order: one, if all of it fits. */
export interface Split {
  readonly transactions: readonly (readonly PolicyChange[])[];
  /** What does not fit into any: policies by themselves, or those that are right only together. */
  readonly tooLarge?: { readonly together: boolean; readonly policies: readonly string[] };
}

/**
 * Shares changes out to transactions. Pure.
 * @param groups in the order in which they have to be made
 */
export function split(
  groups: () => readonly (readonly PolicyChange[])[],
  changes: readonly PolicyChange[],
  limit = MAX_TRANSACTION,
): Split {
  const all = changes.filter(writes);
  const sizes = new Map(all.map((change) => [change, sizeOf(change)]));
  const sum = (of: readonly PolicyChange[]) =>
    of.reduce((total, change) => total + (sizes.get(change) ?? 0), 0);
  const tooLong = all.filter(({ after }) => after && lengthOf(after) > MAX_POLICY);
  if (tooLong.length > 0) return refused(false, tooLong);
  const room = limit - FIXED;
  if (sum(all) <= room) return { transactions: all.length === 0 ? [] : [all] };
  const transactions: PolicyChange[][] = [];
  let left = 0;
  for (const group of groups()) {
    const size = sum(group);
    if (size > room) return refused(group.length > 1, group);
    if (size > left) {
      transactions.push([]);
      left = room;
    }
    transactions.at(-1)!.push(...group);
    left -= size;
  }
  return { transactions };
}

function refused(together: boolean, changes: readonly PolicyChange[]): Split {
  const policies = changes.map(({ ref }) => refId(ref));
  return { transactions: [], tooLarge: { together, policies } };
}

/** What a change takes of a transaction: its znode, and what is recorded of it. */
function sizeOf({ ref, before, after }: PolicyChange): number {
  const [old, now] = [before, after].map((policy) => (policy ? lengthOf(policy) : 0));
  return 2 * now! + old! + Buffer.byteLength(policyPath(ref)) + 3 * OVERHEAD;
}

function lengthOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
