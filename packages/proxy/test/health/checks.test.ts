import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import {
  type Cluster,
  type ClusterLoadAssignment,
  duration,
  type HealthCheck,
  HealthStatus,
  type LbEndpoint,
} from '@meshkeeper/xds';
import { CheckSlots } from '../../src/health/check-slots.ts';
import { backend, rawBackend } from '../fixture.ts';
import { http2Backend } from '../http2-backend.ts';
import { lbEndpoint, loopback, startCluster, type TestCluster } from '../upstream/test-cluster.ts';

const COMMON: HealthCheck = {
  timeout: duration(2000),
  interval: duration(20),
  noTrafficInterval: duration(20),
  unhealthyThreshold: { value: 2 },
  healthyThreshold: { value: 2 },
};
const http = (stated: HealthCheck['httpHealthCheck'] = {}): HealthCheck => ({
  ...COMMON,
  httpHealthCheck: { path: '/health', ...stated },
});

const checked = (...healthChecks: HealthCheck[]): Cluster => ({
  healthChecks,
  commonLbConfig: { healthyPanicThreshold: { value: 0 } },
});

/** A backend that says how it is. */
async function patient(status = 200) {
  const said = { status };
  const seen: IncomingMessage[] = [];
  const server = await backend((incoming, response) => {
    seen.push(incoming);
    if (incoming.url === '/reset') incoming.socket.destroy();
    response.statusCode = incoming.url === '/health' ? said.status : 200;
    response.end();
  });
  return { server, said, seen, port: server.port };
}

/** Ports that are picked. */
function picked({ cluster }: TestCluster): number[] {
  const ports = Array.from({ length: 30 }, () => cluster.pick()?.port ?? 0);
  return [...new Set(ports)].sort();
}

test('endpoints take requests from their first success on, and while they are well', async () => {
  const [one, other] = [await patient(), await patient(503)];
  await using _ = one.server;
  await using __ = other.server;
  await using web = startCluster(checked(http()), loopback([one.port, other.port]));
  assert.equal(web.cluster.pick(), undefined, 'as Envoy: unhealthy until it is known better');
  assert(!web.cluster.warm);
  await until(() => web.cluster.warm);
  assert.deepEqual(picked(web), [one.port]);
  assert.equal(web.endpoint(other.port).checks?.detail, 'status 503');
  other.said.status = 200;
  await until(() => web.events.includes(`passing ${other.port}`));
  assert.deepEqual(picked(web), [one.port, other.port].sort());
  await one.server.kill();
  await until(() => web.events.includes(`failing ${one.port}`));
  assert.deepEqual(picked(web), [other.port]);
});

test('what is asked is what the check says, over one connection', async () => {
  const web = await patient();
  await using _ = web.server;
  const message = http({
    ...{ path: '/health?deep', host: 'status.example', method: 8 },
    requestHeadersToAdd: [{ header: { key: 'X-Token', value: '100%% secret' } }],
    requestHeadersToRemove: ['user-agent'],
  });
  await using cluster = startCluster(checked(message), loopback([web.port]));
  await until(() => web.seen.length > 3);
  const { method, url, headers } = web.seen[0]!;
  assert.deepEqual([method, url], ['TRACE', '/health?deep']);
  assert.deepEqual([headers.host, headers['x-token']], ['status.example', '100% secret']);
  assert.equal(headers['user-agent'], undefined);
  assert.equal(web.server.connections(), 1);
  cluster.update({ cluster: checked({ ...http(), reuseConnection: { value: false } }) });
  const before = web.seen.length;
  await until(() => web.seen.length >= before + 3);
  assert.equal(web.seen.at(-1)!.headers.host, 'web', 'the cluster’s name');
  assert.equal(web.seen.at(-1)!.headers['user-agent'], 'meshkeeper/health-check');
  await until(() => web.server.connections() >= 4);
});

