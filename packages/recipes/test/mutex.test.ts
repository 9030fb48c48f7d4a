import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Curator, startCurator, startFaultProxy, until } from '@meshkeeper/testbed';
import { connect, parseConnectString, type ZooKeeper } from '@meshkeeper/zookeeper';
import { compareFencing, Mutex, RecipeError, type RecipeErrorCode } from '../src/index.ts';
import { servers } from './servers.ts';

const code = (expected: RecipeErrorCode) => (error: unknown) =>
  error instanceof RecipeError && error.code === expected;

for (const [name, start] of Object.entries(servers)) {
  describe(`a mutex on ${name}`, () => {
    let server: Awaited<ReturnType<typeof start>>;
    let zk: ZooKeeper;
    let other: ZooKeeper;
    let count = 0;
    const path = () => `/locks/${name.length}-${count++}`;
    const target = () => parseConnectString(server.connect).hosts[0]!;
    before(async () => {
      server = await start();
      zk = await connect({ connect: server.connect, sessionTimeout: 4000 });
      other = await connect({ connect: server.connect, sessionTimeout: 4000 });
    });
    after(async () => {
      await zk?.close();
      await other?.close();
      await server?.close();
    });

    test('has one holder at a time, in the order of asking, with growing tokens', async () => {
      const at = path();
      const first = await new Mutex(zk, at).acquire();
      const order: string[] = [];
      const waiting = ['b', 'c', 'd'].map(async (who, i) => {
        await until(async () => (await zk.children(at)).children.length === i + 1);
        await using lease = await new Mutex(i % 2 ? zk : other, at).acquire();
        order.push(who);
        return lease.fencing;
      });
      await until(async () => (await zk.children(at)).children.length === 4);
      assert.deepEqual(order, []);
      await first.release();
      const tokens = [first.fencing, ...(await Promise.all(waiting))];
      assert.deepEqual(order, ['b', 'c', 'd']);
      for (let i = 1; i < tokens.length; i++)
        assert.equal(compareFencing(tokens[i - 1]!, tokens[i]!), -1);
      assert.ok(first.signal.aborted && code('RELEASED')(first.signal.reason));
      await first.release();
    });

    test('the same owner enters again', async () => {
      const mutex = new Mutex(zk, path());
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
      const at = path();
      const lease = await new Mutex(zk, at).acquire();
      await assert.rejects(new Mutex(other, at).acquire({ timeout: 60 }), code('TIMEOUT'));
      const signal = AbortSignal.timeout(60);
      await assert.rejects(new Mutex(other, at).acquire({ signal }), { name: 'TimeoutError' });
      const gone = AbortSignal.abort(new Error('never mind'));
      await assert.rejects(new Mutex(other, at).acquire({ signal: gone }), /never mind/);
      await until(async () => (await zk.children(at)).children.length === 1);
      await lease.release();
    });

    test('a lease ends by the standard policy when the connection is away, by the session policy when the session is', async () => {
      await using proxy = await startFaultProxy({ target: target() });
      await using client = await connect({ connect: proxy.connect, sessionTimeout: 800 });
      const strict = await new Mutex(client, path()).acquire();
      const patient = await new Mutex(client, path(), { policy: 'session' }).acquire();
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
      const at = path();
      await using proxy = await startFaultProxy({ target: target() });
      await using client = await connect({ connect: proxy.connect, sessionTimeout: 4000 });
      const lease = await new Mutex(client, at).acquire();
      await proxy.refuse();
      proxy.cut();
      await until(() => client.state.type === 'disconnected');
      const released = lease.release();
      await proxy.accept();
      await released;
      assert.deepEqual((await zk.children(at)).children, []);
    });

    test('somebody deletes the node: the lease is revoked', async () => {
      const lease = await new Mutex(zk, path()).acquire();
      await other.delete(lease.path);
      await until(() => lease.signal.aborted);
      assert.ok(code('REVOKED')(lease.signal.reason));
      await lease.release();
    });

    test('connections that break while a lock is asked for leave one node each', async () => {
      const at = path();
      await using proxy = await startFaultProxy({ target: target() });
      await using client = await connect({ connect: proxy.connect, sessionTimeout: 4000 });
      for (let i = 0; i < 12; i++) {
        const acquiring = new Mutex(client, at).acquire();
        // The request goes out, and the answer may or may not come.
        setImmediate(() => (i % 2 ? proxy.cut() : setTimeout(() => proxy.cut(), i)));
        const lease = await acquiring;
        assert.equal((await zk.children(at)).children.length, 1);
        await lease.release();
      }
      assert.deepEqual((await zk.children(at)).children, []);
    });

    describe('shared with Curator', () => {
      let curator: Curator;
      before(async () => {
        curator = await startCurator({ connect: server.connect });
      });
      after(() => curator?.close());

      test('the one waits for the other', async () => {
        const at = path();
        assert.equal(await curator.acquire(at, { timeout: 5000 }), true);
        await assert.rejects(new Mutex(zk, at).acquire({ timeout: 100 }), code('TIMEOUT'));
        const waiting = new Mutex(zk, at).acquire();
        await until(async () => (await zk.children(at)).children.length === 2);
        await curator.release(at);
        const lease = await waiting;
        assert.equal(await curator.acquire(at, { timeout: 100 }), false);
        await lease.release();
        assert.equal(await curator.acquire(at, { timeout: 5000 }), true);
        await curator.release(at);
      });

      test('the nodes look alike', async () => {
        const at = path();
        await curator.acquire(at, { timeout: 5000 });
        const waiting = new Mutex(zk, at).acquire();
        await until(async () => (await zk.children(at)).children.length === 2);
        const { children } = await zk.children(at);
        for (const child of children) assert.match(child, /^_c_[0-9a-f-]{36}-lock-\d{10}$/);
        await curator.release(at);
        await (await waiting).release();
      });
    });
  });
}
