import { joinPath } from '@meshkeeper/zookeeper';
import { LeaderElection, LeaderLatch, Mutex, ReadWriteLock, Semaphore } from '../../src/index.ts';
import type { Contest } from './contest.ts';

const two = { ours: 2, curator: 2, kazoo: 2 };

/** One holder at a time: `InterProcessMutex`, and a lock of kazoo's with its names. */
export const mutex: Contest = {
  kind: 'mutex',
  contenders: two,
  capacity: 1,
  async round(zk, path, _, hold) {
    await using lease = await new Mutex(zk, path).acquire();
    await hold(1, lease.fencing.czxid);
  },
  gate: (zk, path) => new Mutex(zk, path).acquire(),
};

/**
 * Three holders at a time: `InterProcessSemaphoreV2`. Not kazoo's semaphore, which has another layout:
 * its leases stand at the path itself, and who asks for one queues at `<path>-__lock__`, beside it.
 */
export const semaphore: Contest = {
  kind: 'semaphore',
  contenders: { ours: 3, curator: 3, kazoo: 0 },
  capacity: 3,
  together: 3,
  queue: (path) => joinPath(path, 'locks'),
  async round(zk, path, _, hold) {
    await using lease = await new Semaphore(zk, path, 3).acquire();
    await hold(1, lease.fencing.czxid);
  },
  gate: (zk, path) => new Semaphore(zk, path, 3).acquire({ count: 3 }),
};

/** One leader at a time: `LeaderSelector`, and an election of kazoo's with its names. */
export const election: Contest = {
  kind: 'election',
  contenders: two,
  capacity: 1,
  round: (zk, path, _, hold) =>
    new LeaderElection(zk, path).run(({ fencing }) => hold(1, fencing.czxid)),
  // A candidate's znode is a mutex's.
  gate: (zk, path) => new Mutex(zk, path).acquire(),
};

/** One leader at a time: `LeaderLatch`, and a lock of kazoo's with its names. */
export const latch: Contest = {
  kind: 'latch',
  contenders: two,
  capacity: 1,
  async round(zk, path, _, hold) {
    await using standing = new LeaderLatch(zk, path);
    const { fencing } = await standing.lead();
    await hold(1, fencing.czxid);
  },
  async gate(zk, path) {
    const standing = new LeaderLatch(zk, path);
    const { fencing } = await standing.lead();
    return { fencing, [Symbol.asyncDispose]: () => standing.close() };
  },
};

/**
 * One writer or all the readers: `InterProcessReadWriteLock`, and kazoo's read and write locks with its
 * names. Everybody writes in every third round.
 */
export const readWriteLock: Contest = {
  kind: 'readWrite',
  contenders: two,
  capacity: 6,
  together: 2,
  async round(zk, path, round, hold) {
    const { readLock, writeLock } = new ReadWriteLock(zk, path);
    const writes = round % 3 === 0;
    await using lease = await (writes ? writeLock : readLock).acquire();
    await hold(writes ? 6 : 1, lease.fencing.czxid);
  },
  gate: (zk, path) => new ReadWriteLock(zk, path).writeLock.acquire(),
};
