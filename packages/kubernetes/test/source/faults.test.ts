import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiClient, RESOURCES } from '@meshkeeper/kubernetes';
import { startKubernetes, until } from '@meshkeeper/testbed';
import { runSource, service, slice, told } from './running-source.ts';

// What only a stand-in can be made to do: a real API server is not broken at will.
const { services, endpointSlices, namespaces } = RESOURCES;

async function cluster() {
  const kubernetes = await startKubernetes();
  const { kubeconfig } = kubernetes;
  const client = await ApiClient.open({ kubeconfig });
  await client.create(namespaces, { metadata: { name: 'shop' } });
  await client.create(services, service('shop', 'web'));
  await client.create(endpointSlices, slice('shop', 'web', 'web-1', [{ addresses: ['10.0.0.1'] }]));
  return {
    kubernetes,
    kubeconfig,
    client,
    async [Symbol.asyncDispose]() {
      await client.close();
      await kubernetes.close();
    },
  };
}

const WEB = ['10.0.0.1:8080 healthy'];

test('a server that is away is stale, and what has changed meanwhile comes with the next reset', async () => {
  await using at = await cluster();
  const { kubernetes, client, kubeconfig } = at;
  await using running = await runSource({ kubeconfig });
  await until(() => running.resets === 1);
  // Not the API itself, which is a Service of each cluster.
  assert.deepEqual([...running.services.keys()], ['web.shop']);
  await kubernetes.stop();
  await until(() => running.source.state.type === 'stale');
  assert.deepEqual(told(running.services.get('web.shop')), WEB);
  await until(() => running.source.problems.get('services')?.code === 'unreadable');
  await kubernetes.start();
  await client.create(services, service('shop', 'api'));
  await until(() => running.source.state.type === 'live' && running.services.has('api.shop'));
  assert.equal(running.source.problems.size, 0);
});

test('a watch that is too old is listed anew, by an event and by an answer', async () => {
  await using at = await cluster();
  const { kubernetes, client, kubeconfig } = at;
  await using running = await runSource({ kubeconfig });
  await until(() => running.resets === 1 && kubernetes.watches === 2);
  kubernetes.expireWatches('services');
  await client.delete(services, 'web', { namespace: 'shop' });
  await until(() => running.services.size === 0 && running.resets >= 2);
  // Behind its back, so that where it was can't be watched from any more.
  await until(() => kubernetes.watches === 2);
  const hold = kubernetes.inject({ verb: 'watch' }, { type: 'fail', code: 503 });
  kubernetes.cutWatches();
  await client.create(services, service('shop', 'api'));
  kubernetes.compact();
  await client.create(services, service('shop', 'late'));
  hold[Symbol.dispose]();
  await until(() => running.services.has('api.shop') && running.services.has('late.shop'));
});

test('a list that expires between its pages begins again', async () => {
  await using at = await cluster();
  const { kubernetes, client, kubeconfig } = at;
  for (let i = 0; i < 120; i++) await client.create(services, service('shop', `s${i}`));
  const slow = kubernetes.inject(
    { verb: 'list', resource: 'services' },
    { type: 'delay', duration: 30 },
  );
  await using running = await runSource({ kubeconfig });
  await until(() =>
    kubernetes.requests.some(({ verb, query }) => verb === 'list' && query.includes('continue')),
  );
  await client.delete(services, 's0', { namespace: 'shop' });
  kubernetes.compact();
  slow[Symbol.dispose]();
  await until(() => running.resets === 1);
  assert.equal(running.services.size, 120);
  assert.ok(!running.services.has('s0.shop'));
  const expired = kubernetes.requests.filter(
    ({ verb, status }) => verb === 'list' && status === 410,
  );
  assert.ok(expired.length >= 1);
});

test('a server that keeps watches open and says nothing is found out', async () => {
  await using at = await cluster();
  const { kubernetes, client, kubeconfig } = at;
  await using running = await runSource({ kubeconfig });
  await until(() => running.resets === 1 && kubernetes.watches === 2);
  kubernetes.silenceWatches();
  await client.create(services, service('shop', 'api'));
  await until(() => running.services.has('api.shop'));
});

