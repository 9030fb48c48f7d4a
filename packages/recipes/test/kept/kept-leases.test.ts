import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { isZooKeeperError, type Logger, type ZooKeeper } from '@meshkeeper/zookeeper';
import {
  compareFencing,
  type Granted,
  KeptLeases,
  listLock,
  Mutex,
  type QueueKind,
} from '../../src/index.ts';
import { onServers } from '../on-servers.ts';
import { stage } from '../stage.ts';

const silent: Logger = { debug() {}, info() {}, warn() {} };
const LONG = 60_000;
const MARKERS = { lock: 'lock-', election: 'latch-' };

/** Asks for a place in a queue, and is given it. */
async function grant(
  leases: KeptLeases,
  path: string,
  holder: string,
  { ttl = LONG, kind = 'lock' as QueueKind, signal = AbortSignal.timeout(30_000) } = {},
): Promise<Granted> {
  const outcome = await leases.queue.acquire({ kind, path, holder, ttl, data: holder }, signal);
  assert.equal(outcome.type, 'granted');
  return (outcome as Extract<typeof outcome, { type: 'granted' }>).granted;
}

const key = (path: string, holder: string) => ({ kind: 'lock', subject: path, holder });
const now = () => AbortSignal.timeout(10_000);

onServers('a lease that lives by keep-alive', (start) => {
  const on = stage(start, true);
  const opened: KeptLeases[] = [];
  after(() => Promise.all(opened.map((leases) => leases.close())));
  const replica = (zk: ZooKeeper = on.zk) => {
    const leases = new KeptLeases({ zk, logger: silent });
    opened.push(leases);
    return leases;
  };
  const gone = (at: string) => until(async () => (await on.names(at)).length === 0);

  test('one holder at a time, in the order of asking, with growing tokens; nothing is left', async () => {
    const [a, b, at] = [replica(), replica(on.other), on.path()];
    const first = await grant(a, at, 'first');
    const order: string[] = [];
    const waiting = ['x', 'y', 'z'].map(async (who, i) => {
      await until(async () => (await on.names(at)).length === i + 1);
      const granted = await grant(i % 2 ? a : b, at, who);
      order.push(who);
      await (i % 2 ? b : a).end(key(at, who), now());
      return granted.fencing;
    });
    await until(async () => (await on.names(at)).length === 4);
    assert.deepEqual(order, []);
    for (const node of await on.names(at)) assert.match(node, /^_c_[0-9a-f-]{36}-lock-\d{10}$/);
    assert.equal((await on.zk.exists(first.path))?.ephemeralOwner, 0n);
    assert.equal((await on.zk.exists(first.path))?.czxid, first.fencing.czxid);
    assert.ok(await b.end(key(at, 'first'), now()));
    const tokens = [first.fencing, ...(await Promise.all(waiting))];
    assert.deepEqual(order, ['x', 'y', 'z']);
    for (let i = 1; i < tokens.length; i++)
      assert.ok(compareFencing(tokens[i - 1]!, tokens[i]!) < 0);
    await gone(at);
    assert.equal(await b.end(key(at, 'first'), now()), false);
  });

  test('it stands in one queue with sessions of ours and with Curator', async () => {
    const [a, at] = [replica(), on.path()];
    assert.ok(await on.curator.locks.acquire('mutex', at));
    const waits = grant(a, at, 'held');
    await until(async () => (await on.names(at)).length === 2);
    const session = new Mutex(on.other, at).acquire();
    await until(async () => (await on.names(at)).length === 3);
    await on.curator.locks.release('mutex', at);
    const held = await waits;
    const { holders, waiters } = await listLock(on.zk, at);
    assert.deepEqual(
      [holders[0]?.data.toString(), holders[0]?.sessionId, waiters.length],
      ['held', 0n, 1],
    );
    await a.end(key(at, 'held'), now());
    const lease = await session;
    assert.ok(compareFencing(held.fencing, lease.fencing) < 0);
    const last = grant(a, at, 'held');
    await until(async () => (await on.names(at)).length === 2);
    const after = on.curator.locks.acquire('mutex', at);
    await until(async () => (await on.names(at)).length === 3);
    await lease.release();
    assert.ok(compareFencing(lease.fencing, (await last).fencing) < 0);
    await a.end(key(at, 'held'), now());
    assert.ok(await after);
    await on.curator.locks.release('mutex', at);
    await gone(at);
  });

  test('without a wait it is had at once, or not at all', async () => {
    const [a, at] = [replica(), on.path()];
    const signal = now();
    const impatient = { kind: 'lock', path: at, ttl: LONG, data: '', wait: false } as const;
    const first = await a.queue.acquire({ ...impatient, holder: 'a' }, signal);
    assert.equal(first.type, 'granted');
    const cversion = (await on.zk.exists(at))?.cversion;
    assert.equal((await a.queue.acquire({ ...impatient, holder: 'b' }, signal)).type, 'busy');
    // It was not even asked for.
    assert.equal((await on.zk.exists(at))?.cversion, cversion);
    await a.end(key(at, 'a'), now());
  });

  test('the same holder, by another replica, has the same lease; and goes on with the same wait', async () => {
    const [a, b, at] = [replica(), replica(on.other), on.path()];
    const first = await grant(a, at, 'one');
    const again = await grant(b, at, 'one');
    assert.deepEqual([again.path, again.fencing], [first.path, first.fencing]);
    // Who granted it first has nothing to take back any more.
    await a.withdraw(first);
    // Nor has who gave it once more: the holder may have had the first answer.
    await b.withdraw(again);
    assert.equal((await b.keepAlive(key(at, 'one'), now())).type, 'kept');

    const request = { kind: 'lock', path: at, holder: 'two', ttl: 900, data: '' } as const;
    const superseded = a.queue.acquire(request, now());
    await until(async () => (await on.names(at)).length === 2);
    const place = (await on.names(at)).find((name) => !first.path.endsWith(name));
    assert.equal((await a.keepAlive(key(at, 'two'), now())).type, 'waiting');
    const going = b.queue.acquire(request, now());
    assert.equal((await superseded).type, 'superseded');
    assert.ok(await b.end(key(at, 'one'), now()));
    const outcome = await going;
    assert.ok(outcome.type === 'granted' && outcome.granted.path.endsWith(place!));
    await b.withdraw(outcome.granted);
    await gone(at);
  });

  test('who gives up leaves nothing behind; what is granted and not got is taken back', async () => {
    const [a, at] = [replica(), on.path()];
    const first = await grant(a, at, 'first');
    await assert.rejects(grant(a, at, 'b', { signal: AbortSignal.timeout(60) }), /timeout/i);
    const never = AbortSignal.abort(new Error('never mind'));
    await assert.rejects(grant(a, at, 'b', { signal: never }), /never mind/);
    await until(async () => (await on.names(at)).length === 1);
    await a.withdraw(first);
    await gone(at);
    assert.equal(await a.store.findNewest(key(at, 'b')), undefined);
  });

  test('it expires when nobody keeps it alive, and not before; who is next has it then', async () => {
    const [a, b, at] = [replica(), replica(on.other), on.path()];
    const begin = performance.now();
    const first = await grant(a, at, 'first', { ttl: 600 });
    assert.ok(first.until <= performance.now() + 600);
    const next = grant(b, at, 'next');
    let kept = performance.now();
    for (let i = 0; i < 4; i++) {
      const asked = performance.now();
      const { promise, resolve } = Promise.withResolvers<void>();
      setTimeout(resolve, 200);
      await promise;
      if ((await a.keepAlive(key(at, 'first'), now())).type !== 'kept') break;
      kept = asked;
    }
    assert.ok(performance.now() - begin > 600);
    await next;
    assert.ok(performance.now() - kept >= 600);
    assert.equal((await a.keepAlive(key(at, 'first'), now())).type, 'gone');
    await b.end(key(at, 'next'), now());
    await gone(at);
  });

  test('a waiter is kept alive by who serves it, and expires with him', async () => {
    const at = on.path();
    const a = replica();
    await using faulty = await on.faulty({ onExpired: 'renew' });
    const b = new KeptLeases({ zk: faulty.zk, logger: silent });
    const first = await grant(a, at, 'first');
    const stop = new AbortController();
    const waits = grant(b, at, 'waiter', { ttl: 500, signal: stop.signal });
    await until(async () => (await a.store.findNewest(key(at, 'waiter')))?.stat.version === 5);
    await faulty.proxy.refuse();
    faulty.proxy.cut();
    await until(async () => (await on.names(at)).length === 1);
    // Back again, it stands in the queue anew.
    await faulty.proxy.accept();
    await until(async () => (await on.names(at)).length === 2);
    await a.withdraw(first);
    await waits;
    await a.end(key(at, 'waiter'), now());
    await b.close();
  });

  test('somebody deletes its znode: it is gone, and the next keep-alive says so', async () => {
    const [a, at] = [replica(), on.path()];
    const { path } = await grant(a, at, 'first');
    await on.zk.delete(path);
    assert.equal((await a.keepAlive(key(at, 'first'), now())).type, 'gone');
    assert.equal(await a.store.findNewest(key(at, 'first')), undefined);
    const id = (await grant(a, at, 'first')).kept.id;
    assert.equal((await a.keepAlive(key(at, 'first'), now(), (it) => it.id === id)).type, 'kept');
    assert.equal((await a.keepAlive(key(at, 'first'), now(), () => false)).type, 'gone');
    assert.equal(await a.end(key(at, 'first'), now(), () => false), false);
    assert.ok(await a.end(key(at, 'first'), now()));
  });

  test('elections are laid out as latches', async () => {
    const [a, at] = [replica(), on.path()];
    const first = await grant(a, at, 'one', { kind: 'election' });
    assert.match(first.path, new RegExp(`-${MARKERS.election}\\d{10}$`));
    await until(() => a.follower.find({ kind: 'election', subject: at, holder: 'one' }));
    await a.withdraw(first);
    await assert.rejects(on.zk.get(first.path), (error) => isZooKeeperError(error, 'NO_NODE'));
  });
});
