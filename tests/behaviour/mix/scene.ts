import {
  type Endpoint,
  type LoadBalancing,
  NO_LOCALITY,
  type Protocol,
  type Service,
  type Stated,
  type TrafficPolicy,
} from '@meshkeeper/mesh';
import type { Policy, PolicyKind } from '@meshkeeper/policy';
import fc from 'fast-check';
import { written } from '../../../packages/policy/test/arbitrary.ts';
import { repaired } from './repaired.ts';

/** Services, and what is written of them: anything that the schemas allow. */
export interface Scene {
  readonly services: readonly Service[];
  readonly policies: readonly Policy[];
}

/** What a scene is put into. */
export interface Surroundings {
  /** Ports that gateways may take; endpoints have the same. */
  readonly ports: readonly number[];
  /** Names of certificates that there are. */
  readonly certificates: readonly string[];
}

const SERVICES: Readonly<Record<string, Protocol>> = {
  shop: 'http',
  cart: 'http2',
  rpc: 'grpc',
  db: 'tcp',
  'com.acme.Shop:1.0:blue': 'dubbo',
  'Käse & Brot': 'http',
};
const NAMES = Object.keys(SERVICES);
/** The services of every scene. */
export const SERVICE_NAMES: readonly string[] = NAMES;

const SUBSETS = ['v1', 'v2', 'lead'];
const VERSIONS = ['v1', 'v2', 'v3'];
const PLACES = ['', 'a', 'b'];
const KINDS = [
  'HTTPRoute',
  'GRPCRoute',
  'TCPRoute',
  'Gateway',
  'ServicePolicy',
  'FaultPolicy',
  'RateLimitPolicy',
] as const satisfies readonly PolicyKind[];

/** What the schemas allow: made once, which takes longer than a policy. */
const VALUES = Object.fromEntries(KINDS.map((kind) => [kind, written(kind)]));

/** Some services with some policies. */
export function scene(surroundings: Surroundings): fc.Arbitrary<Scene> {
  return fc.record({
    services: fc.tuple(...NAMES.map((name, of) => service(name, of, surroundings))),
    policies: fc
      .array(policy(surroundings), { minLength: 1, maxLength: 10 })
      .map((all) => all.flatMap((make, index) => make(index) ?? [])),
  });
}

const locality = fc.record({
  region: fc.constantFrom(...PLACES),
  zone: fc.constantFrom(...PLACES),
  subzone: fc.constantFrom(...PLACES),
});