test('statuses that are expected, and others that are asked for again', async () => {
  const web = await patient(404);
  await using _ = web.server;
  const ranges = {
    expectedStatuses: [
      { start: 200, end: 300 },
      { start: 404, end: 405 },
    ],
    retriableStatuses: [{ start: 500, end: 501 }],
  };
  const message = { ...http(ranges), unhealthyThreshold: { value: 3 } };
  await using cluster = startCluster(checked(message), loopback([web.port]));
  await until(() => cluster.events.length === 1);
  assert.deepEqual(cluster.events, [`passing ${web.port}`]);
  const before = web.seen.length;
  web.said.status = 500;
  await until(() => cluster.events.length === 2);
  assert(web.seen.length - before >= 3, 'three in a row');
  web.said.status = 204;
  await until(() => cluster.events.length === 3);
  web.said.status = 302;
  await until(() => cluster.events.length === 4);
  assert.deepEqual(cluster.events.slice(1), [
    ...[`failing ${web.port}`, `passing ${web.port}`, `failing ${web.port}`],
  ]);
});

test('who does not answer in time has failed', async () => {
  await using silent = await rawBackend(() => {});
  const message = { ...http(), timeout: duration(30) };
  await using cluster = startCluster(checked(message), loopback([silent.port]));
  await until(() => cluster.events.length === 1);
  assert.equal(cluster.endpoint(silent.port).checks?.detail, 'no answer within 30 ms');
});

test('another port is asked, the endpoint’s before the check’s; or none', async () => {
  const [web, status] = [await patient(500), await patient(200)];
  await using _ = web.server;
  await using __ = status.server;
  const at = (healthCheckConfig: object): ClusterLoadAssignment => {
    const address = { socketAddress: { address: '127.0.0.1', portValue: web.port } };
    const endpoint = lbEndpoint(web.port, { endpoint: { address, healthCheckConfig } });
    return { endpoints: [{ lbEndpoints: [endpoint] }] };
  };
  const elsewhere = checked({ ...http(), altPort: { value: status.port } });
  await using cluster = startCluster(elsewhere, loopback([web.port]));
  await until(() => cluster.cluster.pick());
  cluster.update({ endpoints: at({ portValue: web.port }) });
  await until(() => cluster.events.includes(`failing ${web.port}`));
  cluster.update({ endpoints: at({ portValue: status.port, hostname: 'own.example' }) });
  await until(() => cluster.cluster.pick());
  assert.equal(status.seen.at(-1)!.headers.host, 'own.example');
  cluster.update({ cluster: checked(http()), endpoints: at({ disableActiveHealthCheck: true }) });
  assert.equal(cluster.endpoint(web.port).checks, undefined);
  assert(cluster.cluster.pick());
});

test('of several checks all have to succeed', async () => {
  const web = await patient();
  await using _ = web.server;
  const tcp = { ...COMMON, tcpHealthCheck: {} };
  await using cluster = startCluster(checked(http(), tcp), loopback([web.port]));
  await until(() => cluster.cluster.pick());
  web.said.status = 500;
  await until(() => cluster.events.includes(`failing ${web.port}`));
  assert.equal(cluster.cluster.pick(), undefined);
  web.said.status = 200;
  await until(() => cluster.cluster.pick());
});

test('what comes back over TCP has to hold what is expected, in that order', async () => {
  const said = { text: 'OK ready' };
  await using web = await rawBackend((socket, request) => {
    if (request === 'ping') socket.write(said.text);
  });
  const hex = (text: string) => ({ text: Buffer.from(text).toString('hex') });
  const tcp: HealthCheck = {
    ...COMMON,
    timeout: duration(40),
    tcpHealthCheck: { send: hex('ping'), receive: [hex('OK'), hex('dy')] },
  };
  await using cluster = startCluster(checked(tcp), loopback([web.port]));
  await until(() => cluster.events.length === 1);
  said.text = 'ready OK';
  await until(() => cluster.events.length === 2);
  said.text = 'OK dying, but still here';
  await until(() => cluster.events.length === 3);
  const { port } = web;
  assert.deepEqual(cluster.events, [`passing ${port}`, `failing ${port}`, `passing ${port}`]);
});

