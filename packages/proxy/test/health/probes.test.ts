import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { type ClusterLoadAssignment, duration, type HealthCheck } from '@meshkeeper/xds';
import { rawBackend } from '../fixture.ts';
import { http2Backend } from '../http2-backend.ts';
import { lbEndpoint, loopback, startCluster } from '../upstream/test-cluster.ts';
import { COMMON, checked, http, patient } from './checked-cluster.ts';

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
