import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startFaultProxy, until } from '@meshkeeper/testbed';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import {
  ClientMetrics,
  connect,
  packetTrace,
  parseConnectString,
  type Span,
  spans,
  type Tracer,
} from '../../src/index.ts';

const SECRET = 'not-to-be-told';
let server: ZooKeeperServer;
before(async () => {
  server = await startZooKeeperServer({ port: 0, tickTime: 200 });
});
after(() => server?.close());

test('metrics: latency by operation, errors, in flight, reconnects, watches', async () => {
  await using proxy = await startFaultProxy({
    target: parseConnectString(server.connect).hosts[0]!,
  });
  const metrics = new ClientMetrics();
  assert.equal(metrics.snapshot().state, 'connecting');
  const zk = await connect({ connect: proxy.connect, reconnectJitter: 1, observers: [metrics] });
  await zk.create('/m');
  await assert.rejects(zk.get('/none'));
  await zk.get('/m', { watch() {} });
  await using _watch = await zk.addWatch('/m', { recursive: true });
  await zk.set('/m', 'x');
  proxy.stall();
  const pending = assert.rejects(zk.get('/m'));
  assert.equal(metrics.snapshot().inFlight, 1);
  setImmediate(() => proxy.cut());
  await pending;
  proxy.unstall();
  await until(() => zk.state.type === 'connected');
  const controller = new AbortController();
  proxy.refuse();
  proxy.cut();
  await until(() => zk.state.type === 'disconnected');
  const unsent = assert.rejects(zk.get('/m', { signal: controller.signal }));
  controller.abort();
  await unsent;
  const { latency, errors, inFlight, reconnects, notifications, watches, state } =
    metrics.snapshot();
  assert.equal(latency.getData?.count, 4);
  assert.equal(latency.getData.buckets.at(-1)?.count, 4);
  assert.ok(latency.getData.sum > 0);
  assert.deepEqual(errors, { NO_NODE: 1, CONNECTION_LOSS: 1, REQUEST_TIMEOUT: 1 });
  assert.deepEqual([inFlight, reconnects, state], [0, 1, 'disconnected']);
  assert.deepEqual(notifications, { changed: 1 });
  assert.deepEqual([watches.data, watches.persistentRecursive], [0, 1]);
  await proxy.accept();
  await zk.close();
});

test('spans: one a call, ended once, with its error; by an OpenTelemetry tracer', async () => {
  const ended: Record<string, unknown>[] = [];
  const tracer: Tracer = {
    startSpan(name, options): Span {
      const span: Record<string, unknown> = { name, ...options?.attributes };
      return {
        setAttribute: (key, value) => Object.assign(span, { [key]: value }),
        recordException: (error) => Object.assign(span, { exception: error.message }),
        end: () => ended.push(span),
      };
    },
  };
  await using zk = await connect({ connect: server.connect, observers: [spans(tracer)] });
  await zk.create('/s', SECRET);
  await assert.rejects(zk.get('/none'));
  assert.equal(ended.length, 2);
  assert.equal(ended[0]?.name, 'zookeeper create2');
  assert.equal(ended[0]?.['zookeeper.path'], '/s');
  assert.match(String(ended[0]?.['zookeeper.zxid']), /^0x[1-9a-f]/);
  assert.equal(ended[1]?.['error.type'], 'NO_NODE');
  assert.match(String(ended[1]?.exception), /does not exist/);
  assert.ok(!JSON.stringify(ended).includes(SECRET));
});

test('packet trace: every answer and notification at debug level, no data, no credentials', async () => {
  const lines: object[] = [];
  const logger = {
    debug: (fields: object, message: string) => void lines.push({ message, ...fields }),
    info: () => assert.fail(),
    warn: () => assert.fail(),
  };
  await using zk = await connect({
    connect: server.connect,
    observers: [packetTrace(logger), new ClientMetrics()],
  });
  await zk.addAuth('digest', `ann:${SECRET}`);
  await zk.create('/p', SECRET);
  await zk.get('/p', { watch() {} });
  await zk.multi([{ op: 'set', path: '/p', data: SECRET }]);
  await assert.rejects(zk.delete('/p', { version: 9 }));
  const seen = lines.map((line) => ({ path: undefined, code: undefined, ...line, ms: 0, zxid: 0 }));
  assert.deepEqual(
    seen.map((line) => Object.values(line).filter((value) => value !== undefined && value !== 0)),
    [
      ['/p', 'answer', 'create2'],
      ['/p', 'answer', 'getData'],
      ['/p', 'notification', 'changed'],
      ['answer', 'multi'],
      ['/p', 'BAD_VERSION', 'answer', 'delete'],
    ],
  );
  assert.ok(!JSON.stringify(lines).includes(SECRET));
});
