import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kubernetesPolicy, type PolicyContext } from '../../src/gateway-api/kubernetes-policy.ts';
import { POLICY_RESOURCES, type PolicyObject } from '../../src/gateway-api/policy-kinds.ts';
import { isGranted } from '../../src/gateway-api/reference-grants.ts';

const [HTTP_ROUTES] = POLICY_RESOURCES as [(typeof POLICY_RESOURCES)[number]];
const SERVICE_POLICIES = POLICY_RESOURCES.find(({ kind }) => kind === 'ServicePolicy')!;
const SERVICE = { group: '', kind: 'Service' };
/** Each Service has two ports, and `absent` isn't there. */
const context: PolicyContext = {
  naming: {
    portsOf(namespace, name) {
      if (name === 'absent') return undefined;
      const base = `k8s/${name}.${namespace}`;
      return [
        { name: base, port: 80, portName: 'http' },
        { name: `${base}:admin`, port: 81, portName: 'admin' },
      ];
    },
    wouldBe: (namespace, name) => `k8s/${name}.${namespace}`,
  },
  isGranted: (_, { namespace }) => namespace === 'open',
};

function route(parents: readonly object[], rule: object = {}): PolicyObject {
  return {
    metadata: {
      ...{ name: 'r', namespace: 'shop', generation: 3 },
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', own: 'x' },
    },
    spec: { parentRefs: parents as never, rules: [rule] },
  };
}

function read(object: PolicyObject) {
  const { policy, parents } = kubernetesPolicy(HTTP_ROUTES, object, context) ?? {};
  const spec = policy?.document.spec as { parentRefs: { name: string }[]; rules: object[] };
  return { policy, parents, spec };
}

const orders = { ...SERVICE, name: 'orders', port: 80 };

describe('a route for services', () => {
  it('is read with the names that its services have in the mesh', () => {
    const { policy, spec } = read(
      route([orders], {
        backendRefs: [
          { name: 'orders-v2', port: 80, weight: 1 },
          { ...SERVICE, name: 'orders-v2', port: 81 },
          { ...SERVICE, name: 'cart', namespace: 'open', port: 80 },
          { group: 'meshkeeper.io', kind: 'Subset', name: 'orders/v2' },
          { name: 'absent', port: 80 },
          { name: 'orders', port: 99 },
          { group: 'example.com', kind: 'Bucket', name: 'b' },
        ],
        filters: [
          { type: 'RequestMirror', requestMirror: { backendRef: { name: 'log', port: 80 } } },
        ],
      }),
    );
    assert.deepEqual(spec.rules, [
      {
        backendRefs: [
          { ...SERVICE, name: 'k8s/orders-v2.shop', weight: 1 },
          { ...SERVICE, name: 'k8s/orders-v2.shop:admin' },
          { ...SERVICE, name: 'k8s/cart.open' },
          { group: 'meshkeeper.io', kind: 'Subset', name: 'k8s/orders.shop/v2' },
          { ...SERVICE, name: 'k8s/absent.shop' },
          { ...SERVICE, name: 'k8s/orders.shop:99' },
          { group: 'example.com', kind: 'Bucket', name: 'b' },
        ],
        filters: [
          {
            type: 'RequestMirror',
            requestMirror: { backendRef: { ...SERVICE, name: 'k8s/log.shop' } },
          },
        ],
      },
    ]);
    assert.equal(policy?.id, 'HTTPRoute shop/r');
    assert.equal(policy.version, '3');
    assert.equal(policy.createdAt, Date.parse('2026-01-01T00:00:00Z'));
    assert.deepEqual(policy.document.metadata, {
      ...{ name: 'r', namespace: 'shop', annotations: { own: 'x' } },
    });
    assert.equal(policy.conditions, undefined);
  });

  it('is for each port of its parent that it doesn’t tell apart', () => {
    const names = (ref: object) =>
      read(route([{ ...SERVICE, name: 'orders', ...ref }])).spec.parentRefs.map(({ name }) => name);
    assert.deepEqual(names({}), ['k8s/orders.shop', 'k8s/orders.shop:admin']);
    assert.deepEqual(names({ port: 81 }), ['k8s/orders.shop:admin']);
    assert.deepEqual(names({ sectionName: 'http' }), ['k8s/orders.shop']);
    assert.deepEqual(names({ port: 99 }), []);
  });

  it('is for all callers beside the service only', () => {
    const elsewhere = { ...SERVICE, name: 'cart', namespace: 'other' };
    const { parents, spec } = read(
      route([orders, elsewhere, { ...SERVICE, name: 'absent' }, { name: 'gateway' }]),
    );
    assert.deepEqual(
      parents?.map(({ type }) => type),
      ['producer', 'consumer', 'missing'],
    );
    assert.equal(spec.parentRefs.length, 1);
    assert.equal(kubernetesPolicy(HTTP_ROUTES, route([{ name: 'gateway' }]), context), undefined);
    const reason = (parent: object) => read(route([parent])).policy?.conditions?.[0]?.reason;
    assert.equal(reason(elsewhere), 'UnsupportedValue');
    assert.equal(reason({ ...SERVICE, name: 'absent' }), 'NoMatchingParent');
  });

  it('sends nothing to a namespace that doesn’t grant it', () => {
    const { policy, spec } = read(
      route([orders], {
        backendRefs: [{ name: 'cart', namespace: 'closed', port: 80, weight: 2 }],
      }),
    );
    assert.deepEqual(spec.rules, [
      {
        backendRefs: [{ group: 'meshkeeper.io', kind: 'NotPermitted', name: 'cart', weight: 2 }],
      },
    ]);
    const [condition] = policy?.conditions ?? [];
    assert.equal(condition?.reason, 'RefNotPermitted');
    assert.match(condition?.message ?? '', /closed\/cart/);
  });
});

