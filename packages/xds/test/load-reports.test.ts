import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { Client, credentials, status } from '@grpc/grpc-js';
import { freePort, skipWithout, startEnvoy, until } from '@meshkeeper/testbed';
import { LoadStatsRequest, LoadStatsResponse } from '../src/codec/messages.ts';
import {
  envoyBootstrap,
  formatHostPort,
  type LoadReport,
  milliseconds,
  startXdsServer,
} from '../src/index.ts';
import { Catalog, service } from './fixture.ts';

const listen = { host: '127.0.0.1', port: 0 };
const signal = AbortSignal.timeout(60_000);
const PATH = '/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats';

const asIs = (bytes: Buffer) => bytes;
const encode = (request: LoadStatsRequest) =>
  Buffer.from(LoadStatsRequest.encode(request).finish());

describe('load reports (LRS)', () => {
  test('a client is asked for all its clusters, and what it reports is told', async () => {
    const told: LoadReport[] = [];
    const observer = { loadReported: (each: readonly LoadReport[]) => void told.push(...each) };
    await using server = await startXdsServer({ listen, observer, loadReportInterval: 1500 });
    server.update(...new Catalog().put(service('shop', [1]), service('cart', [2])));
    const address = formatHostPort(server.address);
    const client = new Client(address, credentials.createInsecure());
    const call = client.makeBidiStreamRequest(PATH, asIs, asIs);
    const ended = new Promise<number>((resolve) => {
      call.on('error', (error: Error & { code: number }) => resolve(error.code));
    });
    call.write(encode({ node: { id: 'p1' } }));
    const [bytes] = await once(call, 'data');
    const asked = LoadStatsResponse.decode(bytes);
    assert.deepEqual(asked.clusters.toSorted(), ['cart', 'shop']);
    assert.equal(asked.sendAllClusters, false);
    assert.equal(milliseconds(asked.loadReportingInterval), 1500);

    const counts = { totalIssuedRequests: 5, totalSuccessfulRequests: 3, totalErrorRequests: 1 };
    const socketAddress = { address: '127.0.0.1', portValue: 1 };
    const upstreamLocalityStats = [
      {
        locality: { zone: 'a' },
        ...counts,
        upstreamEndpointStats: [{ address: { socketAddress }, ...counts }],
      },
    ];
    const loadReportInterval = { seconds: 2, nanos: 0 };
    const shop = { clusterName: 'shop', totalDroppedRequests: 7 };
    const stats = { ...shop, upstreamLocalityStats, loadReportInterval };
    call.write(encode({ clusterStats: [stats] }));
    await until(() => told.length > 0, { signal });
    const same = { issued: 5, succeeded: 3, failed: 1, inProgress: 0 };
    const locality = { region: '', zone: 'a', subzone: '' };
    const endpoints = [{ address: '127.0.0.1', port: 1, ...same }];
    assert.deepEqual(told, [
      {
        ...{ proxy: 'p1', cluster: 'shop', interval: 2000, dropped: 7 },
        localities: [{ locality, priority: 0, ...same, endpoints }],
      },
    ]);
    await server.close();
    assert.equal(await ended, status.UNAVAILABLE);
    client.close();
  });

  test('bytes that are no report end the stream', async () => {
    await using server = await startXdsServer({ listen });
    const client = new Client(formatHostPort(server.address), credentials.createInsecure());
    const call = client.makeBidiStreamRequest(PATH, asIs, asIs);
    call.write(Buffer.from('ffffffff', 'hex'));
    const [error] = await once(call, 'error');
    assert.equal(error.code, status.INVALID_ARGUMENT);
    client.close();
  });

  test('a real Envoy reports what it sent to whom', { skip: skipWithout('envoy') }, async () => {
    const told: LoadReport[] = [];
    const observer = { loadReported: (each: readonly LoadReport[]) => void told.push(...each) };
    await using server = await startXdsServer({ listen, observer, loadReportInterval: 200 });
    await using backend = createServer((_request, response) => response.end('ok'));
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    const { port } = backend.address() as AddressInfo;
    server.update(...new Catalog().put(service('shop', [port])));
    const gateway = `127.0.0.1:${await freePort()}`;
    const node = { id: 'envoy-1', cluster: 'test' };
    const config = envoyBootstrap({ xds: server.address, node, gateway });
    await using envoy = await startEnvoy({ config, signal });
    const at = (await envoy.listenerPorts()).gateway ?? 0;
    for (let i = 0; i < 5; i++) {
      const call = get({ port: at, path: '/', headers: { host: 'shop' }, agent: false });
      const [response] = await once(call, 'response');
      response.resume();
      await once(response, 'end');
      assert.equal(response.statusCode, 200);
    }
    const sum = () => {
      const all = told
        .filter(({ cluster }) => cluster === 'shop')
        .flatMap((each) => each.localities);
      const hosts = all.flatMap(({ endpoints }) => endpoints).filter((each) => each.port === port);
      return hosts.reduce((total, { succeeded }) => total + succeeded, 0);
    };
    await until(() => sum() === 5, { signal, message: 'Envoy has reported the five requests' });
    assert.ok(told.every(({ proxy }) => proxy === 'envoy-1'));
  });
});
