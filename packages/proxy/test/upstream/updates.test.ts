import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { freePort, until } from '@meshkeeper/testbed';
import { type Cluster, duration, HealthStatus, LbPolicy } from '@meshkeeper/xds';
import fc from 'fast-check';
import { HTTP2 } from './http2-options.ts';
import { Collector, GET, lbEndpoint, startCluster, type TestCluster } from './test-cluster.ts';

const BACKENDS = 5;

/** Servers that answer HTTP/1 and HTTP/2 on one port, and count the connections that they have. */
async function backends(count: number) {
  const servers: Server[] = [];
  const open = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const http1 = createServer(async (_, response) => {
      await setTimeout(i);
      response.end('ok');
    });
    const http2 = createHttp2Server(async (_, response) => {
      await setTimeout(i);
      response.end('ok');
    });
    http2.on('sessionError', () => {});
    const server = createTcpServer((socket) => {
      const { port } = server.address() as AddressInfo;
      open.set(port, (open.get(port) ?? 0) + 1);
      socket.on('close', () => open.set(port, open.get(port)! - 1));
      socket.on('error', () => {});
      socket.once('data', (first) => {
        socket.pause();
        socket.unshift(first);
        // The preface of HTTP/2.
        const speaks = first.toString('latin1', 0, 3) === 'PRI' ? http2 : http1;
        speaks.emit('connection', socket);
        socket.resume();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    open.set((server.address() as AddressInfo).port, 0);
  }
  const close = () => {
    for (const server of servers) server.close();
  };
  return { ports: [...open.keys()], open, close };
}

/** What may happen to a cluster. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('ask' as const), count: fc.nat(8) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('endpoints' as const),
      chosen: fc.uniqueArray(fc.nat(BACKENDS), { maxLength: BACKENDS }),
      priority: fc.nat(1),
      health: fc.constantFrom(HealthStatus.HEALTHY, HealthStatus.DRAINING, HealthStatus.UNHEALTHY),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('cluster' as const),
      policy: fc.constantFrom(LbPolicy.ROUND_ROBIN, LbPolicy.LEAST_REQUEST, LbPolicy.MAGLEV),
      http2: fc.boolean(),
      outlier: fc.boolean(),
      checked: fc.boolean(),
      limit: fc.constantFrom(1, 2, 1024),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('cancel' as const) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('wait' as const), time: fc.nat(5) }) },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function clusterOf(stated: Step & { type: 'cluster' }): Cluster {
  const healthCheck = {
    ...{ timeout: duration(500), interval: duration(5), noTrafficInterval: duration(5) },
    ...{ unhealthyThreshold: { value: 1 }, healthyThreshold: { value: 1 } },
    httpHealthCheck: { path: '/', codecClientType: stated.http2 ? 1 : 0 },
  };
  return {
    lbPolicy: stated.policy,
    maglevLbConfig: { tableSize: { value: 251 } },
    ...(stated.http2 && HTTP2),
    ...(stated.outlier && { outlierDetection: { consecutive_5xx: { value: 1 } } }),
    ...(stated.checked && { healthChecks: [healthCheck] }),
    circuitBreakers: { thresholds: [{ maxConnections: { value: stated.limit } }] },
    ignoreHealthOnHostRemoval: true,
  };
}

function endpointsOf(ports: readonly number[], stated: Partial<Step & { type: 'endpoints' }>) {
  const { chosen = [], priority = 0, health: healthStatus = HealthStatus.HEALTHY } = stated;
  const lbEndpoints = chosen.map((i) => lbEndpoint(ports[i]!, { healthStatus }));
  return { endpoints: [{ priority, lbEndpoints }] };
}

/** Requests of which nobody knows yet what becomes of them. */
class Requests {
  readonly #pending = new Map<object, { cancel(): void; settled: Promise<unknown> }>();

  ask({ cluster }: TestCluster): void {
    const endpoint = cluster.pick();
    if (!endpoint) return;
    const collector = new Collector(endpoint);
    const stream = cluster.open(endpoint, GET, collector, { idleTimeout: 2000 });
    const settled = collector.answer.then(() => this.#pending.delete(collector));
    this.#pending.set(collector, { cancel: () => stream.cancel('unwanted'), settled });
  }

  cancel(): void {
    const [first] = this.#pending;
    if (!first) return;
    first[1].cancel();
    this.#pending.delete(first[0]);
  }

  async settled(): Promise<void> {
    await Promise.all([...this.#pending.values()].map(({ settled }) => settled));
  }
}

test('whatever is told of a cluster, its connections follow, and nothing is left behind', async () => {
  const { ports: alive, open, close } = await backends(BACKENDS);
  // Nobody listens at the last one.
  const ports = [...alive, await freePort()];
  const connected = () => alive.filter((port) => open.get(port)! > 0);
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }),
      async (steps) => {
        const web = startCluster({}, endpointsOf(ports, { chosen: [0, 1] }));
        const requests = new Requests();
        let chosen: readonly number[] = [0, 1];
        for (const each of steps) {
          if (each.type === 'ask') for (let i = 0; i < each.count; i++) requests.ask(web);
          else if (each.type === 'cancel') requests.cancel();
          else if (each.type === 'wait') await setTimeout(each.time);
          else if (each.type === 'cluster') web.update({ cluster: clusterOf(each) });
          else {
            chosen = each.chosen.filter((i) => i < BACKENDS);
            web.update({ endpoints: endpointsOf(ports, each) });
          }
        }
        await requests.settled();
        assert.equal(web.cluster.activeRequests, 0);
        for (const { load } of web.cluster.endpoints) assert.equal(load?.active ?? 0, 0);

        // Of what has been, only what there is now matters.
        web.update({ cluster: {}, endpoints: endpointsOf(ports, { chosen: [...chosen] }) });
        const wanted = chosen.map((i) => ports[i]!).sort();
        for (const port of wanted) {
          const { body, failure } = await web.ask({ to: web.endpoint(port) });
          assert.equal(body, 'ok', failure?.detail);
        }
        await until(() => JSON.stringify(connected().sort()) === JSON.stringify(wanted), {
          message: 'only endpoints that there are have connections',
        });
        web.cluster.destroy();
        await until(() => connected().length === 0 && web.cluster.connections === 0);
      },
    ),
    { seed: 11, numRuns: process.env.MESHKEEPER_SOAK ? 2000 : 60 },
  );
  close();
});
