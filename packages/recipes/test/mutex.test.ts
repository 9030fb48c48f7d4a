import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithout, until } from '@meshkeeper/testbed';
import { connect, isZooKeeperError, type Observer } from '@meshkeeper/zookeeper';
import { compareFencing, Mutex } from '../src/index.ts';
import { startHolder } from './kazoo/kazoo.ts';
import { onServers } from './on-servers.ts';
import { code, stage } from './stage.ts';

onServers('a mutex', (start) => {
  const on = stage(start, true);

  test('has one holder at a time, in the order of asking, with growing tokens', async () => {
    const at = on.path();
    const first = await new Mutex(on.zk, at).acquire();
    const order: string[] = [];
    const waiting = ['b', 'c', 'd'].map(async (who, i) => {
      await until(async () => (await on.zk.children(at)).children.length === i + 1);
      await using lease = await new Mutex(i % 2 ? on.zk : on.other, at).acquire();
      order.push(who);
      return lease.fencing;
    });
    await until(async () => (await on.zk.children(at)).children.length === 4);
    assert.deepEqual(order, []);
    await first.release();
    const tokens = [first.fencing, ...(await Promise.all(waiting))];
    assert.deepEqual(order, ['b', 'c', 'd']);
    for (let i = 1; i < tokens.length; i++)
      assert.equal(compareFencing(tokens[i - 1]!, tokens[i]!), -1);
    assert.ok(first.signal.aborted && code('RELEASED')(first.signal.reason));
    await first.release();
  });

  test('a free one takes a creation and a list in one go, and a deletion; nothing else', async () => {
    const log: string[] = [];
    const observer: Observer = {
      call({ operation }) {
        log.push(operation);
        return () => log.push(`${operation} answered`);
      },
    };
    await using zk = await connect({ connect: on.connect, observers: [observer] });
    const mutex = new Mutex(zk, on.path());
    // The first one makes the znode above.
    await (await mutex.acquire()).release();
    log.length = 0;
    await (await mutex.acquire()).release();
    await zk.exists('/');
    assert.deepEqual(log, [
      ...['create2', 'getChildren2', 'create2 answered', 'getChildren2 answered'],
      ...['delete', 'delete answered', 'exists', 'exists answered'],
    ]);
  });

  test('the same owner enters again', async () => {
    const mutex = new Mutex(on.zk, on.path());
    const owner = {};
    const outer = await mutex.acquire({ owner });
    const inner = await mutex.acquire({ owner });
    assert.deepEqual(inner.fencing, outer.fencing);
    await outer.release();
    await outer.release();
    await assert.rejects(mutex.acquire({ timeout: 50 }), code('TIMEOUT'));
    assert.equal(inner.signal.aborted, false);
    await inner.release();
    await (await mutex.acquire({ timeout: 5000 })).release();
  });

  test('who gives up waiting leaves no node behind', async () => {
    const at = on.path();
    const lease = await new Mutex(on.zk, at).acquire();
    await assert.rejects(new Mutex(on.other, at).acquire({ timeout: 60 }), code('TIMEOUT'));
    const signal = AbortSignal.timeout(60);
    await assert.rejects(new Mutex(on.other, at).acquire({ signal }), { name: 'TimeoutError' });
    const gone = AbortSignal.abort(new Error('never mind'));
    await assert.rejects(new Mutex(on.other, at).acquire({ signal: gone }), /never mind/);
    await until(async () => (await on.zk.children(at)).children.length === 1);
    await lease.release();
  });

  test('a lease ends by the standard policy when the connection is away, by the session policy when the session is', async () => {
    await using faulty = await on.faulty({ sessionTimeout: 800 });
    const { proxy, zk: client } = faulty;
    const strict = await new Mutex(client, on.path()).acquire();
    const patient = await new Mutex(client, on.path(), { policy: 'session' }).acquire();
    await proxy.refuse();
    proxy.cut();
    await until(() => strict.signal.aborted);
    assert.ok(code('SUSPENDED')(strict.signal.reason));
    assert.equal(patient.signal.aborted, false);
    await until(() => patient.signal.aborted);
    assert.ok(code('LOST')(patient.signal.reason));
    await strict.release();
    await patient.release();
  });

  test('a release while the connection is away happens when it is back', async () => {
    const at = on.path();
    await using faulty = await on.faulty();
    const { proxy, zk: client } = faulty;
    const lease = await new Mutex(client, at).acquire();
    await proxy.refuse();
    proxy.cut();
    await until(() => client.state.type === 'disconnected');
    const released = lease.release();
    await proxy.accept();
    await released;
    assert.deepEqual((await on.zk.children(at)).children, []);
  });

  test('a release goes through also when the client has too many calls', async () => {
    const at = on.path();
    const limits = { maxInFlight: 1, maxWaiting: 10 };
    await using busy = await connect({ connect: on.connect, ...limits });
    const lease = await new Mutex(busy, at).acquire();
    const flood = Array.from({ length: 12 }, () => busy.exists(at));
    const released = lease.release();
    const results = await Promise.allSettled(flood);
    assert.ok(results.some(({ status }) => status === 'rejected'));
    await released;
    assert.deepEqual(await on.names(at), []);
  });

  test('what one owner asks for at the same time is asked for once', async () => {
    const at = on.path();
    const mutex = new Mutex(on.zk, at);
    const owner = {};
    const asked = { owner, timeout: 5000 };
    const leases = await Promise.all([mutex.acquire(asked), mutex.acquire(asked)]);
    assert.equal((await on.names(at)).length, 1);
    for (const lease of leases) await lease.release();
    assert.deepEqual(await on.names(at), []);
  });

  test('an owner with a suspended lease is told so, and does not wait for itself', async () => {
    await using faulty = await on.faulty();
    const mutex = new Mutex(faulty.zk, on.path());
    const owner = {};
    const suspended = await mutex.acquire({ owner });
    faulty.proxy.cut();
    await until(() => suspended.signal.aborted);
    await assert.rejects(mutex.acquire({ owner }), code('ILLEGAL_STATE'));
    await suspended.release();
    await (await mutex.acquire({ owner, timeout: 5000 })).release();
  });

  test('a session ends: its wait is lost, and the next in the queue gets the lock', async () => {
    const at = on.path();
    await using faulty = await on.faulty({ sessionTimeout: 800 });
    const held = await new Mutex(faulty.zk, at).acquire();
    const waiting = new Mutex(faulty.zk, at).acquire();
    waiting.catch(() => {});
    const next = new Mutex(on.zk, at).acquire();
    await until(async () => (await on.names(at)).length === 3);
    await faulty.expire();
    assert.ok(code('SUSPENDED')(held.signal.reason));
    await assert.rejects(waiting, code('LOST'));
    await (await next).release();
    assert.deepEqual(await on.names(at), []);
  });

  test('a client that goes on in a new session asks anew', async () => {
    const at = on.path();
    await using faulty = await on.faulty({ sessionTimeout: 800, onExpired: 'renew' });
    const mutex = new Mutex(faulty.zk, at);
    const owner = {};
    const old = await mutex.acquire({ owner });
    await faulty.expire();
    await old.release();
    const lease = await mutex.acquire({ owner });
    assert.equal(compareFencing(old.fencing, lease.fencing), -1);
    assert.equal(lease.signal.aborted, false);
    await lease.release();
  });

  test('a client that is closed ends its waits', async () => {
    const at = on.path();
    await using faulty = await on.faulty();
    const mutex = new Mutex(faulty.zk, at);
    const closed = (error: unknown) => isZooKeeperError(error, 'CLOSED');
    await using _ = await new Mutex(on.zk, at).acquire();
    const waiting = assert.rejects(mutex.acquire(), closed);
    await until(async () => (await on.names(at)).length === 2);
    // Answers come in order: after these, it waits for the watch that follows on its two reads.
    for (let i = 0; i < 3; i++) await faulty.zk.exists(at);
    await faulty.zk.close();
    await waiting;
    await assert.rejects(mutex.acquire(), closed);
  });

  test('somebody deletes the node: the lease is revoked', async () => {
    const lease = await new Mutex(on.zk, on.path()).acquire();
    await on.other.delete(lease.path);
    await until(() => lease.signal.aborted);
    assert.ok(code('REVOKED')(lease.signal.reason));
    await lease.release();
  });

  test('connections that break while a lock is asked for leave one node each', async () => {
    const at = on.path();
    await using faulty = await on.faulty();
    const { proxy, zk: client } = faulty;
    for (let i = 0; i < 12; i++) {
      const acquiring = new Mutex(client, at).acquire();
      // The request goes out, and the answer may or may not come.
      setImmediate(() => (i % 2 ? proxy.cut() : setTimeout(() => proxy.cut(), i)));
      const lease = await acquiring;
      assert.equal((await on.zk.children(at)).children.length, 1);
      await lease.release();
    }
    assert.deepEqual((await on.zk.children(at)).children, []);
  });

  test('it waits for Curator, and Curator for it', async () => {
    const at = on.path();
    assert.equal(await on.curator.acquire(at, { timeout: 5000 }), true);
    await assert.rejects(new Mutex(on.zk, at).acquire({ timeout: 100 }), code('TIMEOUT'));
    const waiting = new Mutex(on.zk, at).acquire();
    await until(async () => (await on.zk.children(at)).children.length === 2);
    await on.curator.release(at);
    const lease = await waiting;
    assert.equal(await on.curator.acquire(at, { timeout: 100 }), false);
    await lease.release();
    assert.equal(await on.curator.acquire(at, { timeout: 5000 }), true);
    await on.curator.release(at);
  });

  test("Curator's nodes and ours look alike", async () => {
    const at = on.path();
    await on.curator.acquire(at, { timeout: 5000 });
    const waiting = new Mutex(on.zk, at).acquire();
    await until(async () => (await on.zk.children(at)).children.length === 2);
    const { children } = await on.zk.children(at);
    for (const child of children) assert.match(child, /^_c_[0-9a-f-]{36}-lock-\d{10}$/);
    await on.curator.release(at);
    await (await waiting).release();
  });

  test('kazoo with these names waits in the same queue', {
    skip: skipWithout('kazoo'),
  }, async () => {
    const at = on.path();
    const lease = await new Mutex(on.zk, at).acquire();
    const kazoo = startHolder(on.zk, on.connect, 'shared', at);
    await until(async () => (await on.names(at)).length === 2);
    const waiting = new Mutex(on.other, at).acquire();
    await until(async () => (await on.names(at)).length === 3);
    await lease.release();
    await kazoo.holds();
    await assert.rejects(new Mutex(on.zk, at).acquire({ timeout: 40 }), code('TIMEOUT'));
    await kazoo.release();
    await (await waiting).release();
  });
});
