import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type FaultProxy, startFaultProxy, startZooKeeper, until } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import {
  CreateMode,
  connect,
  isZooKeeperError,
  parseConnectString,
  type WatchEvent,
  type ZooKeeper,
  type ZooKeeperErrorCode,
} from '../src/index.ts';

/** The same promises on both servers. */
const servers = {
  'Apache ZooKeeper': () => startZooKeeper(),
  'embedded server': () => startZooKeeperServer({ port: 0, tickTime: 200 }),
};

const code = (expected: ZooKeeperErrorCode) => (error: unknown) =>
  isZooKeeperError(error, expected);

/** Breaks a client's connection and waits for the next one. */
async function cutAndBack(proxy: FaultProxy, client: ZooKeeper): Promise<void> {
  let lost = false;
  const back = (async () => {
    for await (const { type } of client.states()) {
      lost ||= type === 'disconnected';
      if (lost && type === 'connected') return;
    }
  })();
  proxy.cut();
  await back;
}

for (const [name, start] of Object.entries(servers)) {
  describe(`the client on ${name}`, () => {
    let server: Awaited<ReturnType<typeof start>>;
    let zk: ZooKeeper;
    let count = 0;
    before(async () => {
      server = await start();
      zk = await connect({ connect: server.connect, sessionTimeout: 4000 });
    });
    after(async () => {
      await zk?.close();
      await server?.close();
    });
    const target = () => parseConnectString(server.connect).hosts[0]!;
    /** A fresh znode for a test to work under. */
    const root = async () => (await zk.create(`/test-${count++}`)).path;

    test('creates in every mode', async () => {
      const path = await root();
      const modeOf = async (child: string, mode: CreateMode, ttl?: number) =>
        zk.create(`${path}/${child}`, 'x', { mode, ttl });
      assert.equal((await modeOf('p', CreateMode.PERSISTENT)).path, `${path}/p`);
      const ephemeral = await modeOf('e', CreateMode.EPHEMERAL);
      const state = zk.state;
      assert.equal(state.type, 'connected');
      assert.equal(ephemeral.stat.ephemeralOwner, state.sessionId);
      assert.equal(
        (await modeOf('s-', CreateMode.PERSISTENT_SEQUENTIAL)).path,
        `${path}/s-0000000002`,
      );
      assert.equal(
        (await modeOf('s-', CreateMode.EPHEMERAL_SEQUENTIAL)).path,
        `${path}/s-0000000003`,
      );
      assert.equal((await modeOf('c', CreateMode.CONTAINER)).stat.ephemeralOwner, 0n);
      assert.equal((await modeOf('t', CreateMode.PERSISTENT_WITH_TTL, 60_000)).path, `${path}/t`);
      const sequence = await modeOf('t-', CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL, 60_000);
      assert.equal(sequence.path, `${path}/t-0000000006`);
      assert.equal((await zk.children(path)).children.length, 7);
    });

    test('reads and writes, by version where asked', async () => {
      const path = await root();
      assert.deepEqual((await zk.get(path)).data, Buffer.alloc(0));
      const written = await zk.set(path, 'größe', { version: 0 });
      assert.equal(written.version, 1);
      const read = await zk.get(path);
      assert.equal(read.data.toString(), 'größe');
      assert.deepEqual(read.stat, written);
      await assert.rejects(zk.set(path, 'y', { version: 0 }), code('BAD_VERSION'));
      await assert.rejects(zk.delete(path, { version: 9 }), code('BAD_VERSION'));
      await zk.delete(path, { version: 1 });
      assert.equal(await zk.exists(path), null);
    });

    test('errors name the operation, the path and the code', async () => {
      const path = await root();
      await assert.rejects(zk.get(`${path}/no`), (error) => {
        assert.ok(isZooKeeperError(error, 'NO_NODE'));
        assert.equal(error.path, `${path}/no`);
        assert.match(error.message, /getData .*\/no: the znode does not exist \(NO_NODE\)/);
        return true;
      });
      await assert.rejects(zk.create(path), code('NODE_EXISTS'));
      await zk.create(`${path}/child`);
      await assert.rejects(zk.delete(path), code('NOT_EMPTY'));
      for (const bad of ['', 'a', '/a/', '/a//b', '/a/../b', '/a\u0000'])
        await assert.rejects(zk.get(bad), code('INVALID_ARGUMENT'), bad);
    });

    test('missing parents are made where that is asked for, as containers', async () => {
      const path = await root();
      await assert.rejects(zk.create(`${path}/a/b/c`), code('NO_NODE'));
      const made = await zk.create(`${path}/a/b/c`, 'x', { parents: true });
      assert.equal(made.path, `${path}/a/b/c`);
      await Promise.all(
        [1, 2, 3].map((i) => zk.create(`${path}/x/y/${i}`, null, { parents: true })),
      );
      assert.equal((await zk.children(`${path}/x/y`)).children.length, 3);
    });

    test('a multi does all or nothing', async () => {
      const path = await root();
      const done = await zk.multi([
        { op: 'create', path: `${path}/a`, data: '1' },
        { op: 'create', path: `${path}/s-`, mode: CreateMode.PERSISTENT_SEQUENTIAL },
        { op: 'set', path: `${path}/a`, data: '2', version: 0 },
        { op: 'check', path: `${path}/a`, version: 1 },
      ]);
      assert.deepEqual(
        done.map((result) => (result.op === 'create' ? result.path : result.op)),
        [`${path}/a`, `${path}/s-0000000001`, 'set', 'check'],
      );
      const failing = zk.multi([
        { op: 'delete', path: `${path}/a` },
        { op: 'check', path: `${path}/missing`, version: 0 },
        { op: 'create', path: `${path}/b` },
      ]);
      await assert.rejects(failing, (error) => {
        assert.ok(isZooKeeperError(error, 'NO_NODE'));
        assert.match(error.message, /multi\[1\] check .*\/missing/);
        return true;
      });
      assert.notEqual(await zk.exists(`${path}/a`), null);
      assert.equal(await zk.exists(`${path}/b`), null);
    });

    test('one-shot watches tell the next change, once', async () => {
      const path = await root();
      const events: WatchEvent[] = [];
      const watch = (event: WatchEvent) => events.push(event);
      assert.equal(await zk.exists(`${path}/a`, { watch }), null);
      await zk.create(`${path}/a`);
      await zk.get(`${path}/a`, { watch });
      await zk.set(`${path}/a`, 'x');
      await zk.set(`${path}/a`, 'y');
      await zk.children(path, { watch });
      await zk.create(`${path}/b`);
      await zk.delete(`${path}/a`);
      assert.deepEqual(
        events.map((event) =>
          event.type === 'reset' ? event.type : `${event.type} ${event.path}`,
        ),
        [`created ${path}/a`, `changed ${path}/a`, `children ${path}`],
      );
      // 3.9 says which transaction it was.
      assert.ok(events.every((event) => event.type !== 'reset' && event.zxid > 0n));
    });

    test('persistent watches go on until they are closed', async () => {
      const path = await root();
      const watch = await zk.addWatch(path, { recursive: true });
      await zk.create(`${path}/a`);
      await zk.create(`${path}/a/b`);
      await zk.set(`${path}/a/b`, 'x');
      await zk.delete(`${path}/a/b`);
      const seen: string[] = [];
      for await (const event of watch) {
        seen.push(
          event.type === 'reset' ? 'reset' : `${event.type} ${event.path.slice(path.length)}`,
        );
        if (seen.length === 4) break;
      }
      assert.deepEqual(seen, ['created /a', 'created /a/b', 'changed /a/b', 'deleted /a/b']);
      const plain = await zk.addWatch(path);
      await zk.create(`${path}/c`);
      for await (const event of plain) {
        assert.equal(event.type, 'children');
        break;
      }
    });

    test('a chroot is the whole world', async () => {
      const path = await root();
      await using inner = await connect({
        connect: `${server.connect}${path}`,
        sessionTimeout: 4000,
      });
      assert.equal((await inner.create('/x', 'in')).path, '/x');
      assert.equal((await zk.get(`${path}/x`)).data.toString(), 'in');
      const events: WatchEvent[] = [];
      await inner.get('/x', { watch: (event) => events.push(event) });
      await inner.children('/', { watch: (event) => events.push(event) });
      await inner.delete('/x');
      assert.deepEqual(
        events.map((event) =>
          event.type === 'reset' ? event.type : `${event.type} ${event.path}`,
        ),
        ['deleted /x', 'children /'],
      );
    });

    test('many calls at once come back in order', async () => {
      const path = await root();
      const calls = Array.from({ length: 2000 }, (_, i) => zk.set(path, String(i)));
      const versions = (await Promise.all(calls)).map((stat) => stat.version);
      assert.deepEqual(
        versions,
        calls.map((_, i) => i + 1),
      );
    });

    test('a signal ends the wait, not the session', async () => {
      const path = await root();
      await assert.rejects(
        zk.get(path, { signal: AbortSignal.abort(new Error('enough')) }),
        /enough/,
      );
      const controller = new AbortController();
      const call = zk.get(path, { signal: controller.signal });
      controller.abort(new Error('changed my mind'));
      await assert.rejects(call, /changed my mind/);
      await zk.get(path);
    });

    test('closing frees the ephemerals at once, and ends watches and calls', async () => {
      const path = await root();
      const other = await connect({ connect: server.connect, sessionTimeout: 4000 });
      await other.create(`${path}/mine`, null, { mode: CreateMode.EPHEMERAL });
      const watch = await other.addWatch('/zookeeper');
      await other.close();
      assert.equal(await zk.exists(`${path}/mine`), null);
      for await (const _ of watch) assert.fail('no event after the end');
      await assert.rejects(other.get(path), code('CLOSED'));
      await other.close();
    });

    test('a broken connection is replaced: same session, watches armed, a reset told', async () => {
      const path = await root();
      await using proxy = await startFaultProxy({ target: target() });
      await using client = await connect({ connect: proxy.connect, sessionTimeout: 4000 });
      const before = client.state;
      const oneShot: WatchEvent[] = [];
      await client.get(path, { watch: (event) => oneShot.push(event) });
      const watch = await client.addWatch(path, { recursive: true });
      const seen: WatchEvent[] = [];
      const reading = (async () => {
        for await (const event of watch) seen.push(event);
      })();
      proxy.cut();
      await zk.set(path, 'while it was away');
      await until(() => client.state.type === 'connected' && oneShot.length > 0);
      assert.equal(oneShot[0]?.type, 'changed');
      assert.equal(seen[0]?.type, 'reset');
      const now = client.state;
      assert.ok(now.type === 'connected' && before.type === 'connected');
      assert.equal(now.sessionId, before.sessionId);
      await client.set(path, 'back');
      await until(() => seen.some((event) => event.type === 'changed'));
      await watch.close();
      await reading;
    });

    test('thousands of watches are armed again in batches', async () => {
      const path = await root();
      await using proxy = await startFaultProxy({ target: target() });
      await using client = await connect({ connect: proxy.connect, sessionTimeout: 4000 });
      const fired = new Set<string>();
      const long = 'n'.repeat(200);
      const names = Array.from({ length: 6000 }, (_, i) => `${path}/${long}${i}`);
      await Promise.all(names.map((name) => client.exists(name, { watch: () => fired.add(name) })));
      await cutAndBack(proxy, client); // 1.2 MB of paths: more than one packet may hold
      await client.sync();
      await Promise.all([names[0]!, names[3000]!, names[5999]!].map((name) => zk.create(name)));
      await until(() => fired.size === 3);
    });

    test('a call in flight when the connection breaks fails with CONNECTION_LOSS', async () => {
      const path = await root();
      await using proxy = await startFaultProxy({ target: target() });
      await using client = await connect({ connect: proxy.connect, sessionTimeout: 4000 });
      proxy.stall();
      const call = client.set(path, 'x');
      const lost = assert.rejects(call, code('CONNECTION_LOSS'));
      setImmediate(() => proxy.cut());
      await lost;
      proxy.unstall();
      await client.get(path);
    });

    test('a peer that says nothing is given up after two thirds of the timeout', async () => {
      await using proxy = await startFaultProxy({ target: target() });
      await using client = await connect({ connect: proxy.connect, sessionTimeout: 1500 });
      proxy.stall();
      await until(() => client.state.type === 'disconnected', { timeout: 3000 });
      proxy.unstall();
      proxy.cut();
      await until(() => client.state.type === 'connected' || client.state.type === 'expired');
    });

    test('expiry is a state, said by the server or the clock, and a policy', async () => {
      await using proxy = await startFaultProxy({ target: target() });
      const options = { connect: proxy.connect, sessionTimeout: 600 };
      await using closing = await connect(options);
      await using renewing = await connect({ ...options, onExpired: 'renew' });
      const path = await root();
      await renewing.create(`${path}/e`, null, { mode: CreateMode.EPHEMERAL });
      const watch = await renewing.addWatch(path);
      const oneShot: WatchEvent[] = [];
      await renewing.get(path, { watch: (event) => oneShot.push(event) });
      const states: string[] = [];
      const reading = (async () => {
        for await (const state of renewing.states()) states.push(state.type);
      })();
      proxy.refuse();
      proxy.cut();
      await until(() => closing.state.type === 'disconnected');
      const waiting = assert.rejects(closing.get(path), code('SESSION_EXPIRED'));
      await until(() => closing.state.type === 'expired' && states.includes('expired'));
      await waiting;
      await assert.rejects(closing.get(path), code('SESSION_EXPIRED'));
      await proxy.accept();
      await until(() => renewing.state.type === 'connected');
      assert.deepEqual(oneShot, [{ type: 'reset' }]);
      await until(async () => (await zk.exists(`${path}/e`)) === null);
      for await (const event of watch) {
        assert.equal(event.type, 'reset');
        break;
      }
      await renewing.close();
      await reading;
      assert.deepEqual(states, ['connected', 'disconnected', 'expired', 'connected', 'closed']);
    });

    test('a server that is not there: connect() waits as long as its signal', async () => {
      await using proxy = await startFaultProxy({ target: target() });
      proxy.refuse();
      const attempt = connect({ connect: proxy.connect }, { signal: AbortSignal.timeout(300) });
      await assert.rejects(attempt, { name: 'TimeoutError' });
    });

    test('a frame cut short is no answer', async () => {
      await using proxy = await startFaultProxy({ target: target() });
      await using client = await connect({ connect: proxy.connect, sessionTimeout: 4000 });
      const path = await root();
      await zk.set(path, 'x'.repeat(10_000));
      proxy.closeMidFrame(41 + 500);
      await cutAndBack(proxy, client);
      await assert.rejects(client.get(path), code('CONNECTION_LOSS'));
      assert.equal((await client.get(path)).data.length, 10_000);
    });

    test('digest credentials are presented again after a reconnect', async () => {
      const path = await root();
      await using proxy = await startFaultProxy({ target: target() });
      await using client = await connect({ connect: proxy.connect, sessionTimeout: 4000 });
      await client.addAuth('digest', 'ann:secret');
      await client.create(`${path}/mine`, 'x', { acl: [{ perms: 31, scheme: 'auth', id: '' }] });
      await assert.rejects(zk.get(`${path}/mine`), code('NO_AUTH'));
      await cutAndBack(proxy, client);
      assert.equal((await client.get(`${path}/mine`)).data.toString(), 'x');
      const { acl } = await client.getAcl(`${path}/mine`);
      assert.equal(acl[0]?.scheme, 'digest');
    });
  });
}
