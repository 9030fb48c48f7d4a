/**
 * Proves to the resource that a lock protects how new a holder is: a resource that has seen a token
 * refuses every older one, also from a holder that was paused and does not know that it lost the
 * lock.
 *
 * `czxid` is the transaction that created the granted znode; zxids only grow within one ensemble's
 * life. Moving to another ensemble or restoring a backup can rewind them, so the operator's
 * `generation` stands in front.
 */
export interface Fencing {
  readonly generation: bigint;
  readonly czxid: bigint;
}

/** Negative when `a` is older than `b`, positive when it is newer, 0 when they are the same. */
export function compareFencing(a: Fencing, b: Fencing): number {
  const order = a.generation === b.generation ? a.czxid - b.czxid : a.generation - b.generation;
  return order < 0n ? -1 : order > 0n ? 1 : 0;
}

/** `generation.czxid` in decimal: for headers, environment variables and databases. */
export function formatFencing({ generation, czxid }: Fencing): string {
  return `${generation}.${czxid}`;
}

/** Reads what `formatFencing` wrote; undefined for anything else. */
export function parseFencing(text: string): Fencing | undefined {
  const match = /^(\d{1,20})\.(\d{1,20})$/.exec(text);
  return match === null ? undefined : { generation: BigInt(match[1]!), czxid: BigInt(match[2]!) };
}
