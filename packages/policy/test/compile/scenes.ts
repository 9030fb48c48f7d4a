import { type Policy, parsePolicies } from '@meshkeeper/policy';
import fc from 'fast-check';

/** Policies that have something to do with each other: few names, hosts, paths, each of them often. */

const SERVICES = ['orders', 'carts', 'ord*', '*'] as const;
const HOSTS = [
  'a.example.com',
  'b.example.com',
  '*.example.com',
  '*.b.example.com',
  'c.b.example.com',
  'example.org',
] as const;

const service = fc.constantFrom('orders', 'carts');
const hostnames = fc.uniqueArray(fc.constantFrom(...HOSTS), { maxLength: 2 });

const path = fc.oneof(
  fc.record({
    type: fc.constantFrom('Exact', 'PathPrefix'),
    value: fc.constantFrom('/', '/a', '/a/', '/a/b', '/ab', '/a/b/c'),
  }),
  fc.record({
    type: fc.constant('RegularExpression'),
    value: fc.constantFrom('/a.*', '/[ab]+', '/a/.', '/.*'),
  }),
);
const field = (...names: string[]) =>
  fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...names),
      type: fc.constantFrom('Exact', 'RegularExpression'),
      value: fc.constantFrom('1', '2', '12'),
    }),
    { maxLength: 2, selector: ({ name }) => name },
  );
const headers = field('X-One', 'x-one', 'x-two');

const httpMatch = fc.record(
  {
    path,
    method: fc.constantFrom('GET', 'POST'),
    headers,
    queryParams: field('q', 'Q'),
  },
  { requiredKeys: [], noNullPrototype: true },
);

const call = fc.oneof(
  fc.constantFrom(
    { service: 'a.B' },
    { service: 'a.Bee' },
    { service: 'a.B', method: 'Get' },
    { service: 'a.Bee', method: 'Get' },
    { method: 'Get' },
    { method: 'List' },
  ),
  fc.constantFrom(
    { type: 'RegularExpression', service: 'a\\..*' },
    { type: 'RegularExpression', service: 'a\\.B', method: 'Get|List' },
    { type: 'RegularExpression', method: 'G.*' },
  ),
);
const grpcMatch = fc.record({ method: call, headers }, { requiredKeys: [], noNullPrototype: true });

const backendRefs = fc.array(fc.record({ name: service, weight: fc.integer({ min: 0, max: 3 }) }), {
  maxLength: 2,
});

const toService = service.map((name) => ({ group: '', kind: 'Service', name }));
const toGateway = fc.record(
  { name: fc.constantFrom('edge', 'inner'), sectionName: fc.constantFrom('web', 'any', 'db') },
  { requiredKeys: ['name'], noNullPrototype: true },
);
const parentRefs = fc.uniqueArray(fc.oneof(toService, toGateway), {
  minLength: 1,
  maxLength: 2,
  selector: ({ name }) => name,
});

const extension = (kind: string) => ({
  type: 'ExtensionRef',
  extensionRef: { group: 'meshkeeper.io', kind, name: 'p0' },
});
const filters = fc.uniqueArray(
  fc.constantFrom(extension('FaultPolicy'), extension('RateLimitPolicy'), {
    type: 'RequestHeaderModifier',
    requestHeaderModifier: { remove: ['x-one'] },
  }),
  { maxLength: 2 },
);

/** The spec of a route of requests. */
function routeSpec(match: fc.Arbitrary<unknown>) {
  const rule = fc.record({ matches: fc.array(match, { maxLength: 3 }), filters, backendRefs });
  return fc.record({
    parentRefs,
    hostnames,
    rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
  });
}

const listener = fc.record(
  {
    name: fc.constantFrom('web', 'any', 'db'),
    port: fc.constantFrom(80, 81, 82),
    protocol: fc.constant('HTTP'),
    hostname: fc.constantFrom(...HOSTS),
  },
  { requiredKeys: ['name', 'port', 'protocol'], noNullPrototype: true },
);
const listeners = fc
  .uniqueArray(listener, { minLength: 1, maxLength: 3, selector: ({ name }) => name })
  .map((all) => all.filter((one, i) => all.findIndex((other) => sameAddress(one, other)) === i))
  .chain((all) => fc.constantFrom(all, [...all, { name: 'tcp', port: 82, protocol: 'TCP' }]));

function sameAddress(
  a: { readonly port: number; readonly hostname?: string },
  b: { readonly port: number; readonly hostname?: string },
): boolean {
  return a.port === b.port && a.hostname === b.hostname;
}

const serviceRefs = fc.uniqueArray(fc.constantFrom(...SERVICES), { minLength: 1, maxLength: 2 });
const trafficRefs = fc.uniqueArray(
  fc.oneof(
    fc.constantFrom(...SERVICES).map((name) => ({ name })),
    fc.constantFrom('p0', 'p1').map((name) => ({ kind: 'HTTPRoute', name })),
  ),
  { minLength: 1, maxLength: 2, selector: ({ name }) => name },
);

const SPECS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  HTTPRoute: routeSpec(httpMatch),
  GRPCRoute: routeSpec(grpcMatch),
  TCPRoute: fc.record({
    parentRefs,
    rules: service.map((name) => [{ backendRefs: [{ name }] }]),
  }),
  Gateway: fc.record({ listeners }),
  ServicePolicy: fc.record({
    targetRefs: serviceRefs.map((names) => names.map((name) => ({ name }))),
    timeouts: fc.constantFrom({ request: '1s' }, { request: '2s' }),
  }),
  FaultPolicy: fc.record({
    targetRefs: trafficRefs,
    abort: fc.constantFrom({ httpStatus: 500, percent: 1 }, { httpStatus: 503, percent: 1 }),
  }),
  RateLimitPolicy: fc.record({
    targetRefs: trafficRefs,
    local: fc.constantFrom({ limits: [{ requests: 1 }] }, { limits: [{ requests: 2 }] }),
  }),
};

/** A policy of a kind as it is written, by which others can be told from it. */
function written(kind: string): fc.Arbitrary<readonly [id: string, text: string]> {
  const named: Readonly<Record<string, readonly string[]>> = { Gateway: ['edge', 'inner'] };
  return fc
    .record({
      name: fc.constantFrom(...(named[kind] ?? ['p0', 'p1', 'p2', 'p3'])),
      spec: SPECS[kind]!,
    })
    .map(({ name, spec }) => {
      const group = /Route$|^Gateway$/.test(kind) ? 'gateway.networking.k8s.io' : 'meshkeeper.io';
      const policy = { apiVersion: `${group}/v1`, kind, metadata: { name }, spec };
      return [`${kind}/${name}`, JSON.stringify(policy)];
    });
}

/** Some policies, each with an id of its own, of some kinds. */
export function scene(...kinds: readonly string[]): fc.Arbitrary<readonly Policy[]> {
  const all = kinds.length === 0 ? Object.keys(SPECS) : kinds;
  return fc
    .uniqueArray(fc.oneof(...all.map(written)), { maxLength: 10, selector: ([id]) => id })
    .map((texts) => policiesOf(texts.map(([, text]) => text)));
}

function policiesOf(texts: readonly string[]): Policy[] {
  const { policies, issues } = parsePolicies(texts.join('\n---\n'));
  if (issues.length > 0) throw new Error(JSON.stringify(issues));
  return policies.map(({ policy }) => policy);
}
