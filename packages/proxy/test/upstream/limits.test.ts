import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentServer, until } from '@meshkeeper/testbed';
import { duration, HttpProtocolOptions, pack } from '@meshkeeper/xds';
import { backend } from '../fixture.ts';
import { loopback, problemsOf, startCluster } from './test-cluster.ts';

const OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** A cluster's `typed_extension_protocol_options`. */
const http1 = (common: HttpProtocolOptions['commonHttpProtocolOptions']) => ({
  typedExtensionProtocolOptions: {
    [OPTIONS]: pack(OPTIONS, HttpProtocolOptions, {
      commonHttpProtocolOptions: common ?? {},
      explicitHttpConfig: { httpProtocolOptions: {} },
    }),
  },
});

/** A backend that answers when it is told to. */
async function patient() {
  const waiting: (() => void)[] = [];
  const server = await backend((_, response) => waiting.push(() => response.end('ok')));
  const release = () => {
    for (const answer of waiting.splice(0)) answer();
  };
  return { server, port: server.port, waiting, release };
}

const thresholds = (stated: object) => ({ circuitBreakers: { thresholds: [stated] } });

test('no more requests at once than there may be', async () => {
  const slow = await patient();
  await using _ = slow.server;
  await using web = startCluster(thresholds({ maxRequests: { value: 2 } }), loopback([slow.port]));
  const two = [web.ask(), web.ask()];
  assert.deepEqual((await web.ask()).failure, { reason: 'overflow', detail: 'max_requests' });
  await until(() => slow.waiting.length === 2);
  slow.release();
  for (const { status } of await Promise.all(two)) assert.equal(status, 200);
  const third = web.ask();
  await until(() => slow.waiting.length === 1);
  slow.release();
  assert.equal((await third).status, 200);
  assert.deepEqual(web.events, [], 'a limit is no fault of the endpoint');
});

test('no more connections than there may be, of all endpoints; each may have one', async () => {
  const [one, other] = [await patient(), await patient()];
  await using _ = one.server;
  await using __ = other.server;
  const limits = thresholds({ maxConnections: { value: 2 } });
  await using web = startCluster(limits, loopback([one.port, other.port]));
  const to = web.endpoint(one.port);
  const asked = [web.ask({ to }), web.ask({ to }), web.ask({ to })];
  asked.push(web.ask({ to: web.endpoint(other.port) }));
  await until(() => one.waiting.length === 2 && other.waiting.length === 1);
  assert.equal(web.cluster.connections, 3);
  other.release();
  one.release();
  await until(() => one.waiting.length === 1);
  one.release();
  for (const { status } of await Promise.all(asked)) assert.equal(status, 200);
  assert.equal(one.server.connections(), 2);
});

test('no more requests wait for a connection than there may be', async () => {
  const slow = await patient();
  await using _ = slow.server;
  const limits = thresholds({ maxConnections: { value: 1 }, maxPendingRequests: { value: 2 } });
  await using web = startCluster(limits, loopback([slow.port]));
  const first = web.ask();
  await until(() => slow.waiting.length === 1);
  const pending = [web.ask(), web.ask()];
  assert.equal((await web.ask()).failure?.detail, 'max_pending_requests');
  for (let i = 0; i < 3; i++) {
    slow.release();
    await until(() => i === 2 || slow.waiting.length === 1);
  }
  for (const { status } of await Promise.all([first, ...pending])) assert.equal(status, 200);
});

test('retries are limited, or a share of what is under way', async () => {
  const slow = await patient();
  await using _ = slow.server;
  await using web = startCluster({}, loopback([slow.port]));
  const granted = () => {
    let count = 0;
    while (web.cluster.tryRetry()) count++;
    return count;
  };
  assert.equal(granted(), 3, 'as Envoy, when nothing is stated');
  web.cluster.retryOver();
  assert.equal(granted(), 1);
  const budget = { budgetPercent: { value: 50 }, minRetryConcurrency: { value: 1 } };
  web.update({ cluster: thresholds({ maxRetries: { value: 100 }, retryBudget: budget }) });
  for (let i = 0; i < 3; i++) web.cluster.retryOver();
  assert.equal(granted(), 1);
  const asked = Array.from({ length: 10 }, () => web.ask());
  await until(() => slow.waiting.length === 10);
  assert.equal(granted(), 4, 'half of ten, less the one that runs');
  slow.release();
  await Promise.all(asked);
});

test('a connection carries so many requests, and is then another', async () => {
  await using web = await backend((_, response) => response.end('ok'));
  const message = http1({ maxRequestsPerConnection: { value: 3 } });
  await using cluster = startCluster(message, loopback([web.port]));
  for (let i = 0; i < 7; i++) assert.equal((await cluster.ask()).status, 200);
  assert.equal(web.connections(), 3);
});

test('connections end that are idle, or open, for too long', async () => {
  await using web = await backend((_, response) => response.end('ok'));
  for (const message of [
    http1({ idleTimeout: duration(1000) }),
    http1({ maxConnectionDuration: duration(1000) }),
  ]) {
    await using cluster = startCluster(message, loopback([web.port]));
    await cluster.ask();
    const before = web.connections();
    cluster.cluster.sweep(Date.now() + 500);
    await cluster.ask();
    assert.equal(web.connections(), before, 'it is used again');
    cluster.cluster.sweep(Date.now() + 2000);
    await until(() => cluster.cluster.connections === 0);
    await cluster.ask();
    assert.equal(web.connections(), before + 1);
  }
});

test('a connection that does not come about in time has failed', async () => {
  await using silent = await silentServer();
  const message = { connectTimeout: duration(50) };
  await using cluster = startCluster(message, loopback([silent.port]));
  const { failure } = await cluster.ask();
  assert.deepEqual(failure, { reason: 'connect', detail: 'connecting took too long' });
  assert.deepEqual(cluster.events, [`connect-failed ${silent.port}`]);
  await until(() => cluster.cluster.connections === 0);
});

test('what can’t be limited is refused by its name', () => {
  const text = problemsOf({
    ...thresholds({ maxConnectionPools: { value: 1 } }),
    ...http1({ maxHeadersCount: { value: 10 }, maxStreamDuration: duration(1) }),
    commonLbConfig: { closeConnectionsOnHostSetChange: true },
  });
  for (const field of [
    'circuit_breakers.thresholds[0].max_connection_pools',
    'common_http_protocol_options.max_headers_count',
    'common_http_protocol_options.max_stream_duration',
    'common_lb_config.close_connections_on_host_set_change',
  ]) {
    assert(text.includes(field), `${field} in ${text}`);
  }
});
