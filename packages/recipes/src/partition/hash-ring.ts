import { createHash } from 'node:crypto';

/** Points that each worker has on the ring: the more, the evener the shares. */
const POINTS = 128;

/**
 * Which worker each partition belongs to, on a consistent hash ring: when a worker comes or goes, only
 * the partitions that it gets or had change hands. The same for the same workers, in any order, on
 * every machine. Empty without workers.
 */
export function assign(
  partitions: readonly string[],
  workers: readonly string[],
): ReadonlyMap<string, string> {
  const ring = workers
    .flatMap((worker) =>
      Array.from({ length: POINTS }, (_, i) => ({ at: hash(`${worker}\0${i}`), worker })),
    )
    .sort((a, b) => a.at - b.at || (a.worker < b.worker ? -1 : 1));
  const owners = new Map<string, string>();
  for (const partition of partitions) {
    const next = ring[firstFrom(ring, hash(partition))] ?? ring[0];
    if (next !== undefined) owners.set(partition, next.worker);
  }
  return owners;
}

/** The index of the first point that is not before `at`. */
function firstFrom(ring: readonly { readonly at: number }[], at: number): number {
  let low = 0;
  let high = ring.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ring[middle]!.at < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** 48 bits, which a number holds exactly. */
function hash(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6);
}
