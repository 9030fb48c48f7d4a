import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type Envoy, skipWithout, startEnvoy } from '@meshkeeper/testbed';
import {
  type Algorithm,
  ClusterBalancer,
  ClusterLoad,
  Hash64,
  type HostBalancer,
  type HostFacts,
  Hosts,
  type LocalityRouting,
  NO_LOCALITY,
  SubsetBalancer,
  type SubsetContext,
  Xoshiro128,
} from '../../src/index.ts';

/** One cluster, as Envoy is told of it and as we are. */
interface Case {
  readonly algorithm: Algorithm;
  /** Fields of Envoy's cluster. */
  readonly cluster: Readonly<Record<string, unknown>>;
  /** What differs from endpoint to endpoint. */
  readonly facts?: (i: number) => Partial<HostFacts<string>>;
  readonly routing?: LocalityRouting;
  /** Envoy's weights of the localities. */
  readonly weights?: Readonly<Record<string, number>>;
  readonly subset?: readonly [string, string];
}

const ENDPOINTS = 12;
const KEYS = 150;
const zone = (name: string) => ({ region: '', zone: name, subzone: '' });
const WEIGHTS = { x: 1, y: 3 };
const ring = { lb_policy: 'RING_HASH' };
const maglev = { lb_policy: 'MAGLEV' };
const sick = (...indices: readonly number[]) => ({
  facts: (i: number): Partial<HostFacts<string>> => ({
    health: indices.includes(i) ? 'unhealthy' : 'healthy',
    priority: i < 6 ? 0 : 1,
  }),
});

const CASES: Readonly<Record<string, Case>> = {
  ring: { algorithm: { type: 'ring-hash' }, cluster: ring },
  'ring with weights': {
    algorithm: { type: 'ring-hash', minSize: 100, maxSize: 500 },
    cluster: { ...ring, ring_hash_lb_config: { minimum_ring_size: 100, maximum_ring_size: 500 } },
    facts: (i) => ({ weight: 1 + (i % 5) }),
  },
  'ring with weights of localities': {
    algorithm: { type: 'ring-hash' },
    cluster: { ...ring, common_lb_config: { locality_weighted_lb_config: {} } },
    facts: (i) => ({ locality: zone(i < 4 ? 'x' : 'y'), weight: 1 + (i % 2) }),
    routing: { type: 'weighted', weight: (at) => (at.zone === 'x' ? WEIGHTS.x : WEIGHTS.y) },
    weights: WEIGHTS,
  },
  maglev: { algorithm: { type: 'maglev' }, cluster: maglev },
  'maglev with weights': {
    algorithm: { type: 'maglev' },
    cluster: maglev,
    facts: (i) => ({ weight: 1 + ((i * i) % 7) }),
  },
  'maglev with a smaller table': {
    algorithm: { type: 'maglev', tableSize: 251 },
    cluster: { ...maglev, maglev_lb_config: { table_size: 251 } },
  },
  'two priorities, the first not good for everything': {
    ...{ algorithm: { type: 'maglev' }, cluster: maglev },
    ...sick(0, 2, 4),
  },
  'two priorities, the second in panic': {
    ...{ algorithm: { type: 'ring-hash' }, cluster: ring },
    ...sick(0, 2, 4, 6, 7, 8, 9, 10),
  },
  'two priorities, both in panic': {
    ...{ algorithm: { type: 'ring-hash' }, cluster: ring },
    ...sick(0, 1, 2, 3, 7, 8, 9, 10),
  },
  'a subset': {
    algorithm: { type: 'maglev' },
    cluster: {
      ...maglev,
      lb_subset_config: {
        subset_selectors: [{ keys: ['version'] }],
        fallback_policy: 'NO_FALLBACK',
      },
    },
    facts: (i) => ({ metadata: { version: `${i % 2}` } }),
    subset: ['version', '1'],
  },
  'bounded ring': {
    algorithm: { type: 'ring-hash', balanceFactor: 125 },
    cluster: {
      ...ring,
      common_lb_config: { consistent_hashing_lb_config: { hash_balance_factor: 125 } },
    },
  },
  'bounded maglev with weights': {
    algorithm: { type: 'maglev', balanceFactor: 133 },
    cluster: {
      ...maglev,
      common_lb_config: { consistent_hashing_lb_config: { hash_balance_factor: 133 } },
    },
    facts: (i) => ({ weight: 1 + (i % 3) }),
  },
};

const skip = skipWithout('envoy');
/** Requests to `/held` are answered when the test says so. */
const held: ServerResponse[] = [];
const backends = Array.from({ length: ENDPOINTS }, () =>
  createServer((request, response) => {
    response.setHeader('x-port', request.socket.localPort!);
    response.flushHeaders();
    if (request.url === '/held') held.push(response);
    else response.end();
  }),
);
let keys: string[] = [];
let envoy: Envoy;
let port: number;

