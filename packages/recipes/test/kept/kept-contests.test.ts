import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import { KeptLeases, type QueueKind } from '../../src/index.ts';
import { acquisitions, type Contest, holdContest } from '../contention/contest.ts';
import { onServers } from '../on-servers.ts';
import { stage } from '../stage.ts';

const silent: Logger = { debug() {}, info() {}, warn() {} };
/** As replicas have it: one for all that come by the same session. */
const leases = new WeakMap<ZooKeeper, KeptLeases>();

async function acquire(zk: ZooKeeper, kind: QueueKind, path: string) {
  const all = leases.get(zk) ?? new KeptLeases({ zk, logger: silent });
  leases.set(zk, all);
  const holder = randomUUID();
  const signal = AbortSignal.timeout(600_000);
  const outcome = await all.queue.acquire({ kind, path, holder, ttl: 2_000, data: '' }, signal);
  if (outcome.type !== 'granted') throw new Error(outcome.type);
  const { fencing } = outcome.granted;
  const release = () => all.end({ kind, subject: path, holder }, signal);
  return { fencing, [Symbol.asyncDispose]: async () => void (await release()) };
}

/** As `contention.test.ts`, but those of ours have no session. */
const contest = (kind: 'mutex' | 'latch', queue: QueueKind): Contest => ({
  kind,
  contenders: { ours: 2, curator: 2, kazoo: kind === 'mutex' ? 2 : 0 },
  capacity: 1,
  async round(zk, path, _, hold) {
    await using lease = await acquire(zk, queue, path);
    await hold(1, lease.fencing.czxid);
  },
  gate: (zk, path) => acquire(zk, queue, path),
});

onServers('leases that live by keep-alive, Curator and kazoo', (start) => {
  const on = stage(start, true);

  describe('contend for one', { concurrency: false }, () => {
    for (const one of [contest('mutex', 'lock'), contest('latch', 'election')])
      test(`${one.kind}: ${acquisitions(one)} acquisitions, never two holders`, () =>
        holdContest(on, one));
  });
});