test('what is forbidden or missing takes nothing away', async () => {
  await using at = await cluster();
  const { kubernetes, kubeconfig, client } = at;
  await using running = await runSource({ kubeconfig, namespaces: ['shop'] });
  await until(() => running.resets === 1);
  kubernetes.inject({ verb: 'list' }, { type: 'fail', code: 403, reason: 'Forbidden' });
  kubernetes.inject({ verb: 'watch' }, { type: 'fail', code: 403, reason: 'Forbidden' });
  kubernetes.cutWatches();
  await until(() => running.source.state.type === 'stale');
  await until(() => running.source.problems.get('services in shop')?.message.includes('403'));
  assert.deepEqual(told(running.services.get('web.shop')), WEB);
  // The namespace goes while nobody looks: all lists are empty then, and prove nothing.
  await client.delete(namespaces, 'shop');
  kubernetes.compact();
  kubernetes.calm();
  await until(() =>
    running.source.problems.get('services in shop')?.message.includes('nothing proves'),
  );
  assert.deepEqual(told(running.services.get('web.shop')), WEB);
  // It is there again, and it is empty: that does.
  await client.create(namespaces, { metadata: { name: 'shop' } });
  await until(() => running.services.size === 0 && running.source.state.type === 'live');
});

test('a source that may not read all it should says nothing before it does', async () => {
  await using at = await cluster();
  const { kubernetes } = at;
  const kubeconfig = await kubernetes.kubeconfigOf('shop', 'mesh');
  await using running = await runSource({ kubeconfig, namespaces: ['shop'] });
  await until(() => running.source.problems.size === 2);
  assert.equal(running.source.state.type, 'starting');
  assert.equal(running.changes.length, 0);
  const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true };
  const roles = { ...rbac, plural: 'roles', kind: 'Role' };
  const bindings = { ...rbac, plural: 'rolebindings', kind: 'RoleBinding' };
  const rules = ['', 'discovery.k8s.io'].map((group) => ({
    apiGroups: [group],
    resources: ['services', 'endpointslices'],
    verbs: ['list', 'watch'],
  }));
  const metadata = { name: 'mesh', namespace: 'shop' };
  await at.client.create(roles, { metadata, rules } as never);
  await at.client.create(bindings, {
    metadata,
    roleRef: { apiGroup: rbac.group, kind: 'Role', name: 'mesh' },
    subjects: [{ kind: 'ServiceAccount', name: 'mesh', namespace: 'shop' }],
  } as never);
  await until(() => running.resets === 1);
  assert.deepEqual([...running.services.keys()], ['web.shop']);
});

test('a server that asks to be left alone is', async () => {
  await using at = await cluster();
  const { kubernetes, kubeconfig } = at;
  const busy = { type: 'fail', code: 429, retryAfter: 1 } as const;
  kubernetes.inject({ verb: 'list', resource: 'services' }, busy, { times: 1 });
  kubernetes.clearRequests();
  const begun = performance.now();
  await using running = await runSource({ kubeconfig });
  await until(() => running.resets === 1);
  assert.ok(performance.now() - begun >= 1_000);
  assert.equal(kubernetes.count({ verb: 'list', resource: 'services' }), 2);
});

test('Services of type NodePort are reached at the nodes that run their endpoints', async () => {
  await using at = await cluster();
  const { kubernetes, client, kubeconfig } = at;
  const node = (name: string, addresses: object[]) =>
    client.create(RESOURCES.nodes, { metadata: { name }, status: { addresses } } as never);
  await node('n1', [
    { type: 'InternalIP', address: '10.1.0.1' },
    { type: 'ExternalIP', address: '198.51.100.1' },
  ]);
  await node('n2', [{ type: 'InternalIP', address: '10.1.0.2' }]);
  await node('n3', [{ type: 'InternalIP', address: '10.1.0.3' }]);
  await using before = await runSource({ kubeconfig, nodePorts: 'external' });
  await until(() => before.resets === 1);
  assert.equal(kubernetes.count({ resource: 'nodes', verb: 'list' }), 0);
  const made = await client.create(services, service('shop', 'np', { type: 'NodePort' }));
  const port = made.spec?.ports?.[0]?.nodePort;
  await client.create(
    endpointSlices,
    slice('shop', 'np', 'np-1', [
      { addresses: ['10.0.1.1'], nodeName: 'n1', conditions: { ready: false } },
      { addresses: ['10.0.1.2'], nodeName: 'n1' },
      { addresses: ['10.0.1.3'], nodeName: 'n2', conditions: { ready: false } },
    ]),
  );
  const expected = [`198.51.100.1:${port} healthy`, `10.1.0.2:${port} unhealthy`];
  await until(() => assert.deepEqual(told(before.services.get('np.shop')), expected) ?? true);
  assert.ok(kubernetes.count({ resource: 'nodes', verb: 'list' }) > 0);
});
