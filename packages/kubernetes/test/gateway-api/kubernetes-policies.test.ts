import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KubernetesPolicies, type KubernetesPolicy, type Verdict } from '@meshkeeper/kubernetes';
import { until } from '@meshkeeper/testbed';
import { CONTROLLER, statusOf } from '../../src/gateway-api/conditions.ts';
import { kubernetesPolicy } from '../../src/gateway-api/kubernetes-policy.ts';
import { POLICY_RESOURCES, type PolicyObject } from '../../src/gateway-api/policy-kinds.ts';
import { testCluster } from '../cluster.ts';

const [HTTP_ROUTES] = POLICY_RESOURCES as [(typeof POLICY_RESOURCES)[number]];
const naming = (namespace: string, name: string) =>
  name === 'absent' ? undefined : `${name}.${namespace}`;
const SERVICE = { group: '', kind: 'Service', port: 80 };

function route(parents: readonly object[], backends: readonly object[] = []): PolicyObject {
  return {
    metadata: { name: 'r', namespace: 'shop', generation: 1 },
    spec: { parentRefs: parents as never, rules: [{ backendRefs: backends }] },
  };
}

describe('routes for services', () => {
  it('are read with the names that the mesh has', () => {
    const read = kubernetesPolicy(
      HTTP_ROUTES,
      route(
        [{ ...SERVICE, name: 'orders' }],
        [
          { name: 'orders-v2', port: 80, weight: 1 },
          { ...SERVICE, name: 'cart', namespace: 'other' },
          { group: 'meshkeeper.io', kind: 'Subset', name: 'a/b' },
        ],
      ),
      naming,
    );
    assert.deepEqual(read?.document.spec, {
      parentRefs: [{ ...SERVICE, name: 'orders.shop' }],
      rules: [
        {
          backendRefs: [
            { ...SERVICE, name: 'orders-v2.shop', weight: 1 },
            { ...SERVICE, name: 'cart.other' },
            { group: 'meshkeeper.io', kind: 'Subset', name: 'a/b' },
          ],
        },
      ],
    });
  });

  it('are for all callers beside the service only', () => {
    const parents = [
      { ...SERVICE, name: 'orders' },
      { ...SERVICE, name: 'cart', namespace: 'other' },
      { ...SERVICE, name: 'absent' },
      { name: 'gateway' },
    ];
    const read = kubernetesPolicy(HTTP_ROUTES, route(parents), naming);
    assert.deepEqual(
      read?.parents.map(({ type }) => type),
      ['producer', 'consumer', 'missing'],
    );
    const { parentRefs } = read!.document.spec as { parentRefs: readonly unknown[] };
    assert.equal(parentRefs.length, 1);
    assert.equal(kubernetesPolicy(HTTP_ROUTES, route([{ name: 'gateway' }]), naming), undefined);
  });
});

describe('what became of them', () => {
  const good: Verdict = { generation: 1, programmed: 'True' };
  const parents = [{ ref: { ...SERVICE, name: 'orders' }, type: 'producer' as const }];
  const now = '2026-01-01T00:00:00Z';

  it('stands beside what other controllers say', () => {
    const theirs = { parentRef: { name: 'gateway' }, controllerName: 'example.com/other' };
    const object = { ...route([]), status: { parents: [theirs] } };
    const status = statusOf(object, parents, true, good, now);
    assert.equal(status?.parents?.[0], theirs);
    assert.equal(status?.parents?.[1]?.controllerName, CONTROLLER);
    assert.deepEqual(
      status?.parents?.[1]?.conditions?.map(({ type, status: of }) => [type, of]),
      [
        ['Accepted', 'True'],
        ['ResolvedRefs', 'True'],
        ['Programmed', 'True'],
      ],
    );
    assert.equal(statusOf({ ...object, status: status! }, parents, true, good, 'later'), undefined);
  });

  it('keeps the time of what has not changed', () => {
    const first = statusOf(route([]), parents, true, { ...good, programmed: 'False' }, now);
    const object = { ...route([]), status: first! };
    const later = statusOf(object, parents, true, good, '2026-01-02T00:00:00Z');
    assert.deepEqual(
      later?.parents?.[0]?.conditions?.map(({ lastTransitionTime }) => lastTransitionTime),
      [now, now, '2026-01-02T00:00:00Z'],
    );
  });

  it('says why not', () => {
    const rejected = { reason: 'Invalid', message: 'no' };
    const status = statusOf(route([]), parents, true, { ...good, rejected }, now);
    const [accepted, , programmed] = status?.parents?.[0]?.conditions ?? [];
    assert.deepEqual(
      [accepted?.status, accepted?.reason, accepted?.message],
      ['False', 'Invalid', 'no'],
    );
    assert.equal(programmed?.status, 'False');
    const missing = statusOf(route([]), [{ ...parents[0]!, type: 'missing' }], true, good, now);
    assert.equal(missing?.parents?.[0]?.conditions?.[0]?.reason, 'NoMatchingParent');
  });
});

describe('policies in a cluster', async () => {
  const cluster = await testCluster();

  it('are followed, and what became of them is written back once', async () => {
    const { client } = cluster;
    const namespace = await cluster.namespace();
    const stop = new AbortController();
    await using policies = new KubernetesPolicies({
      ...{ client, namespace, naming, logger: { info() {}, warn() {} } },
      backOff: { first: 20, longest: 100 },
    });
    let newest: readonly KubernetesPolicy[] | undefined;
    const following = (async () => {
      for await (const list of policies.changes(stop.signal)) {
        newest = list;
        policies.judge(
          new Map(
            list.map(({ id, generation }) => [id, { generation, programmed: 'True' } as const]),
          ),
        );
      }
    })();
    // Our own kinds are not installed: there are none of them.
    await until(() => newest !== undefined);
    const made = await client.create(HTTP_ROUTES, {
      metadata: { name: 'r', namespace },
      spec: { parentRefs: [{ ...SERVICE, name: 'orders' }], rules: [{}] } as never,
    });
    const read = () => client.get(HTTP_ROUTES, 'r', { namespace });
    const conditions = async () => (await read()).status?.parents?.[0]?.conditions ?? [];
    await until(async () => (await conditions()).length === 3);
    const written = await read();
    assert.equal(newest?.[0]?.id, `HTTPRoute/${namespace}/r`);
    await client.update(HTTP_ROUTES, {
      ...written,
      spec: { ...made.spec, hostnames: ['orders.example'] },
    });
    await until(async () => (await conditions()).every((each) => each.observedGeneration === 2));
    await client.delete(HTTP_ROUTES, 'r', { namespace });
    await until(() => newest?.length === 0);
    if (cluster.standIn)
      assert.equal(cluster.standIn.count({ verb: 'update', resource: 'httproutes' }), 3);
    stop.abort();
    await following;
  });
});
