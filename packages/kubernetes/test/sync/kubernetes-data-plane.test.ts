import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RESOURCES } from '@meshkeeper/kubernetes';
import { until } from '@meshkeeper/testbed';
import { testCluster } from '../cluster.ts';
import {
  endpoint,
  endpoints,
  expected,
  Published,
  rule,
  seen,
  service,
  slicesIn,
} from './fixture.ts';

const cluster = await testCluster();
const { client } = cluster;

/** Counts what is written from now on; of a real cluster nobody can. */
function writes(namespace: string): () => number {
  const { standIn } = cluster;
  if (standIn === undefined) return () => 0;
  const count = () =>
    ['create', 'update', 'patch', 'delete']
      .map((verb) => standIn.count({ verb, namespace }))
      .reduce((sum, each) => sum + each);
  const before = count();
  return () => count() - before;
}

describe('services of the mesh in Kubernetes', () => {
  it('are Services without selector, with slices of our own', async () => {
    const namespace = await cluster.namespace();
    await using published = new Published({ client, rules: [rule(namespace)] });
    published.hold(
      service('orders', endpoint(1), endpoint(2, { health: 'unhealthy', weight: 5 })),
      service('com.acme.Cart:1.0', endpoint(3)),
    );
    await published.applied();
    assert.deepEqual(await seen(client, namespace), {
      orders: ['10.1.0.1 8080 true', '10.1.0.2 8080 false'],
      'com-acme-cart-1-0': ['10.1.0.3 8080 true'],
    });
    const made = await client.get(RESOURCES.services, 'com-acme-cart-1-0', { namespace });
    assert.equal(made.metadata.annotations?.['meshkeeper.io/service'], 'com.acme.Cart:1.0');
    assert.equal(made.metadata.labels?.['meshkeeper.io/mesh'], 'm1');
    assert.deepEqual([made.spec?.clusterIP, made.spec?.selector], ['None', undefined]);
    const slices = await slicesIn(client, namespace);
    const slice = slices.find(({ metadata }) => metadata.name.startsWith('orders'));
    assert.equal(
      slice?.metadata.labels?.['endpointslice.kubernetes.io/managed-by'],
      'meshkeeper.io',
    );
    assert.equal(slice?.metadata.annotations?.['meshkeeper.io/weights'], '{"10.1.0.2":5}');
    assert.equal(slice?.metadata.ownerReferences?.[0]?.kind, 'Service');
  });

  it('are written once, and again only where they have changed', async () => {
    const namespace = await cluster.namespace();
    await using published = new Published({ client, rules: [rule(namespace)] });
    const all = endpoints(0, 250);
    const first = writes(namespace);
    published.hold(service('big', ...all), service('other', endpoint(1)));
    await published.applied();
    if (cluster.standIn) assert.equal(first(), 6, 'two Services, four slices');
    const again = writes(namespace);
    published.hold(service('big', ...all.toReversed()), service('other', endpoint(1)));
    await published.applied();
    assert.equal(again(), 0, 'another order is no change');
    const one = writes(namespace);
    published.hold(service('big', ...all.slice(1), endpoint(999)), service('other', endpoint(1)));
    await published.applied();
    if (cluster.standIn) assert.equal(one(), 1, 'one came into the hole of the one that went');
    const slices = await slicesIn(client, namespace);
    assert.ok(slices.every((slice) => (slice.endpoints ?? []).length <= 100));
  });

  it('are taken over by the next that leads, without a write', async () => {
    const namespace = await cluster.namespace();
    const orders = service('orders', ...endpoints(0, 150));
    {
      await using published = new Published({ client, rules: [rule(namespace)] });
      published.hold(orders);
      await published.applied();
    }
    const count = writes(namespace);
    await using published = new Published({ client, rules: [rule(namespace)] });
    published.hold(orders);
    await published.applied();
    assert.equal(count(), 0);
  });

  it('go when they are gone, with their slices', async () => {
    const namespace = await cluster.namespace();
    await using published = new Published({ client, rules: [rule(namespace)] });
    published.hold(service('a', endpoint(1)), service('b', endpoint(2)));
    await published.applied();
    published.hold(service('b', endpoint(2)));
    await published.applied();
    assert.deepEqual(await seen(client, namespace), { b: ['10.1.0.2 8080 true'] });
    assert.equal((await slicesIn(client, namespace)).length, 1);
  });

  it('keep their port when endpoints move to another', async () => {
    const namespace = await cluster.namespace();
    const rules = [rule(namespace, { type: 'ClusterIP' })];
    await using published = new Published({ client, rules });
    published.hold(service('orders', endpoint(1)));
    await published.applied();
    published.hold(service('orders', endpoint(1, { port: 9090 })));
    await published.applied();
    const { spec } = await client.get(RESOURCES.services, 'orders', { namespace });
    assert.equal(spec?.ports?.[0]?.port, 8080);
    assert.deepEqual(await seen(client, namespace), { orders: ['10.1.0.1 9090 true'] });
  });

  it('tell two apart that would have one name', async () => {
    const namespace = await cluster.namespace();
    await using published = new Published({ client, rules: [rule(namespace)] });
    const [plain, upper] = [service('orders', endpoint(1)), service('Orders', endpoint(2))];
    published.hold(plain, upper);
    await published.applied();
    const names = Object.keys(await seen(client, namespace)).sort();
    assert.equal(names.length, 2);
    assert.equal(names[0], 'orders');
    assert.match(names[1]!, /^orders-[0-9a-f]{6}$/);
    published.hold(upper);
    await published.applied();
    assert.deepEqual(await seen(client, namespace), { orders: ['10.1.0.2 8080 true'] });
  });

  it('are without addresses that no slice takes, and say so', async () => {
    const namespace = await cluster.namespace();
    await using published = new Published({ client, rules: [rule(namespace)] });
    published.hold(service('orders', endpoint(1), endpoint(2, { address: '127.0.0.1' })));
    await published.applied();
    assert.deepEqual(await seen(client, namespace), { orders: ['10.1.0.1 8080 true'] });
    const [problem] = [...published.plane.problems];
    assert.equal(problem?.[0], `${namespace}/orders e2`);
    assert.match(problem?.[1] ?? '', /loopback/);
  });

  it('come back when somebody deletes or changes them', async () => {
    const namespace = await cluster.namespace();
    await using published = new Published({ client, rules: [rule(namespace)] });
    const orders = service('orders', ...endpoints(0, 3));
    published.hold(orders);
    await published.applied();
    const [slice] = await slicesIn(client, namespace);
    await client.delete(RESOURCES.endpointSlices, slice!.metadata.name, { namespace });
    await until(async () => {
      assert.deepEqual(await seen(client, namespace), expected(orders));
      return true;
    });
    const [again] = await slicesIn(client, namespace);
    await client.update(RESOURCES.endpointSlices, { ...again!, endpoints: [] });
    await client.delete(RESOURCES.services, 'orders', { namespace });
    await until(async () => {
      assert.deepEqual(await seen(client, namespace), expected(orders));
      return true;
    });
  });
});