/** Nobody listens there: what happens to requests is told by other tests. */
function endpoint(of: number, { ports }: Surroundings): fc.Arbitrary<(at: number) => Endpoint> {
  const fields = fc.record(
    {
      weight: fc.constantFrom(0, 1, 50, 100, 4_000_000_000),
      locality,
      health: fc.constantFrom('healthy', 'unhealthy', 'draining', 'unknown'),
      role: fc.constant('leader' as const),
      metadata: fc.constantFrom(...VERSIONS).map((version) => ({ version })),
      port: fc.constantFrom(...ports),
      warmup: fc.constant({ from: 0, duration: 60_000 }),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  return fields.map((stated) => (at: number) => ({
    id: `e${at}`,
    address: `127.9.${of}.${at + 1}`,
    port: 9,
    weight: 100,
    locality: NO_LOCALITY,
    health: 'healthy',
    metadata: {},
    origin: { registry: 'test', path: `/${of}/${at}`, czxid: 1n, mzxid: 1n, mtime: 0 },
    ...stated,
  }));
}

function stated<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Stated<T>> {
  return value.map((of) => ({ value: of, origin: { source: 'test', path: '/config' } }));
}

const settings = {
  loadBalancing: stated(
    fc.constantFrom<LoadBalancing>(
      ...(['random', 'round-robin', 'least-request', 'peak-ewma', 'ring-hash'] as const),
    ),
  ),
  timeout: stated(fc.nat({ max: 10_000 })),
  perTryTimeout: stated(fc.nat({ max: 1_000 })),
  retries: stated(fc.nat({ max: 5 })),
};

const methods = fc.uniqueArray(
  fc.record(
    { method: fc.constantFrom('Get', 'list.all', '$odd'), ...settings },
    { requiredKeys: ['method'], noNullPrototype: true },
  ),
  { maxLength: 2, selector: ({ method }) => method },
);

const registryPolicy: fc.Arbitrary<TrafficPolicy> = fc.record(
  { ...settings, methods },
  { requiredKeys: [], noNullPrototype: true },
);

function service(name: string, of: number, surroundings: Surroundings): fc.Arbitrary<Service> {
  return fc
    .record(
      { endpoints: fc.array(endpoint(of, surroundings), { maxLength: 4 }), policy: registryPolicy },
      { requiredKeys: ['endpoints'], noNullPrototype: true },
    )
    .map(({ endpoints, ...rest }) => ({
      name,
      // All names are of the table.
      protocol: SERVICES[name] as Protocol,
      endpoints: endpoints.map((make, at) => make(at)),
      ...rest,
    }));
}

/** A policy, told its place among all, from which it has its name. */
function policy(surroundings: Surroundings): fc.Arbitrary<(at: number) => Policy | undefined> {
  return fc.constantFrom(...KINDS).chain((kind) =>
    fc
      .tuple(VALUES[kind]!, fc.array(fc.nat(), { minLength: 24, maxLength: 24 }))
      .map(([value, tape]) => (at: number) => {
        const name = kind === 'Gateway' ? `g${at}` : `p${at}`;
        const named = { ...(value as object), metadata: { name } };
        return repaired(kind, new Referring(surroundings, tape).visit(named));
      }),
  );
}

/** Makes what is written refer to what there is, mostly. */
class Referring {
  readonly #surroundings: Surroundings;
  readonly #tape: readonly number[];
  #at = 0;

  constructor(surroundings: Surroundings, tape: readonly number[]) {
    this.#surroundings = surroundings;
    this.#tape = tape;
  }

  visit(value: unknown, key = ''): unknown {
    if (Array.isArray(value)) return value.map((item) => this.visit(item, key));
    if (typeof value !== 'object' || value === null) return this.#text(value, key);
    const entries = Object.entries(value).map(([name, inner]) => [name, this.visit(inner, name)]);
    return { ...Object.fromEntries(entries), ...this.#reference(key) };
  }

  #text(value: unknown, key: string): unknown {
    if (key === 'subset') return this.#one(SUBSETS);
    if (key === 'port') return this.#one(this.#surroundings.ports);
    return value;
  }

  #reference(key: string): object {
    switch (key) {
      case 'targetRefs':
        return { group: '', kind: 'Service', name: this.#one([...NAMES, 'com.*', '*']) };
      case 'parentRefs':
        return this.#one([
          ...NAMES.map((name) => ({ group: '', kind: 'Service', name })),
          ...[0, 1, 2, 3].map((at) => ({
            group: 'gateway.networking.k8s.io',
            kind: 'Gateway',
            name: `g${at}`,
          })),
        ]);
      case 'backendRefs':
      case 'backendRef':
        return this.#one([
          ...[...NAMES, 'nobody'].map((name) => ({ group: '', kind: 'Service', name })),
          ...SUBSETS.map((subset) => ({
            group: 'meshkeeper.io',
            kind: 'Subset',
            name: `${this.#one(NAMES)}/${subset}`,
          })),
        ]);
      case 'extensionRef':
        return {
          group: 'meshkeeper.io',
          kind: this.#one(['FaultPolicy', 'RateLimitPolicy']),
          name: `p${this.#one([0, 1, 2, 3, 4])}`,
        };
      case 'subsets':
        return { name: this.#one(SUBSETS), metadata: { version: this.#one(VERSIONS) } };
      case 'certificateRefs':
      case 'caCertificateRefs':
        return {
          group: this.#one(['', '', 'example.org']),
          kind: 'Secret',
          name: this.#one(this.#surroundings.certificates),
          namespace: undefined,
        };
      default:
        return {};
    }
  }

  #one<T>(of: readonly T[]): T {
    const drawn = this.#tape[this.#at++ % this.#tape.length]!;
    return of[drawn % of.length]!;
  }
}
