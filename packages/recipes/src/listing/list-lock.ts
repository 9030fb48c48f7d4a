import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { listSemaphore } from './list-semaphore.ts';
import { type ListLockOptions, type LockListing, toListing } from './listing.ts';
import { childrenOf, readMembers } from './member.ts';
import { queues } from './queue-names.ts';

/**
 * Lists a lock's holders and waiters: of a `Mutex`, a `ReadWriteLock` or a `Semaphore`, also those of
 * Curator (its `getParticipantNodes`) and of kazoo's `Lock` (its `contenders`) and read/write locks. Who
 * stands in a `LeaderLatch`, too: its leader is the holder.
 * Empty when there is no znode at the path. Not one moment's picture: who comes or goes during the
 * call may be missing.
 */
export async function listLock(
  zk: ZooKeeper,
  path: string,
  options: ListLockOptions = {},
): Promise<LockListing> {
  const { signal, generation = 0n } = options;
  const names = await childrenOf(zk, path, signal);
  if (names.includes('leases')) return listSemaphore(zk, path, options);
  const members = await readMembers(zk, path, names, generation, signal);
  const listings = queues(members).map((queue) =>
    toListing(queue.map(({ member, kind, holds }) => ({ ...member.shown, kind, holds }))),
  );
  return {
    holders: listings.flatMap(({ holders }) => holders),
    waiters: listings.flatMap(({ waiters }) => waiters),
  };
}
