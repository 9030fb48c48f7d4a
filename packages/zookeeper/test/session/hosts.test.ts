import assert from 'node:assert/strict';
import { after, before, describe, mock, test } from 'node:test';
import { startFaultProxy, until } from '@meshkeeper/testbed';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { CreateMode, connect, isZooKeeperError, parseConnectString } from '../../src/index.ts';
import { cutAndBack } from '../cut-and-back.ts';

describe('the servers of a client', () => {
  let server: ZooKeeperServer;
  before(async () => {
    server = await startZooKeeperServer({ port: 0, tickTime: 100 });
  });
  after(() => server?.close());
  const proxyOf = () => startFaultProxy({ target: parseConnectString(server.connect).hosts[0]! });

  test('a name is looked up at every attempt, and any of its addresses taken', async () => {
    await using proxy = await proxyOf();
    let lookups = 0;
    // Nobody listens at the second address: the client has to come back to the first.
    const answers = [['127.0.0.1'], ['127.0.0.2', '127.0.0.1'], ['127.0.0.2', '127.0.0.1']];
    const draws = [0, 0, 0, 0.9, 0.9];
    const lookup = async (name: string) => {
      assert.equal(name, 'zk.example');
      return answers[lookups++] ?? ['127.0.0.1'];
    };
    await using zk = await connect({
      connect: `zk.example:${proxy.port}`,
      lookup,
      random: () => draws.shift() ?? 0.9,
      reconnectJitter: 0,
    });
    assert.equal(lookups, 1);
    proxy.cut();
    await until(() => lookups >= 3 && zk.state.type === 'connected');
    const { state } = zk;
    assert.ok(state.type === 'connected');
    assert.equal(state.server, `zk.example:${proxy.port}`);
  });

  test('a client leaves a server that is gone from the list; its session goes along', async () => {
    await using one = await proxyOf();
    await using two = await proxyOf();
    await using zk = await connect({ connect: one.connect, sessionTimeout: 2000 });
    const { path } = await zk.create('/moves', null, { mode: CreateMode.EPHEMERAL });
    two.delay(20);
    const calls = Array.from({ length: 100 }, (_, i) => zk.set(path, `${i}`));
    zk.updateServers(two.connect);
    const later = zk.get(path);
    await Promise.all(calls); // in flight while it moved: none is lost
    const { data, stat } = await later;
    assert.equal(data.toString(), '99');
    const { state } = zk;
    assert.ok(state.type === 'connected');
    assert.equal(state.server, two.connect);
    assert.equal(stat.ephemeralOwner, state.sessionId);
    zk.updateServers(`${one.connect},${two.connect}`); // or stays, as the draw is
    await zk.get(path);
  });

  test('a client that looks for a server in vain goes on with the new list', async () => {
    await using proxy = await proxyOf();
    await using zk = await connect({ connect: proxy.connect, sessionTimeout: 4000 });
    proxy.refuse();
    proxy.cut();
    await until(() => zk.state.type === 'disconnected');
    zk.updateServers(server.connect);
    await zk.exists('/');
  });

  test('another chroot is refused, and so is a list that is none', async () => {
    await using zk = await connect({ connect: `${server.connect}/zookeeper` });
    zk.updateServers(`${server.connect}/zookeeper`);
    for (const bad of ['', `${server.connect}/other`])
      assert.throws(
        () => zk.updateServers(bad),
        (error) => isZooKeeperError(error, 'INVALID_ARGUMENT'),
      );
    await zk.exists('/quota');
  });

  test('setting the wall clock neither expires a session nor keeps it alive', async () => {
    await using proxy = await proxyOf();
    await using zk = await connect({ connect: proxy.connect, sessionTimeout: 600 });
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    try {
      mock.timers.setTime(Date.now() + 3_600_000);
      await cutAndBack(proxy, zk);
      mock.timers.setTime(0);
      const started = performance.now();
      proxy.refuse();
      proxy.cut();
      await until(() => zk.state.type === 'expired');
      const took = performance.now() - started;
      assert.ok(took > 500 && took < 60_000, `${took} ms`);
    } finally {
      mock.timers.reset();
    }
  });

  test('expiry by the clock does not wait for an attempt that hangs', async () => {
    await using proxy = await proxyOf();
    await using zk = await connect({ connect: proxy.connect, sessionTimeout: 900 });
    proxy.stall();
    const started = performance.now();
    await until(() => zk.state.type === 'expired');
    const took = performance.now() - started;
    // 4/3 of 900 ms since the server was last heard, which may be a third of it ago.
    assert.ok(took > 800 && took < 9000, `${took} ms`);
  });
});
