import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startFaultProxy, until } from '@meshkeeper/testbed';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { connect, isZooKeeperError, parseConnectString } from '../../src/index.ts';

describe('the window of requests in flight', () => {
  let server: ZooKeeperServer;
  before(async () => {
    server = await startZooKeeperServer({ port: 0, tickTime: 100 });
  });
  after(() => server?.close());
  const proxyOf = () => startFaultProxy({ target: parseConnectString(server.connect).hosts[0]! });

  test('calls beyond it wait in their order', async () => {
    await using zk = await connect({ connect: server.connect, maxInFlight: 3 });
    await zk.create('/order');
    const calls = Array.from({ length: 500 }, (_, i) => zk.set('/order', `${i}`));
    const versions = (await Promise.all(calls)).map(({ version }) => version);
    assert.deepEqual(
      versions,
      Array.from({ length: 500 }, (_, i) => i + 1),
    );
  });

  test('what waits is not lost with a connection, and what was given up is never sent', async () => {
    await using proxy = await proxyOf();
    await using zk = await connect({
      connect: proxy.connect,
      maxInFlight: 2,
      sessionTimeout: 4000,
      reconnectJitter: 0,
    });
    await zk.create('/kept');
    proxy.stall();
    const inFlight = [zk.set('/kept', 'a'), zk.set('/kept', 'b')];
    const failed = Promise.all(
      inFlight.map((call) =>
        assert.rejects(call, (error) => isZooKeeperError(error, 'CONNECTION_LOSS')),
      ),
    );
    const patience = new AbortController();
    const { signal } = patience;
    const givenUp = Array.from({ length: 10 }, (_, i) =>
      zk.create(`/never-${i}`, null, { signal }),
    );
    const waiting = [zk.create('/later-1'), zk.create('/later-2'), zk.create('/later-3')];
    const aborted = Promise.all(givenUp.map((call) => assert.rejects(call, /no more/)));
    patience.abort(new Error('no more'));
    await aborted;
    proxy.cut();
    proxy.unstall();
    await failed;
    await Promise.all(waiting);
    const { children } = await zk.children('/');
    assert.deepEqual(children.filter((name) => /^(never|later)/.test(name)).sort(), [
      'later-1',
      'later-2',
      'later-3',
    ]);
  });

  test('it holds while there is no connection too, and over the reconnect', async () => {
    await using proxy = await proxyOf();
    await using zk = await connect({
      connect: proxy.connect,
      maxInFlight: 2,
      sessionTimeout: 4000,
    });
    await zk.create('/away');
    proxy.refuse();
    proxy.cut();
    await until(() => zk.state.type === 'disconnected');
    const calls = Array.from({ length: 200 }, (_, i) => zk.set('/away', `${i}`));
    const patience = new AbortController();
    const given = zk.set('/away', 'x', { signal: patience.signal });
    patience.abort(new Error('no more'));
    await assert.rejects(given, /no more/);
    await proxy.accept();
    await Promise.all(calls);
    const { data, stat } = await zk.get('/away');
    assert.deepEqual([data.toString(), stat.version], ['199', 200]);
  });

  test('of those that wait there are so many: one more is told so at once', async () => {
    await using proxy = await proxyOf();
    const limits = { maxInFlight: 2, maxWaiting: 3, sessionTimeout: 4000 };
    await using zk = await connect({ connect: proxy.connect, ...limits });
    await zk.create('/bounded');
    const full = (told: RegExp) => (error: unknown) => {
      assert.ok(isZooKeeperError(error, 'QUEUE_FULL'));
      // Who tries again at once would do so without end.
      assert.equal(error.retryable, false);
      assert.match(error.message, told);
      return true;
    };
    const set = (options = {}) => zk.set('/bounded', 'x', options);
    const connected = [set(), set(), set(), set(), set()];
    await assert.rejects(set(), full(/setData \/bounded: 3 calls wait .* earlier ones/));
    await Promise.all(connected);
    await set();

    proxy.refuse();
    proxy.cut();
    await until(() => zk.state.type === 'disconnected');
    const patience = new AbortController();
    const givenUp = assert.rejects(set({ signal: patience.signal }), /no more/);
    const away = [set(), set()];
    await assert.rejects(set(), full(/for a connection/));
    patience.abort(new Error('no more'));
    await givenUp;
    away.push(set());
    await proxy.accept();
    await Promise.all(away);
    assert.equal((await zk.get('/bounded')).stat.version, 9);
  });

  test('what waits ends with the session, and in the next one with its signal', async () => {
    await using proxy = await proxyOf();
    const options = { sessionTimeout: 400, onExpired: 'renew', maxInFlight: 1 } as const;
    await using zk = await connect({ connect: proxy.connect, ...options });
    proxy.refuse();
    proxy.cut();
    await until(() => zk.state.type === 'disconnected');
    const calls = [zk.get('/'), zk.get('/')].map((call) =>
      assert.rejects(call, (error) => isZooKeeperError(error, 'SESSION_EXPIRED')),
    );
    await Promise.all(calls);
    assert.equal(zk.state.type, 'expired');
    const later = zk.get('/');
    const signal = AbortSignal.timeout(50);
    await assert.rejects(zk.get('/', { signal }), { name: 'TimeoutError' });
    await proxy.accept();
    await later;
  });

  test('a client that is closed fails what waits', async () => {
    await using proxy = await proxyOf();
    const zk = await connect({ connect: proxy.connect, maxInFlight: 1, sessionTimeout: 4000 });
    proxy.refuse();
    proxy.cut();
    await until(() => zk.state.type === 'disconnected');
    const calls = [zk.get('/'), zk.get('/')].map((call) =>
      assert.rejects(call, (error) => isZooKeeperError(error, 'CLOSED')),
    );
    await zk.close();
    await Promise.all(calls);
  });
});
