import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DATA_PLANES,
  type DataPlane,
  jsonSchemas,
  type Policy,
  type PolicyKind,
  parsePolicies,
  pathText,
  unsupported,
} from '@meshkeeper/policy';
import fc from 'fast-check';
import { written } from './arbitrary.ts';
import { policiesOf } from './support.ts';

const DATA_PLANE_NAMES = Object.keys(DATA_PLANES) as DataPlane[];

/** The fields of a written policy that a data plane doesn't do. */
function fields(text: string, dataPlane: DataPlane): string[] {
  return policiesOf(text).flatMap((policy) =>
    unsupported(policy, dataPlane).map(({ path }) => pathText(path)),
  );
}

const service = (spec: string) => `
apiVersion: meshkeeper.io/v1
kind: ServicePolicy
metadata: { name: a }
spec: { targetRefs: [{ name: a }], ${spec} }
`;
const route = (rest: string, parent = 'group: "", kind: Service, name: a') => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: a }
spec:
  parentRefs: [{ ${parent} }]
  rules: [{ ${rest} }]
`;

test('a policy without anything special is done by all', () => {
  for (const dataPlane of DATA_PLANE_NAMES) {
    assert.deepEqual(fields(service('timeouts: { request: 2s }'), dataPlane), []);
    assert.deepEqual(fields(route('backendRefs: [{ name: b }]'), dataPlane), []);
  }
});

test('what is stated is named by its field, and what is not stated is not', () => {
  const cases: readonly (readonly [spec: string, dataPlane: DataPlane, fields: string[]])[] = [
    ['loadBalancing: { type: maglev, hash: [{ on: query, name: q }] }', 'envoy', []],
    [
      'loadBalancing: { type: maglev, hash: [{ on: query, name: q }] }',
      'grpc',
      ['spec.loadBalancing.type'],
    ],
    [
      'loadBalancing: { type: ring-hash, hash: [{ on: header, name: h }, { on: source-address }] }',
      'grpc',
      ['spec.loadBalancing.hash[1]'],
    ],
    ['loadBalancing: { type: random }, warmUp: { duration: 10s }', 'envoy', ['spec.warmUp']],
    ['outlierDetection: { consecutive5xx: 3 }', 'grpc', ['spec.outlierDetection']],
    ['outlierDetection: { successRate: {} }', 'grpc', []],
    [
      'outlierDetection: { successRate: {}, consecutive5xx: 3, splitLocal: true, maxEjectionJitter: 1s }',
      'grpc',
      ['consecutive5xx', 'splitLocal', 'maxEjectionJitter'].map(
        (at) => `spec.outlierDetection.${at}`,
      ),
    ],
    ['circuitBreaker: { maxRequests: 5 }', 'grpc', []],
    ['circuitBreaker: { maxConnections: 5 }', 'grpc', ['spec.circuitBreaker.maxConnections']],
    ['retries: { attempts: 2 }', 'grpc', []],
    ['retries: { attempts: 9, on: [5xx] }', 'grpc', ['spec.retries.on', 'spec.retries.attempts']],
    ['healthChecks: [{ type: tcp }]', 'grpc', ['spec.healthChecks']],
    ['healthChecks: [{ type: tcp, port: 1 }, { type: http, port: 1 }]', 'envoy', []],
    [
      'healthChecks: [{ type: tcp }, { type: http, port: 1 }]',
      'envoy',
      ['spec.healthChecks[1].port'],
    ],
    ['locality: { mode: failover }', 'grpc', []],
    [
      'locality: { mode: failover, overprovisioning: 200 }',
      'grpc',
      ['spec.locality.overprovisioning'],
    ],
  ];
  for (const [spec, dataPlane, expected] of cases)
    assert.deepEqual(fields(service(spec), dataPlane), expected, `${dataPlane}: ${spec}`);
});

test("a gateway's routes are no concern of clients", () => {
  const redirect = 'filters: [{ type: RequestRedirect, requestRedirect: { scheme: https } }]';
  assert.deepEqual(fields(route(redirect), 'grpc'), ['spec.rules[0].filters[0]']);
  assert.deepEqual(fields(route(redirect), 'envoy'), []);
  assert.deepEqual(fields(route(redirect, 'name: shop'), 'grpc'), []);
});

test('what is named is there, and has a reason', () => {
  const lookUp = (policy: Policy, path: readonly PropertyKey[]) =>
    // A path of keys into plain data.
    path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], policy);
  // The kinds are the schema's own keys.
  const policy = fc.oneof(...(Object.keys(jsonSchemas()) as PolicyKind[]).map(written));
  let named = 0;
  fc.assert(
    fc.property(policy, fc.constantFrom(...DATA_PLANE_NAMES), (value, dataPlane) => {
      const [found] = parsePolicies(JSON.stringify(value)).policies;
      if (found === undefined) return;
      for (const { path, reason } of unsupported(found.policy, dataPlane)) {
        named++;
        assert.notEqual(lookUp(found.policy, path), undefined, pathText(path));
        assert.match(reason, /\w/);
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(named > 0, 'none of them was named');
});
