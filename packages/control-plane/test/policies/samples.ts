import assert from 'node:assert/strict';
import { type Policy, parsePolicies } from '@meshkeeper/policy';

/** Reads policies that must be valid. */
export function policiesOf(text: string): Policy[] {
  const { policies, issues } = parsePolicies(text);
  assert.deepEqual(issues, []);
  return policies.map(({ policy }) => policy);
}

/** A route to subsets of a service, or to the service. */
export function route(
  name: string,
  backends: readonly string[],
  { service = 'orders', namespace = '', gateway = '', annotation = '' } = {},
): Policy {
  const refs = backends.map((backend) =>
    backend.includes('/')
      ? `{ group: meshkeeper.io, kind: Subset, name: ${backend} }`
      : `{ name: ${backend} }`,
  );
  const parent =
    gateway === '' ? `{ group: "", kind: Service, name: ${service} }` : `{ name: ${gateway} }`;
  const [policy] = policiesOf(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: ${name}
  ${namespace === '' ? '' : `namespace: ${namespace}`}
  annotations: { note: "${annotation}" }
spec:
  parentRefs: [${parent}]
  rules: [{ backendRefs: [${refs.join(', ')}] }]
`);
  return policy!;
}

/** A policy of a service with these subsets. */
export function servicePolicy(
  name: string,
  subsets: readonly string[] = [],
  { target = name, annotation = '' } = {},
): Policy {
  const list = subsets.map((subset) => `{ name: ${subset}, metadata: { version: "${subset}" } }`);
  const [policy] = policiesOf(`
apiVersion: meshkeeper.io/v1
kind: ServicePolicy
metadata: { name: ${name}, annotations: { note: "${annotation}" } }
spec:
  targetRefs: [{ name: "${target}" }]
  panicThreshold: 40
  ${subsets.length === 0 ? '' : `subsets: [${list.join(', ')}]`}
`);
  return policy!;
}

/** A gateway. */
export function gateway(name: string, { port = 8080, annotation = '' } = {}): Policy {
  const [policy] = policiesOf(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name}, annotations: { note: "${annotation}" } }
spec: { listeners: [{ name: http, port: ${port}, protocol: HTTP }] }
`);
  return policy!;
}
