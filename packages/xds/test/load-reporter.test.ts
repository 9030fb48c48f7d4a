import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  status,
} from '@grpc/grpc-js';
import { until } from '@meshkeeper/testbed';
import { LoadStatsRequest, LoadStatsResponse } from '../src/codec/messages.ts';
import { type ClusterUsage, duration, startXdsServer, XdsClient } from '../src/index.ts';
import { LOAD_SERVICE } from '../src/server/load-reports.ts';
import { SERVICES } from '../src/server/services.ts';
import { Catalog, service } from './fixture.ts';

const listen = { host: '127.0.0.1', port: 0 };
const signal = AbortSignal.timeout(20_000);
const node = { id: 'p1', cluster: 'c' };
/** A client that has to wait for its own pause waits for longer than a test may take. */
const NEVER = { base: 600_000, max: 600_000 };

type Call = ServerDuplexStream<Buffer, Buffer>;

/** A control plane of which each method does what it is told; aggregated streams get empty answers. */
async function startOther(accept: { ads?: (call: Call) => void; loads?: (call: Call) => void }) {
  const server = new Server();
  const ads = accept.ads ?? ((call: Call) => void call.on('data', () => call.write(Buffer.of())));
  server.addService(
    SERVICES,
    Object.fromEntries(Object.values(SERVICES).map(({ path }) => [path, ads])),
  );
  if (accept.loads) server.addService(LOAD_SERVICE, { stream: accept.loads });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    address: { host: '127.0.0.1', port },
    [Symbol.dispose]: () => server.forceShutdown(),
  };
}

function usageOf(cluster: string): ClusterUsage {
  const locality = { region: '', zone: 'a', subzone: '' };
  const counts = { issued: 3, succeeded: 2, failed: 1, inProgress: 0 };
  const endpoints = [{ address: '10.0.0.1', port: 80, ...counts }];
  return { cluster, dropped: 4, localities: [{ locality, priority: 1, ...counts, endpoints }] };
}

describe('a client that reports its load', () => {
  test('says all to our server, and what was before the server asked is not in it', async () => {
    const told: object[] = [];
    const observer = { loadReported: (each: readonly object[]) => void told.push(...each) };
    await using server = await startXdsServer({ listen, observer, loadReportInterval: 100 });
    server.update(...new Catalog().put(service('shop', [1])));
    let asked = 0;
    const usage = () => [usageOf(++asked === 1 ? 'before' : 'shop')];
    await using _client = new XdsClient({ address: server.address, node, usage });
    await until(() => told.length > 1, { signal });
    const { interval, ...first } = told[0] as { interval: number };
    assert.ok(interval > 0 && Number.isInteger(interval));
    assert.deepEqual(first, { proxy: 'p1', ...usageOf('shop') });
  });

  test('tells of the clusters that are asked for, without their endpoints if nobody wants them', async () => {
    const reports: LoadStatsRequest[] = [];
    using server = await startOther({
      loads: (call) => {
        call.on('data', (bytes) => reports.push(LoadStatsRequest.decode(bytes)));
        const wanted = { clusters: ['cart'], loadReportingInterval: duration(100) };
        call.write(Buffer.from(LoadStatsResponse.encode(wanted).finish()));
      },
    });
    const usage = () => [usageOf('shop'), usageOf('cart')];
    await using _client = new XdsClient({ address: server.address, node, usage });
    await until(() => reports.length > 1, { signal });
    assert.equal(reports[0]?.node?.id, 'p1');
    const [{ clusterName, upstreamLocalityStats = [] } = {}, ...more] =
      reports[1]?.clusterStats ?? [];
    assert.deepEqual([clusterName, more], ['cart', []]);
    assert.deepEqual(upstreamLocalityStats?.[0]?.upstreamEndpointStats, []);
    assert.equal(Number(upstreamLocalityStats?.[0]?.totalIssuedRequests), 3);
  });

  test('leaves a control plane alone that does not know of it, and is served as ever', async () => {
    let answered = 0;
    using server = await startOther({
      ads: (call) => void call.on('data', () => call.write(Buffer.of()) && answered++),
    });
    const usage = () => assert.fail('nobody has asked');
    await using client = new XdsClient({ address: server.address, node, usage });
    await until(() => client.state.type === 'live' && answered > 1, { signal });
  });
});

describe('a client that is turned away', () => {
  for (const [name, refused] of [
    ['from its resources', 'ads'],
    ['from its reports', 'loads'],
  ] as const) {
    test(`${name} comes back when the control plane says, not when it thinks itself`, async () => {
      let tries = 0;
      const refuse = (call: Call) => {
        tries++;
        const metadata = new Metadata();
        metadata.set('grpc-retry-pushback-ms', '20');
        call.emit('error', { code: status.UNAVAILABLE, details: 'not now', metadata });
      };
      using server = await startOther({ [refused]: refuse });
      const usage = () => [];
      await using _client = new XdsClient({ address: server.address, node, usage, backoff: NEVER });
      await until(() => tries === 3, { signal });
    });
  }
});
