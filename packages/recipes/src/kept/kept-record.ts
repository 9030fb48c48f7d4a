import { createHash } from 'node:crypto';
import type { Stat } from '@meshkeeper/zookeeper';

/** Where the records of leases are, by their ids. */
export const RECORDS = '/meshkeeper/leases';
/** Which lease a holder has: the name is that of the claim, the data the lease's id. */
export const CLAIMS = '/meshkeeper/claims';

/** What a holder has once: of two requests for it, the second finds what the first has got. */
export interface KeptKey {
  /** `lock`, `election`, `registration`. */
  readonly kind: string;
  /** What is held: the path of a lock. */
  readonly subject: string;
  readonly holder: string;
}

/** A znode that stands and falls with a lease. */
export interface KeptNode {
  /** Whole; without the number that ZooKeeper appended if `numbered`. */
  readonly path: string;
  /** A number was appended to it that nobody has written down yet. */
  readonly numbered?: true;
}

/** What ZooKeeper holds of a lease that lives by keep-alive: the data of its record, as JSON. */
export interface KeptRecord extends KeptKey {
  /** Milliseconds. */
  readonly ttl: number;
  /** `waiting`: it stands in a queue, and the replica that serves the holder keeps it alive. */
  readonly state: 'waiting' | 'held';
  readonly nodes: readonly KeptNode[];
  /** Of one write alone: who lost the answer finds by it whether that took effect. */
  readonly stamp: string;
  /** What its kind has to say beside. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A lease's record as it was read, or written. */
export interface Kept {
  readonly id: string;
  readonly record: KeptRecord;
  /** The record's. Its znodes have the same `czxid`: they were created in one transaction. */
  readonly stat: Stat;
}

/** The name of a claim's znode. */
export function claimName({ kind, subject, holder }: KeptKey): string {
  const text = JSON.stringify([kind, subject, holder]);
  return createHash('sha256').update(text).digest('base64url');
}

export function encodeRecord(record: KeptRecord): string {
  return JSON.stringify(record);
}

/** Reads a record; undefined for what none of ours has written. */
export function parseRecord(data: Buffer): KeptRecord | undefined {
  try {
    const value: unknown = JSON.parse(data.toString());
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is KeptRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, subject, holder, ttl, state, nodes, stamp }: Partial<KeptRecord> = value;
  return (
    [kind, subject, holder, stamp].every((text) => typeof text === 'string') &&
    typeof ttl === 'number' &&
    ttl > 0 &&
    (state === 'waiting' || state === 'held') &&
    Array.isArray(nodes) &&
    nodes.every((node: Partial<KeptNode> | null) => typeof node?.path === 'string')
  );
}