before(async () => {
  for (const backend of backends) await once(backend.listen(0, '127.0.0.1'), 'listening');
  keys = backends.map((backend) => `127.0.0.1:${(backend.address() as AddressInfo).port}`);
  if (skip) return;
  envoy = await startEnvoy({ config: bootstrap() });
  port = (await envoy.listenerPorts()).web!;
});
after(async () => {
  await envoy?.close();
  for (const backend of backends) {
    backend.closeAllConnections();
    backend.close();
  }
});

for (const [name, each] of Object.entries(CASES))
  test(`${name}: Envoy and we pick alike`, { skip }, async () => {
    const balancer = ours(each);
    const bounded = 'balanceFactor' in each.algorithm;
    const picked = new Set<string>();
    for (let i = 0; i < KEYS; i++) {
      // A few keys fill their endpoints, and go on to others, when no request comes to an end.
      const key = bounded ? `key ${i % 4}` : `key ${i}`;
      const theirs = await ask(name, key, bounded ? '/held' : '/');
      const hash = new Hash64().ofText(key);
      const mine = balancer.pick({ hash, ...(each.subset && { subset: [each.subset] }) });
      assert.equal(mine?.key, theirs, key);
      picked.add(theirs);
      if (bounded) mine!.load.started();
    }
    for (const response of held.splice(0)) response.end();
    // Four keys have four endpoints while nobody is overloaded.
    assert(picked.size > 4, `${picked.size}`);
  });

/** The endpoint to which Envoy sends the request. */
async function ask(cluster: string, key: string, path: string): Promise<string> {
  const headers = { 'x-case': cluster, 'x-key': key };
  const request = get({ host: '127.0.0.1', port, path, headers, agent: false });
  const [response] = await once(request, 'response');
  response.resume();
  return `127.0.0.1:${response.headers['x-port']}`;
}

function factsOf({ facts }: Case): HostFacts<string>[] {
  return keys.map((key, i) => ({
    ...{ key, item: key, weight: 1, priority: 0, locality: NO_LOCALITY },
    ...{ health: 'healthy', metadata: {}, ...facts?.(i) },
  }));
}

function ours(each: Case): HostBalancer<string, SubsetContext<string>> {
  const load = new ClusterLoad({ now: () => 0 });
  const options = { algorithm: each.algorithm, random: new Xoshiro128(1), load };
  const create = () => new ClusterBalancer<string>(options);
  const balancer = each.subset
    ? new SubsetBalancer<string>({ selectors: [{ keys: [each.subset[0]] }], create })
    : create();
  balancer.update(new Hosts<string>(load).update(factsOf(each)), each.routing);
  return balancer;
}

function bootstrap() {
  const routes = Object.entries(CASES).map(([name, { subset }]) => ({
    match: { prefix: '/', headers: [{ name: 'x-case', string_match: { exact: name } }] },
    route: {
      cluster: name,
      hash_policy: [{ header: { header_name: 'x-key' } }],
      ...(subset && { metadata_match: metadata(Object.fromEntries([subset])) }),
    },
  }));
  const manager = {
    '@type':
      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'web',
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
        },
      },
    ],
  };
  const filter = {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: manager,
  };
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } };
  const listeners = [{ name: 'web', address, filter_chains: [{ filters: [filter] }] }];
  const clusters = Object.entries(CASES).map(([name, each]) => ({
    ...{ name, connect_timeout: '5s', type: 'STATIC', ...each.cluster },
    load_assignment: { cluster_name: name, endpoints: localities(each) },
  }));
  return { static_resources: { listeners, clusters } };
}

function localities(each: Case) {
  const groups = Map.groupBy(factsOf(each), ({ priority, locality }) => {
    return `${priority} ${locality.zone}`;
  });
  return [...groups.values()].map((group) => {
    const { priority, locality } = group[0]!;
    const weight = each.weights?.[locality.zone];
    return {
      priority,
      locality: { zone: locality.zone },
      ...(weight && { load_balancing_weight: weight }),
      lb_endpoints: group.map((facts) => ({
        endpoint: { address: { socket_address: socketAddress(facts.key) } },
        health_status: facts.health.toUpperCase(),
        load_balancing_weight: facts.weight,
        metadata: metadata(facts.metadata),
      })),
    };
  });
}

function socketAddress(key: string) {
  const [address, portValue] = key.split(':');
  return { address, port_value: Number(portValue) };
}

function metadata(values: Readonly<Record<string, string>>) {
  return { filter_metadata: { 'envoy.lb': values } };
}
