import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { ConfigKeeper, ConfigStore, isConfigError, type NamespaceRef } from '../src/index.ts';
import { ann, bob, code, onServers, root, texts } from './stage.ts';

const shop: NamespaceRef = { application: 'shop', namespace: 'default' };
const logger = { debug() {}, info() {}, warn() {} };
const all = { keep: 3, grace: -60_000 };

onServers('what nothing refers to', (stage) => {
  const { signal } = stage;
  const edit = (store: ConfigStore, values: Readonly<Record<string, string>>) =>
    store.drafts.edit(shop, { tag: '*', set: texts(values) }, ann, signal);
  const publish = async (store: ConfigStore, values: Readonly<Record<string, string>>) => {
    await edit(store, values);
    return store.releases.publish(shop, {}, bob, signal);
  };
  const chunks = async (store: ConfigStore) =>
    (await stage.zk.children(`${store.root}/shop/default/content`)).children.length;
  /** Reads all without what is remembered. */
  const readAll = async (store: ConfigStore) => {
    const fresh = new ConfigStore({ zk: stage.zk, root: store.root });
    const releases = await fresh.releases.list(shop, { limit: 999 }, signal);
    for (const { number } of releases) await fresh.releases.get(shop, number, signal);
    await fresh.drafts.get(shop, signal);
    return releases.map(({ number }) => number);
  };

  test('is removed, and nothing else', async () => {
    const store = stage.store();
    for (let i = 1; i <= 8; i++) await publish(store, { a: `${i}`, long: 'x'.repeat(60_000 + i) });
    await edit(store, { a: 'gray' });
    const rules = [{ percentage: 1 }];
    await store.grays.create(shop, { name: 'canary', rules }, bob, signal);
    await edit(store, { a: 'later' });
    await store.schedule.add(shop, Date.now() + 1e9, {}, bob, signal);
    await edit(store, { a: 'draft' });
    for (let i = 10; i <= 14; i++) await publish(store, { a: `${i}` });
    await edit(store, { a: 'draft' });
    const before = await chunks(store);
    assert.deepEqual(
      await store.garbage.collect(shop, { ...all, grace: 1e9 }, signal),
      { releases: 9, chunks: 0, secrets: 0 },
      'what is young is spared',
    );
    const collected = await store.garbage.collect(shop, all, signal);
    assert.equal(collected.chunks, before - (await chunks(store)));
    assert.ok(collected.chunks >= 7 + 7);
    // The last three, and what some get, with the head that it was made for.
    assert.deepEqual(await readAll(store), [14, 13, 12, 9, 8]);
    const again = await store.garbage.collect(shop, all, signal);
    assert.deepEqual(again, { releases: 0, chunks: 0, secrets: 0 });
    const promoted = store.grays.promote(shop, 'canary', { force: true }, bob, signal);
    assert.equal((await promoted).release.number, 15);
    await assert.rejects(store.releases.rollback(shop, 2, {}, bob, signal), code('NOT_FOUND'));
  });

  test('is not what a publish is about to refer to', async () => {
    const store = stage.store();
    await publish(store, { a: '0' });
    const collector = new ConfigStore({ zk: stage.zk, root: store.root });
    let ended = false;
    const collecting = (async () => {
      let count = 0;
      while (!ended)
        try {
          count += (await collector.garbage.collect(shop, { keep: 1, grace: -60_000 }, signal))
            .chunks;
        } catch (error) {
          if (!isConfigError(error, 'BUSY')) throw error;
        }
      return count;
    })();
    // Back and forth: what was garbage is needed again.
    for (let i = 1; i <= 30; i++) await publish(store, { a: `${i % 2}`, b: `${i % 3}` });
    ended = true;
    assert.ok((await collecting) > 0);
    await readAll(store);
    const { content } = await new ConfigStore({ zk: stage.zk, root: store.root }).releases.get(
      shop,
      'head',
      signal,
    );
    assert.deepEqual([...content.entries.keys()], ['a', 'b']);
  });

  test('a namespace that is deleted leaves nothing, and may come again', async () => {
    const store = stage.store();
    await publish(store, { a: '1' });
    await edit(store, { a: '2' });
    const remove = (tag: string) => store.removal.remove(shop, tag, root, signal);
    await assert.rejects(remove('r1'), code('STALE'));
    await assert.rejects(store.removal.remove(shop, '*', bob, signal), code('FORBIDDEN'));
    await remove('*');
    assert.deepEqual((await stage.zk.children(`${store.root}/shop`)).children, []);
    await assert.rejects(store.releases.get(shop, 'head', signal), code('NOT_FOUND'));
    assert.equal((await publish(store, { a: '3' })).release.number, 1);
  });

  test('an application that is deleted leaves nothing, and not while others link to it', async () => {
    const store = stage.store();
    await publish(store, { a: '1' });
    const prod = { application: 'shop', namespace: 'prod' };
    await store.drafts.edit(prod, { tag: '*', set: texts({ a: '2' }) }, ann, signal);
    await store.signals.raise('shop', 'errors', undefined, bob, signal);
    const link = { links: [{ application: 'shop', namespace: 'default' }] };
    await store.applications.set('other', link, undefined, bob, signal);
    const { tag } = await store.applications.get('shop', signal);
    const remove = (seen: string, force = false, who = root) =>
      store.removal.removeApplication('shop', { tag: seen, force }, who, signal);
    await assert.rejects(remove(tag, false, bob), code('FORBIDDEN'));
    await assert.rejects(remove(tag), code('CONFLICT'));
    await store.applications.set('shop', { links: [] }, tag, bob, signal);
    await assert.rejects(remove(tag, true), code('STALE'));
    assert.equal((await store.releases.get(shop, 'head', signal)).release.number, 1);
    await store.applications.set('other', { links: [] }, '*', bob, signal);
    // Two at once: what is gone is gone for both.
    const both = await Promise.allSettled([remove('*'), remove('*')]);
    for (const each of both)
      if (each.status === 'rejected') assert.ok(code('NOT_FOUND')(each.reason));
    assert.equal(await stage.zk.exists(`${store.root}/shop`), null);
    await assert.rejects(remove('*'), code('NOT_FOUND'));
    assert.equal((await publish(store, { a: '3' })).release.number, 1);
  });

  test('the keeper does what is due', async () => {
    let now = 1_000_000;
    const store = stage.store({ now: () => now });
    const keeper = new ConfigKeeper({ zk: stage.zk, store, logger, now: () => now, keep: 2 });
    const stop = new AbortController();
    const other = new ConfigKeeper({ zk: stage.zk, store, logger, now: () => now, keep: 2 });
    const running = [keeper.run(stop.signal), other.run(stop.signal)];
    const head = async () =>
      (await store.applications.namespace(shop, signal))?.pointer.head?.number;
    const grays = async () =>
      (await store.applications.namespace(shop, signal))?.pointer.grays.length;
    await publish(store, { a: '1' });
    await edit(store, { a: '2' });
    await store.schedule.add(shop, now - 1, {}, bob, signal);
    await until(async () => (await head()) === 2);
    await edit(store, { a: '3' });
    const rules = [{ percentage: 1 }];
    const gray = { name: 'short', rules, until: now + 50 };
    await store.grays.create(shop, gray, bob, signal);
    now += 100;
    await until(async () => (await grays()) === 0);
    stop.abort();
    await Promise.all(running);
    assert.equal(await head(), 2);
  });
});
