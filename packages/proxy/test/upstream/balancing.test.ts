import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Algorithm, Hash64, NO_LOCALITY } from '@meshkeeper/mesh';
import {
  type Cluster,
  type ClusterLoadAssignment,
  duration,
  HashFunction,
  HealthStatus,
  LbPolicy,
  LeastRequest,
  type LoadBalancingPolicy,
  Maglev,
  pack,
  RandomBalancing,
  RingHash,
  RoundRobin,
  TypedStruct,
  WrrLocality,
} from '@meshkeeper/xds';
import { backend } from '../fixture.ts';
import {
  configOf,
  lbEndpoint,
  loopback,
  problemsOf,
  startCluster,
  type TestCluster,
} from './test-cluster.ts';

const EXTENSIONS = 'envoy.extensions.load_balancing_policies';
const roundRobin = (message: RoundRobin = {}) =>
  pack(`${EXTENSIONS}.round_robin.v3.RoundRobin`, RoundRobin, message);
const leastRequest = (message: LeastRequest = {}) =>
  pack(`${EXTENSIONS}.least_request.v3.LeastRequest`, LeastRequest, message);
const ringHash = (message: RingHash = {}) =>
  pack(`${EXTENSIONS}.ring_hash.v3.RingHash`, RingHash, message);
const maglev = (message: Maglev = {}) => pack(`${EXTENSIONS}.maglev.v3.Maglev`, Maglev, message);
const random = () => pack(`${EXTENSIONS}.random.v3.Random`, RandomBalancing, {});
const wrr = (endpointPickingPolicy: LoadBalancingPolicy) =>
  pack(`${EXTENSIONS}.wrr_locality.v3.WrrLocality`, WrrLocality, { endpointPickingPolicy });
const peakEwma = (choices: number) =>
  pack('xds.type.v3.TypedStruct', TypedStruct, {
    typeUrl: 'type.googleapis.com/meshkeeper.v1.PeakEwma',
    value: { fields: { choices: { numberValue: choices } } },
  });
const unknown = { type_url: 'type.googleapis.com/acme.v1.Clever', value: new Uint8Array() };

const policies = (...configs: ReturnType<typeof pack>[]): LoadBalancingPolicy => ({
  policies: configs.map((typedConfig) => ({ typedExtensionConfig: { name: 'x', typedConfig } })),
});
const listed = (...configs: ReturnType<typeof pack>[]): Cluster => ({
  loadBalancingPolicy: policies(...configs),
});

test('of a list of policies the first that is known counts', () => {
  const cases: [Cluster, Algorithm][] = [
    [listed(unknown, random(), roundRobin()), { type: 'random' }],
    [listed(peakEwma(4), leastRequest()), { type: 'peak-ewma', choices: 4 }],
    [listed(roundRobin()), { type: 'round-robin' }],
    [
      listed(leastRequest({ choiceCount: { value: 5 }, activeRequestBias: { defaultValue: 2 } })),
      { type: 'least-request', choices: 5, bias: 2 },
    ],
    [
      listed(ringHash({ minimumRingSize: { value: 64 }, hashFunction: HashFunction.XX_HASH })),
      { type: 'ring-hash', minSize: 64, maxSize: 8_388_608 },
    ],
    [
      listed(
        maglev({
          tableSize: { value: 251 },
          consistentHashingLbConfig: { hashBalanceFactor: { value: 150 } },
        }),
      ),
      { type: 'maglev', tableSize: 251, balanceFactor: 150 },
    ],
    [{ lbPolicy: LbPolicy.RANDOM }, { type: 'random' }],
    [
      { lbPolicy: LbPolicy.LEAST_REQUEST, leastRequestLbConfig: { choiceCount: { value: 3 } } },
      { type: 'least-request', choices: 3, bias: 1 },
    ],
    [
      { lbPolicy: LbPolicy.RING_HASH, ringHashLbConfig: { maximumRingSize: { value: 2048 } } },
      { type: 'ring-hash', minSize: 1024, maxSize: 2048 },
    ],
    [{ lbPolicy: LbPolicy.MAGLEV }, { type: 'maglev', tableSize: 65_537 }],
  ];
  for (const [message, algorithm] of cases) {
    assert.deepEqual(configOf(message).balancing.algorithm, algorithm);
  }
});

