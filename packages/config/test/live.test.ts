import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import {
  type ConfigStore,
  LiveConfig,
  type LiveResolved,
  type NamespaceRef,
} from '../src/index.ts';
import { ann, bob, onServers, texts } from './stage.ts';

const logger = { debug() {}, info() {}, warn() {} };
const shop: NamespaceRef = { application: 'shop', namespace: 'default' };
const prod: NamespaceRef = { application: 'shop', namespace: 'prod' };
const shared: NamespaceRef = { application: 'application', namespace: 'default' };
const client: NamespaceRef = { application: 'payments', namespace: 'client' };

onServers('what instances get', (stage) => {
  const { signal } = stage;
  const publish = async (
    store: ConfigStore,
    ref: NamespaceRef,
    values: Readonly<Record<string, string>>,
  ) => {
    await store.drafts.edit(ref, { tag: '*', set: texts(values) }, ann, signal);
    return store.releases.publish(ref, {}, bob, signal);
  };
  const valuesOf = ({ values }: LiveResolved) =>
    Object.fromEntries(
      [...values].map(([key, { entry }]) => [key, 'value' in entry && entry.value]),
    );
  const open = (store: ConfigStore) => new LiveConfig({ zk: stage.zk, root: store.root, logger });

  test('is laid over each other, and follows what is published', async () => {
    const store = stage.store();
    await using live = open(store);
    await live.ready;
    const request = { application: 'shop', profiles: ['prod'] };
    assert.deepEqual(valuesOf(live.resolve(request)), {});
    const changes = live.changes(request, signal);
    const next = async () => (await changes.next()).value as LiveResolved;
    await next();
    await publish(store, shop, { a: 'shop', b: 'shop' });
    assert.deepEqual(valuesOf(await next()), { a: 'shop', b: 'shop' });
    await publish(store, prod, { a: 'prod' });
    assert.deepEqual(valuesOf(await next()), { a: 'prod', b: 'shop' });
    await publish(store, shared, { a: 'shared', z: 'shared' });
    const all = await next();
    assert.deepEqual(valuesOf(all), { a: 'prod', b: 'shop', z: 'shared' });
    assert.deepEqual(all.values.get('z')?.from, { ...shared, release: 1 });
    assert.equal(all.stale, false);
    assert.deepEqual(
      all.layers.map(({ namespace, release }) => [namespace, release]),
      [
        ['prod', 1],
        ['default', 1],
        ['default', 1],
      ],
    );
    await publish(store, client, { a: 'client', url: 'x' });
    const link = { links: [client] };
    await store.applications.set('shop', link, '*', bob, signal);
    await store.applications.setPublic(client, true, bob, signal);
    assert.deepEqual(valuesOf(await next()), { a: 'prod', b: 'shop', url: 'x', z: 'shared' });
    const { digest } = live.resolve(request);
    assert.equal(live.resolve({ ...request }), live.resolve(request), 'it is made once');
    let calls = 0;
    const leave = live.onOther(request, digest, () => calls++);
    const other = new Promise<LiveResolved>((tell) => {
      live.onOther(request, digest, (resolved) => {
        calls++;
        tell(resolved);
      });
    });
    leave();
    await publish(store, shop, { a: 'hidden' });
    await publish(store, prod, { a: 'new' });
    const told = await other;
    assert.equal(valuesOf(told).a, 'new');
    const { stat } = await stage.zk.get(`${store.root}/shop/prod`);
    assert.ok(told.revision >= stat.mzxid, 'it is not taken for older than it is');
    const linked = new Promise<LiveResolved>((tell) => live.onOther(request, told.digest, tell));
    await publish(store, client, { url: 'y' });
    assert.equal(valuesOf(await linked).url, 'y');
    assert.equal(calls, 1, 'who waits is told once, and who has left is not');
    await changes.return(undefined);
  });

  test('depends on gray releases', async () => {
    const store = stage.store();
    await publish(store, shop, { a: '1' });
    await using live = open(store);
    await live.ready;
    const get = (id: string) => live.resolve({ application: 'shop', instance: { id } });
    await store.drafts.edit(shop, { tag: '*', set: texts({ a: '2' }) }, ann, signal);
    const rules = [{ instances: ['one'] }];
    await store.grays.create(shop, { name: 'canary', rules }, bob, signal);
    await until(() => valuesOf(get('one')).a === '2');
    assert.equal(get('one').layers[0]?.gray, 'canary');
    assert.equal(valuesOf(get('two')).a, '1');
    const { digest } = get('one');
    await store.grays.promote(shop, 'canary', {}, bob, signal);
    await until(() => valuesOf(get('two')).a === '2');
    assert.equal(get('one').digest, digest, 'the values are the same');
    assert.equal(get('one').layers[0]?.release, 3);
  });

  test('is what it was while ZooKeeper is away, and says so', async () => {
    const store = stage.store();
    await publish(store, shop, { a: '1' });
    await using faulty = await stage.faulty();
    await using live = new LiveConfig({ zk: faulty.zk, root: store.root, logger });
    await live.ready;
    const get = () => live.resolve({ application: 'shop' });
    assert.equal(get().stale, false);
    await faulty.proxy.refuse();
    faulty.proxy.cut();
    await until(() => get().stale);
    await publish(store, shop, { a: '2' });
    assert.equal(valuesOf(get()).a, '1');
    await faulty.proxy.accept();
    await until(() => !get().stale);
    assert.equal(valuesOf(get()).a, '2');
  });

  test('what can not be read leaves what was there', async () => {
    const store = stage.store();
    await publish(store, shop, { a: '1' });
    await publish(store, prod, { b: '1' });
    await using live = open(store);
    await live.ready;
    await stage.zk.set(`${store.root}/shop/default`, 'nonsense');
    await publish(store, prod, { b: '2' });
    const get = () => valuesOf(live.resolve({ application: 'shop', profiles: ['prod'] }));
    await until(() => get().b === '2');
    assert.equal(get().a, '1');
  });

  test('ends without a complaint', async () => {
    const complaints: string[] = [];
    const warn = (_: object, message?: string) => complaints.push(message ?? '');
    const { root } = stage.store();
    const live = new LiveConfig({ zk: stage.zk, root, logger: { ...logger, warn } });
    await live.close();
    await assert.rejects(live.ready, { name: 'AbortError' });
    assert.deepEqual(complaints, []);
  });
});