describe('what is not ours in Kubernetes', () => {
  it('is never touched, nor given our endpoints', async () => {
    const namespace = await cluster.namespace();
    const theirs = await client.create(RESOURCES.services, {
      metadata: { name: 'orders', namespace, labels: { app: 'orders' } },
      spec: { ports: [{ port: 80 }] },
    });
    await using published = new Published({ client, rules: [rule(namespace)] });
    published.hold(service('orders', endpoint(1)), service('cart', endpoint(2)));
    await published.applied();
    const now = await client.get(RESOURCES.services, 'orders', { namespace });
    assert.equal(now.metadata.resourceVersion, theirs.metadata.resourceVersion);
    assert.deepEqual(await seen(client, namespace), { cart: ['10.1.0.2 8080 true'], orders: [] });
    assert.match(published.plane.problems.get(`${namespace}/orders`) ?? '', /somebody else's/);
  });

  it('may be of another mesh, or of another data plane', async () => {
    const namespace = await cluster.namespace();
    await using one = new Published({ client, rules: [rule(namespace)] });
    await using other = new Published({ client, mesh: 'm2', rules: [rule(namespace)] });
    one.hold(service('a', endpoint(1)));
    other.hold(service('b', endpoint(2)));
    await Promise.all([one.applied(), other.applied()]);
    one.hold(service('c', endpoint(3)));
    await one.applied();
    assert.deepEqual(await seen(client, namespace), {
      b: ['10.1.0.2 8080 true'],
      c: ['10.1.0.3 8080 true'],
    });
  });
});

describe('nothing is removed', () => {
  const many = () => Array.from({ length: 20 }, (_, i) => service(`s${i}`, endpoint(i)));

  it('by a mesh that holds nothing', async () => {
    const namespace = await cluster.namespace();
    await using published = new Published({ client, rules: [rule(namespace)] });
    published.hold(service('a', endpoint(1)));
    await published.applied();
    published.hold();
    await published.applied();
    assert.deepEqual(await seen(client, namespace), { a: ['10.1.0.1 8080 true'] });
  });

  it('when it would be too much at once, until it is allowed', async () => {
    const namespace = await cluster.namespace();
    await using published = new Published({ client, rules: [rule(namespace)] });
    const all = many();
    published.hold(...all);
    await published.applied();
    published.hold(all[0]!, service('new', endpoint(77)));
    await published.applied();
    assert.equal(Object.keys(await seen(client, namespace)).length, 21, 'what is new comes');
    assert.match(published.plane.problems.get('removals') ?? '', /allowMassDelete/);
    published.plane.allowMassDelete(true);
    await published.applied();
    assert.equal(Object.keys(await seen(client, namespace)).length, 2);
    assert.equal(published.plane.problems.size, 0);
  });

  it('of endpoints either, while what came back is counted', async () => {
    const namespace = await cluster.namespace();
    await using published = new Published({ client, rules: [rule(namespace)] });
    const orders = service('orders', ...endpoints(0, 40));
    published.hold(orders);
    await published.applied();
    published.hold(service('orders', endpoint(0, { weight: 7 })));
    await published.applied();
    assert.equal((await seen(client, namespace)).orders?.length, 40);
    const most = service('orders', ...endpoints(0, 35));
    published.hold(most);
    await published.applied();
    await until(async () => (await seen(client, namespace)).orders?.length === 35);
    assert.equal(published.plane.problems.has('removals'), false);
  });

  it('before this process leads', async () => {
    const namespace = await cluster.namespace();
    const lead = Promise.withResolvers<void>();
    await using published = new Published({
      client,
      rules: [rule(namespace)],
      leader: {
        async *changes(signal) {
          await lead.promise;
          yield signal;
        },
      },
    });
    published.hold(service('a', endpoint(1)));
    assert.equal(published.plane.state.type, 'starting');
    lead.resolve();
    await published.applied();
    assert.deepEqual(await seen(client, namespace), { a: ['10.1.0.1 8080 true'] });
  });
});