/** `HealthCheckResponse` with that status, in a message of gRPC. */
const serving = (status: number) => Buffer.from([0, 0, 0, 0, 2, 8, status]);

test('gRPC’s health service is asked for a service by its name', async () => {
  const said = { status: 1, grpc: '0' };
  const asked: { path: string | undefined; authority: string | undefined; body: string }[] = [];
  await using rpc = await http2Backend((incoming, response) => {
    const pieces: Buffer[] = [];
    incoming.on('data', (piece: Buffer) => pieces.push(piece));
    incoming.on('end', () => {
      const { ':path': path, ':authority': authority } = incoming.headers;
      asked.push({ path, authority, body: Buffer.concat(pieces).toString('hex') });
      response.writeHead(200, { 'content-type': 'application/grpc' });
      response.addTrailers({ 'grpc-status': said.grpc });
      response.end(serving(said.status));
    });
  });
  const grpc: HealthCheck = {
    ...COMMON,
    grpcHealthCheck: { serviceName: 'shop.Cart', authority: 'cart.example' },
  };
  await using cluster = startCluster(checked(grpc), loopback([rpc.port]));
  await until(() => cluster.events.length === 1);
  assert.deepEqual(asked[0], {
    path: '/grpc.health.v1.Health/Check',
    authority: 'cart.example',
    body: `000000000b0a09${Buffer.from('shop.Cart').toString('hex')}`,
  });
  const details: (string | undefined)[] = [];
  const change = async (status: number, grpcStatus: string, events: number) => {
    Object.assign(said, { status, grpc: grpcStatus });
    await until(() => cluster.events.length === events);
    details.push(cluster.endpoint(rpc.port).checks?.detail);
  };
  await change(2, '0', 2);
  await change(1, '0', 3);
  await change(1, '12', 4);
  assert.deepEqual(details, ['NOT_SERVING', undefined, 'gRPC status 12']);
  assert.equal(rpc.accepted(), 1, 'over one connection');
});

test('the control plane’s word and the checks’ are both needed', async () => {
  const web = await patient();
  await using _ = web.server;
  const stated = (healthStatus: HealthStatus) => loopback([web.port], { healthStatus });
  await using cluster = startCluster(checked(http()), stated(HealthStatus.UNHEALTHY));
  await until(() => cluster.cluster.warm);
  assert.equal(cluster.cluster.pick(), undefined);
  const { checks } = cluster.endpoint(web.port);
  for (const status of [HealthStatus.HEALTHY, HealthStatus.UNKNOWN, HealthStatus.DEGRADED]) {
    cluster.update({ endpoints: stated(status) });
    assert(cluster.cluster.pick());
  }
  cluster.update({ endpoints: stated(HealthStatus.DRAINING) });
  assert.equal(cluster.cluster.pick(), undefined);
  assert.equal(cluster.endpoint(web.port).checks, checks, 'checks go on across updates');
});

test('who is taken out is used while it is well, unless that is to be ignored', async () => {
  const [stays, leaves] = [await patient(), await patient()];
  await using _ = stays.server;
  await using __ = leaves.server;
  const both = loopback([stays.port, leaves.port]);
  await using web = startCluster(checked(http()), both);
  await until(() => picked(web).length === 2);
  web.update({ endpoints: loopback([stays.port]) });
  assert.equal(picked(web).length, 2);
  assert(web.endpoint(leaves.port).leaving);
  leaves.said.status = 500;
  await until(() => web.events.includes(`failing ${leaves.port}`));
  assert.deepEqual(
    [...web.cluster.endpoints].map(({ port }) => port),
    [stays.port],
  );

  leaves.said.status = 200;
  web.update({ endpoints: both });
  await until(() => picked(web).length === 2);
  web.update({ endpoints: loopback([stays.port]) });
  assert.equal(picked(web).length, 2);
  web.update({ cluster: { ...checked(http()), ignoreHealthOnHostRemoval: true } });
  assert.deepEqual(picked(web), [stays.port]);
});

