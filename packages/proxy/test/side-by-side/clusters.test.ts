import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freePort, skipWithout, until } from '@meshkeeper/testbed';
import {
  type Cluster,
  duration,
  HealthStatus,
  LbPolicy,
  type LocalityLbEndpoints,
  Maglev,
  pack,
  RoundRobin,
  type Route,
  TypedStruct,
} from '@meshkeeper/xds';
import { backend } from '../fixture.ts';
import { type Engine, httpChain, listener, rds, staticCluster } from '../stage.ts';
import { call, echo, echoed } from './caller.ts';
import { bothEngines } from './engines.ts';

const POLICIES = 'envoy.extensions.load_balancing_policies';
const zone = (name: string) => ({ region: '', zone: name, subZone: '' });
const stated = (healthStatus: HealthStatus) => ({ healthStatus });

describe('clusters do on both data planes', { skip: skipWithout('envoy') }, () => {
  const waiting: (() => void)[] = [];
  const engines = bothEngines(async (stage, stack) => {
    const ports: number[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      ports.push(stack.use(await backend(echo(name))).port);
    }
    const [a, b, c, d, e] = ports as [number, number, number, number, number];
    const failing = stack.use(
      await backend((_, response) => {
        response.writeHead(500, { 'x-from': 'failing' });
        response.end();
      }),
    );
    const slow = stack.use(await backend((_, response) => waiting.push(() => response.end())));
    const at = (port: number, more: object = {}) => ({
      endpoint: { address: { socketAddress: { address: '127.0.0.1', portValue: port } } },
      ...more,
    });
    const routes: Route[] = [];
    const put = (name: string, endpoints: LocalityLbEndpoints[], more: Cluster = {}) => {
      const loadAssignment = { clusterName: name, endpoints, ...more.loadAssignment };
      stage.put('cluster', { ...staticCluster(name, [], more), loadAssignment });
      const hashPolicy = [{ header: { headerName: 'x-user' } }];
      routes.push({ match: { path: `/${name}` }, route: { cluster: name, hashPolicy } });
    };
    const weight = (value: number) => ({ loadBalancingWeight: { value } });
    put('weights', [{ lbEndpoints: [at(a, weight(3)), at(b, weight(1))] }]);
    put(
      'localities',
      [
        { locality: zone('x'), ...weight(3), lbEndpoints: [at(a)] },
        { locality: zone('y'), ...weight(1), lbEndpoints: [at(b), at(c)] },
        { locality: zone('z'), lbEndpoints: [at(d)] },
      ],
      { commonLbConfig: { localityWeightedLbConfig: {} } },
    );
    const spare = { priority: 1, lbEndpoints: [at(e)] };
    const half = [at(a), at(b, stated(HealthStatus.UNHEALTHY))];
    put('priorities', [{ lbEndpoints: half }, spare]);
    put('cautious', [{ lbEndpoints: half }, spare], {
      loadAssignment: { policy: { overprovisioningFactor: { value: 100 } } },
    });
    const sick = [
      at(a),
      ...[b, c].map((port) => at(port, stated(HealthStatus.UNHEALTHY))),
      at(d, stated(HealthStatus.TIMEOUT)),
    ];
    put('panic', [{ lbEndpoints: sick }]);
    put('calm', [{ lbEndpoints: sick }], {
      commonLbConfig: { healthyPanicThreshold: { value: 10 } },
    });
    put('lost', [{ lbEndpoints: sick.slice(1) }], {
      commonLbConfig: { healthyPanicThreshold: { value: 0 } },
    });
    const config = pack(`${POLICIES}.maglev.v3.Maglev`, Maglev, { tableSize: { value: 1009 } });
    const own = pack('xds.type.v3.TypedStruct', TypedStruct, {
      typeUrl: 'type.googleapis.com/acme.v1.Clever',
      value: {},
    });
    const maglev = { name: 'envoy.load_balancing_policies.maglev', typedConfig: config };
    const policies = [{ name: 'acme.clever', typedConfig: own }, maglev];
    put('maglev', [{ lbEndpoints: ports.map((port) => at(port)) }], {
      loadBalancingPolicy: {
        policies: policies.map((typedExtensionConfig) => ({ typedExtensionConfig })),
      },
    });
    put('ring', [{ lbEndpoints: ports.map((port, i) => at(port, weight(i + 1))) }], {
      lbPolicy: LbPolicy.RING_HASH,
      ringHashLbConfig: { minimumRingSize: { value: 256 } },
    });
    put('outlier', [{ lbEndpoints: [at(a), at(failing.port)] }], {
      outlierDetection: { consecutive_5xx: { value: 4 }, maxEjectionPercent: { value: 50 } },
    });
    put('alone', [{ lbEndpoints: [at(failing.port)] }], {
      outlierDetection: { consecutive_5xx: { value: 2 } },
      commonLbConfig: { healthyPanicThreshold: { value: 0 } },
    });
    put('gone', [{ lbEndpoints: [at(a), at(await freePort())] }], {
      outlierDetection: {
        splitExternalLocalOriginErrors: true,
        consecutiveLocalOriginFailure: { value: 3 },
        maxEjectionPercent: { value: 50 },
      },
    });
    put('checked', [{ lbEndpoints: [at(a), at(b), at(failing.port), at(await freePort())] }], {
      healthChecks: [
        {
          ...{ timeout: duration(1000), interval: duration(60_000) },
          ...{ unhealthyThreshold: { value: 3 }, healthyThreshold: { value: 2 } },
          httpHealthCheck: { path: '/' },
        },
      ],
      commonLbConfig: { healthyPanicThreshold: { value: 0 } },
    });
    put('limited', [{ lbEndpoints: [at(slow.port)] }], {
      circuitBreakers: { thresholds: [{ maxRequests: { value: 2 } }] },
    });
    const roundRobin = pack(`${POLICIES}.round_robin.v3.RoundRobin`, RoundRobin, {
      slowStartConfig: { slowStartWindow: duration(3_600_000), minWeightPercent: { value: 50 } },
    });
    put('warming', [{ lbEndpoints: [at(a), at(b)] }], {
      loadBalancingPolicy: {
        policies: [
          {
            typedExtensionConfig: {
              name: 'envoy.load_balancing_policies.round_robin',
              typedConfig: roundRobin,
            },
          },
        ],
      },
    });
    stage.put('route', { name: 'all', virtualHosts: [{ name: 'all', domains: ['*'], routes }] });
    stage.put('listener', listener('http', [httpChain({ rds: rds('all') })]));
  });

  const ask = (engine: Engine, cluster: string, user = '') =>
    call(engine.port('http'), 'any', { path: `/${cluster}`, headers: { 'x-user': user } });

  /** Of so many requests, how many each endpoint got, in percent. */
  const shares = async (engine: Engine, cluster: string, count: number) => {
    const counts: Record<string, number> = {};
    for (let i = 0; i < count; i++) {
      const answer = await ask(engine, cluster);
      const place = echoed(answer)?.at ?? String(answer.status);
      counts[place] = (counts[place] ?? 0) + 100 / count;
    }
    return counts;
  };

  for (const [cluster, expected] of Object.entries({
    weights: { a: 75, b: 25 },
    localities: { a: 75, b: 12.5, c: 12.5 },
    priorities: { a: 70, e: 30 },
    cautious: { a: 50, e: 50 },
    panic: { a: 25, b: 25, c: 25, d: 25 },
    calm: { a: 100 },
    lost: { 503: 100 },
    warming: { a: 50, b: 50 },
    checked: { a: 50, b: 50 },
  } as Record<string, Record<string, number>>)) {
    test(`${cluster}: ${JSON.stringify(expected)}`, async () => {
      for (const engine of engines) {
        const found = await shares(engine, cluster, 400);
        assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort(), engine.name);
        for (const [place, share] of Object.entries(expected)) {
          assert(Math.abs(found[place]! - share) < 10, `${engine.name}: ${JSON.stringify(found)}`);
        }
      }
    });
  }

  test('a user goes to the same endpoint by both, by ring and by table', async () => {
    for (const cluster of ['ring', 'maglev']) {
      const [own, envoy] = await Promise.all(
        engines.map(async (engine) => {
          const places: (string | undefined)[] = [];
          for (let i = 0; i < 50; i++) {
            places.push(echoed(await ask(engine, cluster, `user-${i}`))?.at);
          }
          return places;
        }),
      );
      assert.deepEqual(own, envoy, cluster);
      assert(new Set(own).size > 3, `${cluster} uses many endpoints`);
    }
  });

  test('so many failures and no more come of an endpoint before it is ejected', async () => {
    for (const [cluster, failures] of [
      ['outlier', 4],
      ['gone', 3],
    ] as const) {
      for (const engine of engines) {
        let failed = 0;
        for (let i = 0; i < 40; i++) {
          const { status } = await ask(engine, cluster);
          if (status >= 500) failed++;
        }
        // The embedded proxy tries elsewhere whom it can't connect to.
        if (cluster === 'gone' && engine.name === 'embedded') assert.equal(failed, 0);
        else if (engine.name === 'embedded') assert.equal(failed, failures, cluster);
        // Envoy ejects on another thread: requests that come meanwhile still go there.
        else assert.ok(failed >= failures && failed < 40, `${engine.name}: ${cluster} ${failed}`);
      }
    }
  });

  test('the last endpoint is not ejected while its share is more than there may be', async () => {
    for (const engine of engines) {
      for (let i = 0; i < 10; i++) {
        const { status, headers } = await ask(engine, 'alone');
        assert.deepEqual([status, headers['x-from']], [500, 'failing'], engine.name);
      }
    }
  });

  test('what is more than there may be is turned away', async () => {
    for (const engine of engines) {
      const asked = [ask(engine, 'limited'), ask(engine, 'limited')];
      await until(() => waiting.length === 2);
      assert.equal((await ask(engine, 'limited')).status, 503, engine.name);
      for (const answer of waiting.splice(0)) answer();
      for (const { status } of await Promise.all(asked)) assert.equal(status, 200);
    }
  });
});
