import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigStore, chooseGray, type NamespaceRef } from '../src/index.ts';
import { ann, bob, code, onServers, texts } from './stage.ts';

const shop: NamespaceRef = { application: 'shop', namespace: 'default' };

onServers('gray and scheduled releases', (stage) => {
  const { signal } = stage;
  const edit = (store: ConfigStore, a: string) =>
    store.drafts.edit(shop, { tag: '*', set: texts({ a }) }, ann, signal);
  const publish = async (store: ConfigStore, a: string) => {
    await edit(store, a);
    return store.releases.publish(shop, {}, bob, signal);
  };
  const gray = async (
    store: ConfigStore,
    name: string,
    more: Partial<Parameters<ConfigStore['grays']['create']>[1]> = {},
  ) => {
    await edit(store, name);
    return store.grays.create(shop, { name, rules: [{ percentage: 50 }], ...more }, bob, signal);
  };
  const pointer = async (store: ConfigStore) =>
    (await store.applications.namespace(shop, signal))!.pointer;
  const names = async (store: ConfigStore) => (await pointer(store)).grays.map(({ name }) => name);

  test('a gray release is for some until it is for all', async () => {
    const store = stage.store();
    await publish(store, '1');
    const { gray: made, release } = await gray(store, 'canary');
    assert.deepEqual(
      [release.number, release.kind, release.gray, made.base],
      [2, 'gray', 'canary', 1],
    );
    assert.equal((await pointer(store)).head?.number, 1);
    await assert.rejects(gray(store, 'canary'), code('CONFLICT', { release: 2 }));
    const ids = Array.from({ length: 100 }, (_, i) => `i-${i}`);
    const chosen = async () => {
      const { grays } = await pointer(store);
      return new Set(ids.filter((id) => chooseGray(grays, { id }) !== undefined));
    };
    const before = await chosen();
    await store.grays.update(shop, 'canary', { rules: [{ percentage: 80 }] }, bob, signal);
    const after = await chosen();
    assert.ok(after.size > before.size && before.isSubsetOf(after));
    const promoted = await store.grays.promote(shop, 'canary', {}, bob, signal);
    assert.deepEqual(
      [promoted.release.number, promoted.release.kind, promoted.release.of],
      [3, 'promote', 2],
    );
    assert.equal(promoted.release.id, release.id);
    assert.deepEqual(await names(store), []);
  });

  test('several are asked in their order', async () => {
    const store = stage.store();
    await publish(store, '1');
    await gray(store, 'late', { order: 5 });
    await gray(store, 'one');
    await gray(store, 'two');
    assert.deepEqual(await names(store), ['one', 'two', 'late']);
    await store.grays.update(shop, 'two', { order: -1 }, bob, signal);
    assert.deepEqual(await names(store), ['two', 'one', 'late']);
    await store.grays.abandon(shop, 'one', 'no good', bob, signal);
    await assert.rejects(store.grays.abandon(shop, 'one', '', bob, signal), code('NOT_FOUND'));
    assert.deepEqual(await names(store), ['two', 'late']);
  });

  test('what was made for another head is promoted only by force', async () => {
    const store = stage.store();
    await publish(store, '1');
    await gray(store, 'canary');
    await publish(store, '3');
    const promote = (force: boolean) => store.grays.promote(shop, 'canary', { force }, bob, signal);
    await assert.rejects(promote(false), code('CONFLICT', { release: 3 }));
    assert.equal((await promote(true)).release.number, 4);
  });

  test('a signal, or time, ends it', async () => {
    let now = 1000;
    const store = stage.store({ now: () => now });
    await publish(store, '1');
    await gray(store, 'canary', { abandonOn: ['errors'] });
    await gray(store, 'timed', { until: 5000 });
    const raise = (name: string) => store.signals.raise('shop', name, 'too many', bob, signal);
    assert.deepEqual(await raise('other'), []);
    now = 2000;
    const [ended] = await raise('errors');
    assert.deepEqual(ended, {
      ...shop,
      gray: 'canary',
      reason: 'the signal errors was raised: too many',
    });
    assert.deepEqual(await names(store), ['timed']);
    now = 3000;
    // A signal from before it is not about it.
    await gray(store, 'again', { abandonOn: ['errors'] });
    assert.deepEqual(await store.signals.sweep('shop', signal), []);
    now = 5000;
    const [late] = await store.signals.sweep('shop', signal);
    assert.equal(late?.reason, 'its time is up');
    assert.deepEqual(await names(store), ['again']);
    assert.deepEqual([...(await store.signals.list('shop', signal)).keys()], ['errors', 'other']);
    now = 100; // of a replica whose clock is behind
    assert.equal((await raise('errors'))[0]?.gray, 'again');
    assert.deepEqual(await names(store), []);
  });

  test('rules are checked', async () => {
    const store = stage.store();
    const bad = gray(store, 'bad', { rules: [{ addresses: ['nowhere'] }] });
    await assert.rejects(bad, code('NOT_VALID'));
    const long = Array.from({ length: 40_000 }, (_, i) => `instance-${i}`);
    await assert.rejects(gray(store, 'long', { rules: [{ instances: long }] }), code('TOO_LARGE'));
  });

  test('a scheduled release is published once, whoever tries', async () => {
    const store = stage.store();
    const { root } = store;
    await publish(store, '1');
    await edit(store, '2');
    const { id } = await store.schedule.add(shop, 9000, { message: 'at nine' }, bob, signal);
    assert.equal((await store.drafts.get(shop, signal)).edited, undefined);
    const stores = Array.from({ length: 4 }, () => new ConfigStore({ zk: stage.zk, root }));
    const outcomes = await Promise.all(
      stores.map((each) => each.schedule.carryOut(shop, id, signal)),
    );
    assert.deepEqual(outcomes.map(({ type }) => type).sort(), [
      'gone',
      'gone',
      'gone',
      'published',
    ]);
    const { release } = await store.releases.get(shop, 'head', signal);
    assert.deepEqual(
      [release.number, release.kind, release.by, release.message],
      [2, 'scheduled', 'bob', 'at nine'],
    );
    assert.deepEqual(await store.schedule.list(shop, signal), []);
  });

  test('one that can not follow the head any more says so', async () => {
    const store = stage.store();
    await edit(store, '2');
    const { id } = await store.schedule.add(shop, 9000, {}, bob, signal);
    await publish(store, '1');
    const outcome = await store.schedule.carryOut(shop, id, signal);
    assert.equal(outcome.type, 'failed');
    const [failed] = await store.schedule.list(shop, signal);
    assert.match(failed?.failed ?? '', /bob has published 1/);
    assert.equal((await store.schedule.carryOut(shop, id, signal)).type, 'gone');
    await store.schedule.cancel(shop, id, bob, signal);
    await assert.rejects(store.schedule.cancel(shop, id, bob, signal), code('NOT_FOUND'));
  });
});