test('newcomers do not count before their first check, where that is asked for', async () => {
  const [well, slow] = [await patient(), await rawBackend(() => {})];
  await using _ = well.server;
  await using __ = slow;
  const message: Cluster = {
    healthChecks: [http()],
    commonLbConfig: { healthyPanicThreshold: { value: 60 }, ignoreNewHostsUntilFirstHc: true },
  };
  await using web = startCluster(message, loopback([well.port]));
  await until(() => web.cluster.warm);
  web.update({ endpoints: loopback([well.port, slow.port]) });
  assert.deepEqual(picked(web), [well.port]);
  assert.deepEqual(web.cluster.panicking, [], 'one of one is healthy');
  const counting = { ...message, commonLbConfig: { healthyPanicThreshold: { value: 60 } } };
  web.update({ cluster: counting });
  assert.deepEqual(web.cluster.panicking, [0], 'one of two');
});

test('other checks do not take endpoints out before they have found something', async () => {
  const web = await patient();
  await using _ = web.server;
  await using cluster = startCluster(checked(http()), loopback([web.port]));
  await until(() => cluster.cluster.pick());
  cluster.update({ cluster: checked(http({ path: '/ready' })) });
  assert(cluster.cluster.pick());
  await until(() => web.seen.some(({ url }) => url === '/ready'));
  cluster.update({ cluster: checked(http({ expectedStatuses: [{ start: 201, end: 202 }] })) });
  assert(cluster.cluster.pick());
  await until(() => cluster.events.includes(`failing ${web.port}`));
});

test('a check that succeeds ends an ejection, unless that is not wanted', async () => {
  const web = await patient();
  await using _ = web.server;
  const outlier = (successfulActiveHealthCheckUnejectHost?: { value: boolean }): Cluster => ({
    ...checked({ ...http(), interval: duration(50) }),
    outlierDetection: {
      consecutiveGatewayFailure: { value: 1 },
      enforcingConsecutiveGatewayFailure: { value: 100 },
      alwaysEjectOneHost: { value: true },
      ...(successfulActiveHealthCheckUnejectHost && { successfulActiveHealthCheckUnejectHost }),
    },
  });
  await using cluster = startCluster(outlier({ value: false }), loopback([web.port]));
  await until(() => cluster.cluster.pick());
  const to = cluster.endpoint(web.port);
  await cluster.ask({ to, target: '/reset' });
  assert(to.ejected);
  const seen = web.seen.length;
  await until(() => web.seen.length > seen + 2);
  assert(to.ejected);
  cluster.update({ cluster: outlier() });
  await until(() => !to.ejected);
  assert.equal(cluster.events.at(-1), `returned ${web.port}`);
});

test('a large cluster’s checks do not all run at once', async () => {
  let running = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  await using web = await backend((_, response) => {
    most = Math.max(most, ++running);
    waiting.push(() => {
      running--;
      response.end();
    });
  });
  const lbEndpoints = Array.from({ length: 40 }, (_, i) => {
    const address = { socketAddress: { address: '127.0.0.1', portValue: i + 1 } };
    return { endpoint: { address, healthCheckConfig: { portValue: web.port } } } as LbEndpoint;
  });
  const message = checked({ ...http(), interval: duration(60_000) });
  await using cluster = startCluster(
    message,
    { endpoints: [{ lbEndpoints }] },
    {
      slots: new CheckSlots(5),
    },
  );
  await until(() => {
    for (const answer of waiting.splice(0)) answer();
    return cluster.cluster.warm;
  });
  assert(most <= 5 && most > 1, `${most} at once`);
});
