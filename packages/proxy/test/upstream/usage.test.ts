import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import type { ClusterLoadAssignment } from '@meshkeeper/xds';
import { backend, rawBackend } from '../fixture.ts';
import { lbEndpoint, loopback, startCluster, type TestCluster } from './test-cluster.ts';

/** What is told of an endpoint by its port, and what nobody was asked for. */
function usageOf({ cluster }: TestCluster, port: number) {
  const { dropped, localities } = cluster.takeUsage();
  const [told] = localities.flatMap(({ endpoints }) => endpoints).filter((e) => e.port === port);
  const { issued = 0, succeeded = 0, failed = 0, inProgress = 0 } = told ?? {};
  return { issued, succeeded, failed, inProgress, dropped };
}

const NONE = { issued: 0, succeeded: 0, failed: 0, inProgress: 0, dropped: 0 };

test('a request that the limits let nobody have is dropped, and was sent to nobody', async () => {
  const asked: (() => void)[] = [];
  await using slow = await backend((_, response) => void asked.push(() => response.end('ok')));
  const thresholds = [{ maxRequests: { value: 1 } }];
  await using web = startCluster({ circuitBreakers: { thresholds } }, loopback([slow.port]));
  const first = web.ask();
  await until(() => asked.length === 1);
  for (let i = 0; i < 2; i++) assert.equal((await web.ask()).failure?.reason, 'overflow');
  const expected = { ...NONE, issued: 1, inProgress: 1, dropped: 2 };
  assert.deepEqual(usageOf(web, slow.port), expected);
  asked[0]?.();
  await first;
  assert.deepEqual(usageOf(web, slow.port), { ...NONE, succeeded: 1 });
  assert.deepEqual(web.cluster.takeUsage().localities, [], 'nothing is told twice');
});

test('who was given up before an answer has neither failed nor succeeded; who took too long has', async () => {
  const asked: (() => void)[] = [];
  await using slow = await backend((_, response) => void asked.push(() => response.end('ok')));
  await using web = startCluster({}, loopback([slow.port]));
  const to = web.cluster.pick();
  assert.ok(to);
  const open = () => {
    const receiver = {
      ...{ head() {}, body() {}, end() {}, flush() {}, upgraded() {}, writable() {}, failed() {} },
      opened: (stream: { finish(): void }) => stream.finish(),
    };
    const head = { method: 'GET', target: '/', authority: 'web', scheme: 'http' as const };
    const none = { fields: [], body: { type: 'none' as const }, upgrade: undefined };
    return web.cluster.open(to, { ...head, ...none, trailers: false }, receiver, {
      idleTimeout: 0,
    });
  };
  const [left, late] = [open(), open()];
  await until(() => asked.length === 2);
  left.cancel('unwanted');
  assert.deepEqual(usageOf(web, slow.port), { ...NONE, issued: 2, inProgress: 1 });
  late.cancel('timeout');
  assert.deepEqual(usageOf(web, slow.port), { ...NONE, failed: 1 });
});

test('a raw connection is one request, which has succeeded when it stands', async () => {
  await using server = await rawBackend(() => {});
  const gone = await backend(() => {});
  await gone.kill();
  await using web = startCluster({}, loopback([server.port, gone.port]));
  const dial = (port: number) => {
    const { promise, resolve } = Promise.withResolvers<object>();
    // Loads are counted once one was picked.
    web.cluster.pick();
    web.cluster.connect(web.endpoint(port), { connected: resolve, failed: resolve });
    return promise;
  };
  await dial(server.port);
  const stands = { ...NONE, issued: 1, succeeded: 1, inProgress: 1 };
  assert.deepEqual(usageOf(web, server.port), stands);
  await dial(gone.port);
  assert.deepEqual(usageOf(web, gone.port), { ...NONE, issued: 1, failed: 1 });
});

test('it is told by locality and priority', async () => {
  await using here = await backend((_, response) => response.end('ok'));
  await using there = await backend((_, response) => response.end('ok'));
  const endpoints: ClusterLoadAssignment = {
    endpoints: [
      { locality: { zone: 'a' }, lbEndpoints: [lbEndpoint(here.port)] },
      { locality: { zone: 'b' }, priority: 1, lbEndpoints: [lbEndpoint(there.port)] },
    ],
  };
  await using web = startCluster({}, endpoints);
  for (const { port } of [here, here, there]) await web.ask({ to: web.endpoint(port) });
  const { localities } = web.cluster.takeUsage();
  assert.deepEqual(
    localities.map(({ locality: { zone }, priority, issued, succeeded, endpoints: of }) => {
      return [zone, priority, issued, succeeded, of.map(({ port }) => port)];
    }),
    [
      ['a', 0, 2, 2, [here.port]],
      ['b', 1, 1, 1, [there.port]],
    ],
  );
});
