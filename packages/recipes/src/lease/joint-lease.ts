import type { Lease } from './lease.ts';

/**
 * Several leases as one. `path` and `fencing` are those of the first part: a resource that one of the
 * others protects is shown that one's.
 */
export interface JointLease extends Lease {
  /** In the order in which they were acquired; at least one. */
  readonly parts: readonly [Lease, ...Lease[]];
}

/**
 * Its signal is the first of its parts' to abort, and so is its revocation. A release asks for the
 * parts' releases in reverse order, waits for all, and throws the first error.
 */
export function joinLeases(parts: readonly [Lease, ...Lease[]]): JointLease {
  const [{ path, fencing }] = parts;
  let released: Promise<void> | undefined;
  const release = () => {
    released ??= releaseAll(parts);
    return released;
  };
  return {
    parts,
    path,
    fencing,
    signal: AbortSignal.any(parts.map(({ signal }) => signal)),
    revocation: AbortSignal.any(parts.map(({ revocation }) => revocation)),
    release,
    [Symbol.asyncDispose]: release,
  };
}

/** Gives leases back, the last one first. One that fails doesn't keep the others. */
export async function releaseAll(leases: readonly Lease[]): Promise<void> {
  const results = await Promise.allSettled(leases.toReversed().map((lease) => lease.release()));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
