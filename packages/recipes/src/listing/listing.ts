import type { LockMember } from './member.ts';

/** What `listLock` takes. */
export interface ListLockOptions {
  readonly signal?: AbortSignal | undefined;
  /** What the fencing tokens begin with, as in `RecipeOptions`. Default 0. */
  readonly generation?: bigint;
  /**
   * How many leases a semaphore has in all: those beyond it wait. Default, because it isn't written
   * in the semaphore's znodes: all leases hold, but the newest waits if it is that of the session
   * whose turn it is.
   */
  readonly limit?: number;
}

/** Who has a lock and who waits for it, each in the queue's order. */
export interface LockListing {
  readonly holders: readonly LockMember[];
  readonly waiters: readonly LockMember[];
}

/** Gives the members of a queue their positions, and tells holders from waiters. */
export function toListing(
  queue: readonly (Omit<LockMember, 'position'> & { readonly holds: boolean })[],
): LockListing {
  const members = queue.map(({ holds, ...member }, position) => ({
    holds,
    member: { ...member, position },
  }));
  const those = (holding: boolean) =>
    members.filter(({ holds }) => holds === holding).map(({ member }) => member);
  return { holders: those(true), waiters: those(false) };
}
