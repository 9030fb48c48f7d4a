import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { type Cluster, duration } from '@meshkeeper/xds';
import { request } from 'undici';
import { startProxy } from '../../src/index.ts';
import { backend, rawBackend } from '../fixture.ts';
import { httpChain, listener, type Stage, startStage, staticCluster } from '../stage.ts';

const CHECKED: Cluster = {
  healthChecks: [
    {
      ...{ timeout: duration(60_000), interval: duration(20), noTrafficInterval: duration(20) },
      ...{ unhealthyThreshold: { value: 1 }, healthyThreshold: { value: 1 } },
      httpHealthCheck: { path: '/' },
    },
  ],
  commonLbConfig: { healthyPanicThreshold: { value: 0 } },
};

function put(stage: Stage, ports: readonly number[]): void {
  stage.put('cluster', staticCluster('web', ports, CHECKED));
  const routes = [{ match: { prefix: '/' }, route: { cluster: 'web' } }];
  const virtualHosts = [{ name: 'web', domains: ['*'], routes }];
  stage.put('listener', listener('http', [httpChain({ routeConfig: { virtualHosts } })]));
}

const start = (stage: Stage, readyTimeout: number, events: string[] = []) =>
  startProxy({
    xds: { address: { host: '127.0.0.1', port: stage.port } },
    node: { id: 'proxy', cluster: 'test' },
    readyTimeout,
    observer: {
      healthChanged: ({ cluster, healthy, detail }) => {
        events.push(`${cluster} ${healthy ? 'passing' : 'failing'} ${detail ?? ''}`.trim());
      },
    },
  });

test('who starts a proxy can use it: first checks have been made, and it tells what they find', async () => {
  const said = { status: 200 };
  await using web = await backend((_, response) => {
    response.statusCode = said.status;
    response.end('ok');
  });
  await using stage = await startStage();
  put(stage, [web.port]);
  const events: string[] = [];
  await using proxy = await start(stage, 10_000, events);
  const url = `http://127.0.0.1:${proxy.listeners.get('http')!.port}`;
  const { statusCode, body } = await request(url);
  await body.text();
  assert.equal(statusCode, 200, 'without panic: the first check has succeeded');
  const endpoint = () => proxy.status().clusters[0]!.endpoints[0]!;
  assert.deepEqual([endpoint().check, endpoint().checkFailure], ['passing', undefined]);
  said.status = 503;
  await until(() => endpoint().check === 'failing');
  assert.equal(endpoint().checkFailure, 'status 503');
  assert.deepEqual(events, ['web passing', 'web failing status 503']);
});

test('an endpoint that does not answer checks does not keep a proxy from starting', async () => {
  await using silent = await rawBackend(() => {});
  await using stage = await startStage();
  put(stage, [silent.port]);
  await using proxy = await start(stage, 300);
  assert.equal(proxy.status().clusters[0]!.endpoints[0]!.check, 'pending');
});
