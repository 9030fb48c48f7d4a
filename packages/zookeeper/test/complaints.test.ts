import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, mock, test } from 'node:test';
import { type FaultProxy, startFaultProxy, until } from '@meshkeeper/testbed';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { CreateMode, connect, isZooKeeperError, parseConnectString } from '../src/index.ts';
import { cutAndBack } from './cut-and-back.ts';

/** What users of other Node clients complain of. TLS and SASL have files of their own. */
describe('complaints', () => {
  let server: ZooKeeperServer;
  let proxy: FaultProxy;
  before(async () => {
    server = await startZooKeeperServer({ port: 0, tickTime: 100 });
    proxy = await startFaultProxy({ target: parseConnectString(server.connect).hosts[0]! });
  });
  after(async () => {
    await proxy?.close();
    await server?.close();
  });
  const open = (sessionTimeout = 4000) =>
    connect({ connect: proxy.connect, sessionTimeout, onExpired: 'renew', reconnectJitter: 0 });

  test('"a dead peer is not noticed"', async () => {
    await using zk = await open(900);
    proxy.stall();
    const started = performance.now();
    await assert.rejects(zk.get('/'), (error) => isZooKeeperError(error, 'CONNECTION_LOSS'));
    const took = performance.now() - started;
    assert.ok(took < 9000, `${took} ms for a session of 900`);
    proxy.unstall();
    await zk.get('/');
  });

  test('"it does not recover from expiry"', async () => {
    await using zk = await open(400);
    const expired = Promise.withResolvers<void>();
    zk.onState(({ type }) => {
      if (type === 'expired') expired.resolve();
    });
    proxy.refuse();
    proxy.cut();
    await expired.promise;
    await proxy.accept();
    await zk.create('/after-expiry', null, { mode: CreateMode.EPHEMERAL });
  });

  test('"connecting never ends"', async () => {
    const attempt = connect({ connect: '127.0.0.1:1' }, { signal: AbortSignal.timeout(100) });
    await assert.rejects(attempt, /127\.0\.0\.1:1: connect ECONNREFUSED/);
  });

  test('"it does not build, or crashes, on this platform"', async () => {
    const manifest = new URL('../package.json', import.meta.url);
    const { dependencies, scripts } = JSON.parse(await readFile(manifest, 'utf8'));
    assert.deepEqual(Object.keys(dependencies), ['@meshkeeper/jute']);
    assert.equal(scripts?.install ?? scripts?.postinstall, undefined);
  });

  test('"watches are lost with the connection"', async () => {
    await using zk = await open();
    await zk.create('/watched');
    const told = Promise.withResolvers<string>();
    await zk.get('/watched', { watch: ({ type }) => told.resolve(type) });
    await cutAndBack(proxy, zk);
    await zk.set('/watched', 'x');
    assert.equal(await told.promise, 'changed');
  });

  test('"with thousands of watches it can not reconnect"', async () => {
    await using zk = await open();
    const name = (i: number) => `/${'n'.repeat(300)}${i}`;
    const fired = new Set<number>();
    const watches = Array.from({ length: 4000 }, (_, i) =>
      zk.exists(name(i), { watch: () => fired.add(i) }),
    );
    await Promise.all(watches); // 1.2 MB of paths: more than a server takes in one packet
    await cutAndBack(proxy, zk);
    await Promise.all([0, 1999, 3999].map((i) => zk.create(name(i))));
    await until(() => fired.size === 3);
  });

  test('"no TTLs, containers, persistent watches"', async () => {
    await using zk = await open();
    await zk.create('/container', null, { mode: CreateMode.CONTAINER });
    await using watch = await zk.addWatch('/container', { recursive: true });
    await zk.create('/container/ttl', null, { mode: CreateMode.PERSISTENT_WITH_TTL, ttl: 60_000 });
    for await (const event of watch) {
      assert.ok(event.type === 'created' && event.path === '/container/ttl');
      break;
    }
  });

  test('"the last zxid is overwritten by that of a ping or an auth"', async () => {
    await using zk = await open();
    await zk.create('/zxid');
    const { lastZxid } = zk;
    assert.ok(lastZxid > 0n);
    await zk.addAuth('digest', 'ann:secret');
    assert.equal(zk.lastZxid, lastZxid);
    await cutAndBack(proxy, zk); // a zxid of 0 or -1 would be told to the next server
    await zk.get('/zxid');
    assert.equal(zk.lastZxid, lastZxid);
  });

  test('"every frame is a Buffer.concat"', async () => {
    await using zk = await open();
    const data = Buffer.alloc(500_000, 'x');
    await zk.create('/frames', data);
    const concat = mock.method(Buffer, 'concat');
    try {
      const answers = await Promise.all(Array.from({ length: 50 }, () => zk.get('/frames')));
      assert.ok(answers.every((answer) => answer.data.length === data.length));
      assert.equal(concat.mock.callCount(), 0);
    } finally {
      concat.mock.restore();
    }
  });
});
