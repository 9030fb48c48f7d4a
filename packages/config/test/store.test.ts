import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import {
  type Actor,
  ConfigStore,
  isConfigError,
  type NamespaceRef,
  type Which,
} from '../src/index.ts';
import { ann, bob, code, onServers, root, text, texts } from './stage.ts';

const shop: NamespaceRef = { application: 'shop', namespace: 'default' };

onServers('the store', (stage) => {
  const { signal } = stage;
  const edit = async (
    store: ConfigStore,
    values: Readonly<Record<string, string>>,
    ref: NamespaceRef = shop,
    actor: Actor = ann,
  ) => store.drafts.edit(ref, { tag: '*', set: texts(values) }, actor, signal);
  const publish = async (
    store: ConfigStore,
    values: Readonly<Record<string, string>>,
    ref: NamespaceRef = shop,
  ) => {
    await edit(store, values, ref);
    return store.releases.publish(ref, {}, bob, signal);
  };
  const values = async (store: ConfigStore, which: number | 'head' = 'head') => {
    const { content } = await store.releases.get(shop, which, signal);
    return Object.fromEntries(
      [...content.entries].map(([key, entry]) => [key, 'value' in entry && entry.value]),
    );
  };

  test('edit is not publish', async () => {
    const store = stage.store({ now: () => 1000 });
    assert.deepEqual(await store.applications.list(signal), []);
    const first = await store.drafts.get(shop, signal);
    assert.equal(first.tag, 'r0');
    const { tag } = await store.drafts.edit(
      shop,
      { tag: first.tag, set: texts({ a: '1', b: '2' }) },
      ann,
      signal,
    );
    await assert.rejects(store.releases.get(shop, 'head', signal), code('NOT_FOUND'));
    const draft = await store.drafts.get(shop, signal);
    assert.equal(draft.tag, tag);
    assert.deepEqual(draft.edited, { at: 1000, by: 'ann', authors: ['ann'] });
    const { release, changes } = await store.releases.publish(
      shop,
      { message: 'first', tag },
      bob,
      signal,
    );
    assert.deepEqual(
      changes.map(({ key, change }) => [key, change]),
      [
        ['a', 'added'],
        ['b', 'added'],
      ],
    );
    assert.deepEqual(
      { ...release, id: '' },
      {
        number: 1,
        id: '',
        kind: 'publish',
        base: 0,
        at: 1000,
        by: 'bob',
        message: 'first',
        keys: 2,
        changes: { added: 2, changed: 0, removed: 0 },
      },
    );
    assert.deepEqual(await values(store), { a: '1', b: '2' });
    assert.equal((await store.drafts.get(shop, signal)).tag, 'r1');
    assert.deepEqual(await store.applications.list(signal), ['shop']);
    const [namespace] = await store.applications.namespaces('shop', signal);
    assert.equal(namespace?.pointer.head?.number, 1);
  });

  test('who has seen something else is told so', async () => {
    const store = stage.store();
    const { tag } = await edit(store, { a: '1' });
    await store.drafts.edit(shop, { tag, set: texts({ a: '2' }) }, ann, signal);
    const late = store.drafts.edit(shop, { tag, set: texts({ a: '3' }) }, root, signal);
    await assert.rejects(late, code('STALE', { by: 'ann' }));
    await assert.rejects(store.drafts.discard(shop, tag, ann, signal), code('STALE'));
    await assert.rejects(store.releases.publish(shop, { tag }, bob, signal), code('STALE'));
    const { tag: now } = await store.drafts.get(shop, signal);
    await store.drafts.discard(shop, now, ann, signal);
    await assert.rejects(store.releases.publish(shop, {}, bob, signal), code('NOT_FOUND'));
  });

  test('roles are asked for', async () => {
    const store = stage.store();
    const by = (actor: Actor) => store.drafts.edit(shop, { tag: '*' }, actor, signal);
    await assert.rejects(by(bob), code('FORBIDDEN'));
    await by(ann);
    await assert.rejects(store.releases.publish(shop, {}, ann, signal), code('FORBIDDEN'));
    await assert.rejects(store.releases.rollback(shop, 1, {}, ann, signal), code('FORBIDDEN'));
    const both: Actor = { name: 'both', roles: ['editor', 'publisher'] };
    const set = (actor: Actor) =>
      store.applications.set('shop', { fourEyes: true }, '*', actor, signal);
    await assert.rejects(set(both), code('FORBIDDEN'));
    assert.equal((await set(root)).fourEyes, true);
    await edit(store, { a: '1' }, shop, both);
    await assert.rejects(store.releases.publish(shop, {}, both, signal), code('FORBIDDEN'));
    await store.releases.publish(shop, {}, bob, signal);
  });

  test('applications are changed by who has seen them', async () => {
    const store = stage.store();
    const links = [{ application: 'payments', namespace: 'client' }];
    const set = (tag: string | undefined) =>
      store.applications.set('shop', { links }, tag, bob, signal);
    const { tag } = await set(undefined);
    await assert.rejects(set(undefined), code('STALE'));
    await set(tag);
    await assert.rejects(set(tag), code('STALE'));
    assert.deepEqual((await store.applications.get('shop', signal)).links, links);
    await assert.rejects(store.applications.get('other', signal), code('NOT_FOUND'));
  });

  test('history, differences and rollback', async () => {
    const store = stage.store();
    await publish(store, { a: '1', b: '1' });
    await publish(store, { a: '2' });
    await store.drafts.edit(shop, { tag: '*', set: texts({ c: '1' }), remove: ['b'] }, ann, signal);
    await store.releases.publish(shop, {}, bob, signal);
    await assert.rejects(
      (async () => {
        await edit(store, { a: '2' });
        await store.releases.publish(shop, {}, bob, signal);
      })(),
      code('NOTHING_CHANGED'),
    );
    await edit(store, { a: '4' });
    const differences = async (from: Which, to: Which) =>
      (await store.releases.diff(shop, from, to, signal)).map(
        ({ key, change }) => `${change} ${key}`,
      );
    assert.deepEqual(await differences(1, 3), ['changed a', 'removed b', 'added c']);
    assert.deepEqual(await differences('head', 'draft'), ['changed a']);
    assert.deepEqual(await differences(3, 'head'), []);
    const { release } = await store.releases.rollback(shop, 1, { message: 'oops' }, bob, signal);
    assert.deepEqual([release.number, release.kind, release.of], [4, 'rollback', 1]);
    assert.deepEqual(await values(store), { a: '1', b: '1' });
    assert.deepEqual(await values(store, 2), { a: '2', b: '1' });
    const page = await store.releases.list(shop, { limit: 3 }, signal);
    assert.deepEqual(
      page.map(({ number }) => number),
      [4, 3, 2],
    );
    const rest = await store.releases.list(shop, { limit: 3, before: 2 }, signal);
    assert.equal(rest[0]?.id, release.id, 'the same content has the same id');
    // The draft is of before the rollback.
    const late = store.releases.publish(shop, {}, bob, signal);
    await assert.rejects(late, code('CONFLICT', { by: 'bob', release: 4 }));
    const { tag } = await store.drafts.get(shop, signal);
    await assert.rejects(
      store.drafts.rebase(shop, tag, ann, signal),
      code('CONFLICT', { keys: ['a'] }),
    );
    await assert.rejects(store.releases.get(shop, 9, signal), code('NOT_FOUND'));
    await assert.rejects(
      store.releases.rollback(shop, 1, {}, bob, signal),
      code('NOTHING_CHANGED'),
    );
  });

  test('a draft of before is rebased where nobody has changed the same', async () => {
    const store = stage.store();
    await publish(store, { a: '1', b: '1' });
    await publish(store, { b: '2' });
    await edit(store, { a: '9' });
    await store.releases.rollback(shop, 1, {}, bob, signal);
    const { tag, base } = await store.drafts.get(shop, signal);
    assert.equal(base, 2);
    assert.equal((await store.drafts.rebase(shop, tag, ann, signal)).base, 3);
    await store.releases.publish(shop, {}, bob, signal);
    assert.deepEqual(await values(store), { a: '9', b: '1' });
  });

  test('of two who publish one is first, and the other is told who', async () => {
    const store = stage.store();
    await publish(store, { a: '0' });
    await edit(store, { a: '1' });
    const others = ['carl', 'dora', 'emil'].map((name): Actor => ({ name, roles: ['admin'] }));
    const outcomes = await Promise.allSettled(
      others.map((actor) => store.releases.publish(shop, {}, actor, signal)),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected')
        assert.ok(isConfigError(outcome.reason, 'NOT_FOUND'), String(outcome.reason));
    assert.equal((await store.releases.list(shop, { limit: 9 }, signal)).length, 2);
  });

  test('edits of many at once lose nothing', async () => {
    const store = stage.store();
    const keys = Array.from({ length: 8 }, (_, i) => `key-${i}`);
    await Promise.all(keys.map((key) => edit(store, { [key]: 'x' })));
    const { content } = await store.drafts.get(shop, signal);
    assert.deepEqual([...content.entries.keys()].sort(), keys);
  });

  test('a document is one key, and has to be what it is said to be', async () => {
    const store = stage.store();
    const ref = { application: 'shop', namespace: 'prod' };
    const document = (value: string) =>
      store.drafts.edit(
        ref,
        { tag: '*', format: 'yaml', set: new Map([['content', { type: 'yaml', value }]]) },
        ann,
        signal,
      );
    await assert.rejects(document('a: [1'), code('NOT_VALID'));
    await document('# why\na: 1\n');
    const { content } = await store.drafts.get(ref, signal);
    assert.deepEqual(content.entries.get('content'), { type: 'yaml', value: '# why\na: 1\n' });
    await assert.rejects(edit(store, { other: 'x' }, ref), code('NOT_VALID'));
  });

  test('a schema guards drafts, and is released with what it is of', async () => {
    const store = stage.store();
    await edit(store, { port: '80', host: 'a' });
    const schema = (value: object | null) =>
      store.drafts.edit(shop, { tag: '*', schema: value && JSON.stringify(value) }, ann, signal);
    const port = { type: 'integer', minimum: 1, maximum: 65535 };
    await schema({ type: 'object', properties: { port }, required: ['port'] });
    await store.releases.publish(shop, {}, bob, signal);
    await assert.rejects(edit(store, { port: 'x' }), (error) => {
      code('NOT_VALID')(error);
      assert.ok(isConfigError(error, 'NOT_VALID'));
      assert.deepEqual(
        error.faults.map(({ key }) => key),
        ['port'],
      );
      return true;
    });
    const remove = store.drafts.edit(shop, { tag: '*', remove: ['port'] }, ann, signal);
    await assert.rejects(remove, code('NOT_VALID'));
    const narrower = schema({ properties: { host: { const: 'b' } } });
    await assert.rejects(narrower, code('NOT_VALID'));
    await assert.rejects(schema({ type: 'nonsense' }), code('NOT_VALID'));
    await schema(null);
    await store.releases.publish(shop, {}, bob, signal);
    await edit(store, { port: 'x' });
    const first = await store.releases.get(shop, 1, signal);
    assert.match(first.content.schema ?? '', /65535/);
    const second = await store.releases.get(shop, 2, signal);
    assert.equal(second.content.schema, undefined);
  });

  test('long values, and many, are above no limit of ZooKeeper', async () => {
    const store = stage.store();
    const long = 'ä'.repeat(1_500_000);
    const many = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, i) => [`key-${i}`, `value ${i}`.repeat(5)]),
    );
    await publish(store, { ...many, long });
    const fresh = new ConfigStore({ zk: stage.zk, root: store.root });
    const { content } = await fresh.releases.get(shop, 'head', signal);
    assert.equal(content.entries.size, 20_001);
    assert.deepEqual(content.entries.get('long'), text(long));
    const before = await stage.zk.children(`${store.root}/shop/default/content`);
    await publish(store, { 'key-7': 'new' });
    const after = await stage.zk.children(`${store.root}/shop/default/content`);
    const added = after.children.length - before.children.length;
    assert.ok(added > 0 && added < before.children.length / 5, `${added} chunks more`);
  });

  test('what is in the way is told with what is wrong', async () => {
    const store = stage.store();
    const ref = { application: '../x', namespace: 'default' };
    await assert.rejects(edit(store, { a: '1' }, ref), code('NOT_VALID'));
    await assert.rejects(
      edit(store, { a: '1' }, { ...shop, namespace: 'watch' }),
      code('NOT_VALID'),
    );
    await edit(store, { a: '1' });
    await stage.zk.set(`${store.root}/shop/default`, 'nonsense');
    await assert.rejects(store.releases.publish(shop, {}, bob, signal), code('MALFORMED'));
  });

  test('a publish whose answer is lost is made once', async () => {
    await using faulty = await stage.faulty();
    const path = `/config-${randomUUID()}`;
    const store = new ConfigStore({ zk: faulty.zk, root: path });
    for (let i = 1; i <= 6; i++) {
      await edit(store, { a: `${i}` });
      const publishing = store.releases.publish(shop, {}, bob, signal);
      setTimeout(() => faulty.proxy.cut(), i);
      assert.equal((await publishing).release.number, i);
    }
    const through = new ConfigStore({ zk: stage.zk, root: path });
    assert.equal((await through.releases.list(shop, { limit: 99 }, signal)).length, 6);
  });

  test('a publish in the middle of which the session is lost is made once', async () => {
    await using faulty = await stage.faulty();
    const path = `/config-${randomUUID()}`;
    const store = new ConfigStore({ zk: faulty.zk, root: path });
    await edit(store, { a: '1' });
    const expired = Promise.withResolvers<void>();
    const stop = faulty.zk.onState(({ type }) => type === 'expired' && expired.resolve());
    const publishing = store.releases.publish(shop, {}, bob, signal);
    await faulty.proxy.refuse();
    faulty.proxy.cut();
    await expired.promise;
    stop();
    await faulty.proxy.accept();
    assert.equal((await publishing).release.number, 1);
    const through = new ConfigStore({ zk: stage.zk, root: path });
    assert.equal((await through.releases.list(shop, { limit: 9 }, signal)).length, 1);
  });
});
