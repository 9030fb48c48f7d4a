import { joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type ListLockOptions, type LockListing, toListing } from './listing.ts';
import { childrenOf, readMembers } from './member.ts';
import { queues } from './queue-names.ts';

/**
 * Lists a semaphore: its leases by age, and then those who wait for their turn. Whose turn it is has
 * a znode in both queues once its lease is made: the lease's counts.
 */
export async function listSemaphore(
  zk: ZooKeeper,
  path: string,
  { signal, generation = 0n, limit }: ListLockOptions,
): Promise<LockListing> {
  const read = async (parent: string) =>
    readMembers(zk, parent, await childrenOf(zk, parent, signal), generation, signal);
  const [found, asking] = await Promise.all([
    read(joinPath(path, 'leases')),
    read(joinPath(path, 'locks')),
  ]);
  const leases = found
    .map(({ shown }) => shown)
    .sort((a, b) => Number(a.fencing.czxid - b.fencing.czxid));
  const turns = (queues(asking)[0] ?? []).map(({ member }) => member.shown);
  const [turn] = turns;
  const newest = leases.at(-1);
  const isTaking =
    turn !== undefined &&
    newest?.sessionId === turn.sessionId &&
    newest.fencing.czxid > turn.fencing.czxid;
  const holding = limit ?? leases.length - (isTaking ? 1 : 0);
  return toListing([
    ...leases.map((lease, i) => ({ ...lease, kind: 'lease' as const, holds: i < holding })),
    ...turns
      .slice(isTaking ? 1 : 0)
      .map((waiter) => ({ ...waiter, kind: 'lease' as const, holds: false })),
  ]);
}