describe('a policy of ours', () => {
  it('is for Services of its namespace, with all of their ports', () => {
    const object = {
      metadata: { name: 'p', namespace: 'shop' },
      spec: {
        targetRefs: [
          { name: 'orders' },
          { group: '', kind: 'Service', name: 'web-*' },
          { name: 'absent' },
          { kind: 'HTTPRoute', name: 'r' },
        ],
      },
    };
    const found = kubernetesPolicy(SERVICE_POLICIES, object, context);
    assert.deepEqual(found?.policy.document.spec, {
      targetRefs: [
        { name: 'k8s/orders.shop' },
        { name: 'k8s/orders.shop:admin' },
        { group: '', kind: 'Service', name: 'k8s/web-*.shop' },
        { name: 'k8s/absent.shop' },
        { kind: 'HTTPRoute', name: 'r' },
      ],
    });
  });
});

describe('a ReferenceGrant', () => {
  const from = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop' }];
  const referrer = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop' };
  const grant = (to: readonly object[], namespace = 'other') => ({
    metadata: { name: 'g', namespace },
    spec: { from, to: to as never },
  });
  const service = { namespace: 'other', name: 'cart' };

  it('is of its namespace, for who it names, to what it names', () => {
    const core = { group: '', kind: 'Service' };
    assert.ok(isGranted([grant([core])], referrer, service));
    assert.ok(isGranted([grant([{ ...core, name: 'cart' }])], referrer, service));
    assert.ok(!isGranted([grant([{ ...core, name: 'orders' }])], referrer, service));
    assert.ok(!isGranted([grant([{ ...core, kind: 'Secret' }])], referrer, service));
    assert.ok(!isGranted([grant([core], 'shop')], referrer, service));
    assert.ok(!isGranted([grant([core])], { ...referrer, kind: 'GRPCRoute' }, service));
    assert.ok(!isGranted([grant([core])], { ...referrer, namespace: 'x' }, service));
    assert.ok(!isGranted([{ metadata: { name: 'g', namespace: 'other' } }], referrer, service));
  });
});