test('what balancing does not do is refused by its name', () => {
  const cases: [Cluster, RegExp][] = [
    [listed(unknown), /^load_balancing_policy\.policies: .* \[type\.googleapis\.com\/acme/],
    [
      listed(ringHash({ hashFunction: HashFunction.MURMUR_HASH_2 })),
      /policies\[0\].*hash_function/,
    ],
    [listed(maglev({ tableSize: { value: 100 } })), /table_size: must be a prime/],
    [listed(maglev({ tableSize: { value: 5_000_077 } })), /table_size: must be at most/],
    [
      listed(ringHash({ consistentHashingLbConfig: { useHostnameForHashing: true } })),
      /use_hostname_for_hashing/,
    ],
    [
      listed(roundRobin({ localityLbConfig: { zoneAwareLbConfig: { failTrafficOnPanic: true } } })),
      /zone_aware_lb_config\.fail_traffic_on_panic/,
    ],
    [{ lbPolicy: LbPolicy.CLUSTER_PROVIDED }, /^lb_policy: /],
    [
      { commonLbConfig: { zoneAwareLbConfig: { routingEnabled: { value: 50 } } } },
      /common_lb_config\.zone_aware_lb_config\.routing_enabled/,
    ],
    [listed({ ...roundRobin(), value: new Uint8Array([0xff]) }), /is not a valid/],
    [{ lbSubsetConfig: { subsetSelectors: [{ keys: ['a'] }] } }, /^lb_subset_config/],
  ];
  for (const [message, expected] of cases) assert.match(problemsOf(message), expected);
});

/** How often each endpoint is picked, by its port. */
function picks({ cluster }: TestCluster, count: number): Record<number, number> {
  const counts: Record<number, number> = {};
  for (let i = 0; i < count; i++) {
    const port = cluster.pick()?.port ?? 0;
    counts[port] = (counts[port] ?? 0) + 1;
  }
  return counts;
}

const weight = (value: number) => ({ loadBalancingWeight: { value } });
const zone = (name: string) => ({ region: '', zone: name, subZone: '' });

test('endpoints are picked by their weights, and keep their turns when others come', async () => {
  const endpoints = {
    endpoints: [{ lbEndpoints: [lbEndpoint(1, weight(3)), lbEndpoint(2, weight(1))] }],
  };
  await using web = startCluster(listed(roundRobin()), endpoints);
  assert.deepEqual(picks(web, 400), { 1: 300, 2: 100 });
  const asBefore = web.endpoint(1);
  const { lbEndpoints } = endpoints.endpoints[0]!;
  web.update({
    endpoints: { endpoints: [{ lbEndpoints: [...lbEndpoints, lbEndpoint(3, weight(4))] }] },
  });
  assert.equal(web.endpoint(1), asBefore);
  assert.deepEqual(picks(web, 400), { 1: 150, 2: 50, 3: 200 });
});

test('of one address stated twice the first counts', async () => {
  const twice = [lbEndpoint(1, weight(1)), lbEndpoint(2, weight(1)), lbEndpoint(1, weight(9))];
  await using web = startCluster(listed(roundRobin()), { endpoints: [{ lbEndpoints: twice }] });
  assert.deepEqual(picks(web, 10), { 1: 5, 2: 5 });
});

test('the same hash goes to the same endpoint, to another when that is tried', async () => {
  for (const policy of [ringHash(), maglev()]) {
    const ports = [1, 2, 3, 4, 5];
    await using web = startCluster(listed(policy), loopback(ports));
    const hash = (i: number) => new Hash64().ofText(`user-${i}`);
    const first = ports.map((i) => web.cluster.pick({ hash: hash(i) })!);
    for (const [i, endpoint] of first.entries()) {
      for (let n = 0; n < 10; n++) {
        assert.equal(web.cluster.pick({ hash: hash(ports[i]!) }), endpoint);
      }
      assert.notEqual(web.cluster.pick({ hash: hash(ports[i]!), tried: [endpoint] }), endpoint);
    }
    web.update({ endpoints: loopback([...ports, 6]) });
    const moved = first.filter((each, i) => web.cluster.pick({ hash: hash(ports[i]!) }) !== each);
    assert(moved.length <= 2, 'a newcomer takes few of the others’ keys');
  }
});

test('localities share by their weights, where that is asked for', async () => {
  const endpoints: ClusterLoadAssignment = {
    endpoints: [
      { locality: zone('a'), ...weight(3), lbEndpoints: [lbEndpoint(1)] },
      { locality: zone('b'), ...weight(1), lbEndpoints: [lbEndpoint(2), lbEndpoint(3)] },
      { locality: zone('c'), lbEndpoints: [lbEndpoint(4)] },
    ],
  };
  const weighted = { localityLbConfig: { localityWeightedLbConfig: {} } };
  for (const message of [
    listed(roundRobin(weighted)),
    listed(wrr(policies(unknown, roundRobin()))),
    { commonLbConfig: { localityWeightedLbConfig: {} } },
  ]) {
    await using web = startCluster(message, endpoints);
    assert.deepEqual(picks(web, 800), { 1: 600, 2: 100, 3: 100 }, 'without a weight: nothing');
  }
  await using plain = startCluster(listed(roundRobin()), endpoints);
  assert.deepEqual(picks(plain, 400), { 1: 100, 2: 100, 3: 100, 4: 100 });
});

test('priorities fail over as far as the assignment’s overprovisioning says', async () => {
  const unhealthy = { healthStatus: HealthStatus.UNHEALTHY };
  const endpoints = (factor?: number): ClusterLoadAssignment => ({
    endpoints: [
      { lbEndpoints: [lbEndpoint(1), lbEndpoint(2, unhealthy)] },
      { priority: 1, lbEndpoints: [lbEndpoint(3)] },
    ],
    ...(factor && { policy: { overprovisioningFactor: { value: factor } } }),
  });
  await using web = startCluster(listed(roundRobin()), endpoints());
  const share = () => picks(web, 10_000)[1]! / 10_000;
  assert(Math.abs(share() - 0.7) < 0.02, 'half of 140 %');
  web.update({ endpoints: endpoints(200) });
  assert.deepEqual(picks(web, 100), { 1: 100 });
  web.update({ endpoints: endpoints(100) });
  assert(Math.abs(share() - 0.5) < 0.02);
});

test('panic: too few healthy, and all are used; never when the threshold is 0', async () => {
  const stated = (healthStatus: HealthStatus) => ({ healthStatus });
  const lbEndpoints = [
    lbEndpoint(1),
    lbEndpoint(2, stated(HealthStatus.UNHEALTHY)),
    lbEndpoint(3, stated(HealthStatus.TIMEOUT)),
    lbEndpoint(4, stated(HealthStatus.DRAINING)),
  ];
  const endpoints = { endpoints: [{ lbEndpoints }] };
  await using web = startCluster(listed(roundRobin()), endpoints);
  assert.deepEqual(picks(web, 9), { 1: 3, 2: 3, 3: 3 }, 'but for who drains');
  assert.deepEqual(web.cluster.panicking, [0]);
  const never = {
    ...listed(roundRobin()),
    commonLbConfig: { healthyPanicThreshold: { value: 0 } },
  };
  web.update({ cluster: never });
  assert.deepEqual(picks(web, 9), { 1: 9 });
  web.update({ endpoints: { endpoints: [{ lbEndpoints: lbEndpoints.slice(1) }] } });
  assert.equal(web.cluster.pick(), undefined);
});

test('callers keep to their zone when they know where the others of them are', async () => {
  const group = (name: string, ports: readonly number[]) => ({
    locality: zone(name),
    lbEndpoints: ports.map((port) => lbEndpoint(port)),
  });
  const endpoints = { endpoints: [group('a', [1, 2, 3]), group('b', [4, 5, 6])] };
  const place = (name: string) => ({ ...NO_LOCALITY, zone: name });
  let callers = [place('a'), place('b')];
  const aware = { localityLbConfig: { zoneAwareLbConfig: { minClusterSize: { value: 6 } } } };
  await using web = startCluster(listed(roundRobin(aware)), endpoints, {
    own: place('a'),
    callers: () => callers,
  });
  assert.deepEqual(picks(web, 300), { 1: 100, 2: 100, 3: 100 });
  callers = [];
  web.cluster.callersChanged();
  assert.equal(Object.keys(picks(web, 300)).length, 6, 'as Envoy without a local cluster');
  callers = [place('a'), place('b')];
  web.update({ endpoints: { endpoints: [group('a', [1, 2]), group('b', [4, 5, 6])] } });
  assert.equal(Object.keys(picks(web, 300)).length, 5, 'too few endpoints');
});

test('a newcomer’s weight grows, and goes on growing across updates', async () => {
  let now = 0;
  const slow = { slowStartConfig: { slowStartWindow: duration(10_000) } };
  await using web = startCluster(listed(roundRobin(slow)), loopback([1]), { now: () => now });
  now = 100_000;
  web.update({ endpoints: loopback([1, 2]) });
  const share = () => picks(web, 1_100)[2]! / 1_100;
  assert(Math.abs(share() - 0.1 / 1.1) < 0.01, 'a tenth of its weight');
  now += 5_000;
  web.update({ endpoints: loopback([2, 1]) });
  assert(Math.abs(share() - 0.5 / 1.5) < 0.01);
  web.update({ cluster: { ...listed(roundRobin(slow)), connectTimeout: duration(123) } });
  now += 2_500;
  assert(Math.abs(share() - 0.75 / 1.75) < 0.01);
  now += 2_500;
  assert.equal(share(), 0.5);
});

test('who is slow gets less, by requests under way and by latency', async () => {
  await using quick = await backend((_, response) => response.end('quick'));
  for (const policy of [leastRequest(), peakEwma(2)]) {
    const release = Promise.withResolvers<void>();
    await using stuck = await backend((_, response) => {
      void release.promise.then(() => response.end('stuck'));
    });
    await using web = startCluster(listed(policy), loopback([quick.port, stuck.port]));
    assert(web.cluster.pick());
    const stalled = [web.ask({ to: web.endpoint(stuck.port) })];
    const seen: number[] = [];
    for (let i = 0; i < 20; i++) {
      const to = web.cluster.pick()!;
      const asked = web.ask({ to });
      if (to.port === stuck.port) stalled.push(asked);
      else await asked;
      seen.push(to.port);
    }
    assert(seen.filter((port) => port === quick.port).length >= 18, `${seen}`);
    release.resolve();
    await Promise.all(stalled);
  }
});
