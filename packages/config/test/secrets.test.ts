import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import {
  type Actor,
  ConfigStore,
  isConfigError,
  LocalKeys,
  type NamespaceRef,
  parseKeys,
  Secret,
  type SecretEntry,
  SecretVault,
} from '../src/index.ts';
import { ann, bob, code, onServers, root } from './stage.ts';

const shop: NamespaceRef = { application: 'shop', namespace: 'default' };
const reader: Actor = { name: 'reader', roles: ['secret'] };
const PASSWORD = 'correct horse battery staple';

const [one, two] = ['one', 'two'].map((id) => [id, randomBytes(32)] as const);

test('a secret shows itself to nobody by accident', () => {
  const secret = new Secret(PASSWORD);
  const shown = [
    `${secret}`,
    String(secret),
    JSON.stringify({ secret }),
    inspect({ deep: [secret] }, { depth: 9, showHidden: true }),
    Object.entries(secret).join(),
  ];
  for (const text of shown) assert.ok(!text.includes(PASSWORD), text);
  assert.equal(secret.reveal(), PASSWORD);
});

test('keys are read from text, which is told to nobody', () => {
  const key = randomBytes(32).toString('base64');
  assert.doesNotThrow(() => parseKeys(`# ours\n2026:${key}\n2025:${key}`));
  for (const bad of ['', 'nonsense', `a:${key},a:${key}`, 'a:c2hvcnQ=', `a b:${key}`])
    assert.throws(
      () => parseKeys(bad),
      (error: Error) => {
        assert.ok(isConfigError(error, 'NOT_VALID') || isConfigError(error, 'NO_KEY'));
        return bad === '' || !error.message.includes(key);
      },
    );
});

onServers('secrets', (stage) => {
  const { signal } = stage;
  const open = (keys = new LocalKeys(new Map([one!])), zk = stage.zk) => {
    const store = stage.store();
    const vault = new SecretVault({ zk, root: store.root, keys });
    return { vault, store: new ConfigStore({ zk, root: store.root, sealer: vault }) };
  };
  const set = (store: ConfigStore, key: string, value: string) =>
    store.drafts.edit(
      shop,
      { tag: '*', set: new Map([[key, { type: 'secret', value }]]) },
      ann,
      signal,
    );
  const entryOf = async (store: ConfigStore, key: string, which: number | 'head' = 'head') => {
    const { content } = await store.releases.get(shop, which, signal);
    return content.entries.get(key) as SecretEntry;
  };
  /** All that is in ZooKeeper: paths and data. */
  const everything = async (zk: ZooKeeper, path: string): Promise<string> => {
    const { data } = await zk.get(path);
    const { children } = await zk.children(path);
    const below = await Promise.all(children.map((name) => everything(zk, `${path}/${name}`)));
    return [path, data.toString(), ...below].join('\n');
  };

  test('are nowhere but in their envelopes', async () => {
    const { store, vault } = open();
    await set(store, 'password', PASSWORD);
    const { changes } = await store.releases.publish(shop, {}, bob, signal);
    const entry = await entryOf(store, 'password');
    const place = { ...shop, key: 'password' };
    assert.equal((await vault.reveal(place, entry, reader, signal)).reveal(), PASSWORD);
    for (const actor of [ann, bob, root])
      await assert.rejects(vault.reveal(place, entry, actor, signal), code('FORBIDDEN'));
    const texts = [await everything(stage.zk, store.root), inspect(changes), inspect(entry)];
    for (const text of texts)
      for (const form of [
        PASSWORD,
        Buffer.from(PASSWORD).toString('base64'),
        Buffer.from(PASSWORD).toString('hex'),
      ])
        assert.ok(!text.includes(form));
    // The same text again changes nothing; another one is a change, and no more is told.
    await set(store, 'password', PASSWORD);
    const { changes: none } = await store.drafts.get(shop, signal);
    assert.deepEqual(none, []);
    await set(store, 'password', 'other');
    const draft = await store.drafts.get(shop, signal);
    assert.deepEqual(
      draft.changes.map(({ key, change }) => [key, change]),
      [['password', 'changed']],
    );
  });

  test('stay secret when only their value is said', async () => {
    const { store, vault } = open();
    await set(store, 'password', 'old');
    await store.releases.publish(shop, {}, bob, signal);
    const values = new Map([
      ['password', { value: 'new' }],
      ['plain', { value: 'text' }],
    ]);
    await store.drafts.edit(shop, { tag: '*', set: values }, ann, signal);
    await store.releases.publish(shop, {}, bob, signal);
    const entry = await entryOf(store, 'password');
    assert.equal(entry.type, 'secret');
    const place = { ...shop, key: 'password' };
    assert.equal((await vault.reveal(place, entry, reader, signal)).reveal(), 'new');
    assert.equal((await entryOf(store, 'plain')).type as string, 'text');
  });

  test('are bound to their place', async () => {
    const { store, vault } = open();
    await set(store, 'a', PASSWORD);
    await set(store, 'b', PASSWORD);
    await store.releases.publish(shop, {}, bob, signal);
    const [a, b] = [await entryOf(store, 'a'), await entryOf(store, 'b')];
    assert.notEqual(a.digest, b.digest, 'that two are the same is not told');
    const elsewhere = vault.reveal({ ...shop, key: 'b' }, a, reader, signal);
    await assert.rejects(elsewhere, code('MALFORMED'));
    const swapped = store.drafts.edit(shop, { tag: '*', set: new Map([['b', a]]) }, ann, signal);
    await assert.rejects(swapped, code('NOT_VALID'));
    const kept = await store.drafts.edit(
      shop,
      { tag: '*', replace: true, set: new Map([['a', a]]) },
      ann,
      signal,
    );
    assert.deepEqual(
      kept.changes.map(({ key }) => key),
      ['b'],
    );
    const path = `${store.root}/shop/default/secrets`;
    const { data } = await stage.zk.get(`${path}/${a.secret}`);
    const changed = JSON.parse(data.toString());
    const bytes = Buffer.from(changed.data, 'base64');
    bytes[20]! ^= 1;
    await stage.zk.set(
      `${path}/${a.secret}`,
      JSON.stringify({ ...changed, data: bytes.toString('base64') }),
    );
    await assert.rejects(vault.reveal({ ...shop, key: 'a' }, a, reader, signal), code('MALFORMED'));
  });

  test('without a key there are none', async () => {
    const plain = stage.store();
    await assert.rejects(set(plain, 'a', PASSWORD), (error: Error) => {
      assert.ok(!inspect(error).includes(PASSWORD));
      return isConfigError(error, 'NO_KEY');
    });
    const { store } = open();
    await set(store, 'a', PASSWORD);
    await store.releases.publish(shop, {}, bob, signal);
    const entry = await entryOf(store, 'a');
    const keys = new LocalKeys(new Map([two!]));
    const other = new SecretVault({ zk: stage.zk, root: store.root, keys });
    const revealed = other.reveal({ ...shop, key: 'a' }, entry, reader, signal);
    await assert.rejects(revealed, code('NO_KEY'));
    await assert.rejects(set(store, 'long', 'x'.repeat(300_000)), code('NOT_VALID'));
  });

  test('a rotation is interrupted, and goes on', async () => {
    const { store } = open();
    const keysOf = (...pairs: (readonly [string, Buffer])[]) => new LocalKeys(new Map(pairs));
    for (let i = 0; i < 12; i++) await set(store, `key-${i}`, `${PASSWORD} ${i}`);
    await store.releases.publish(shop, {}, bob, signal);
    const entries = await Promise.all(
      Array.from({ length: 12 }, (_, i) => entryOf(store, `key-${i}`)),
    );
    const both = keysOf(two!, one!);
    await using faulty = await stage.faulty();
    const stop = new AbortController();
    const counting = new LocalKeys(new Map([two!, one!]));
    let wrapped = 0;
    const interrupted = new SecretVault({
      zk: faulty.zk,
      root: store.root,
      keys: {
        currentKeyId: () => counting.currentKeyId(),
        unwrap: (key) => counting.unwrap(key),
        wrap(dataKey) {
          if (++wrapped === 3) faulty.proxy.cut();
          if (wrapped === 6) stop.abort();
          return counting.wrap(dataKey);
        },
      },
    });
    await assert.rejects(interrupted.rotate(root, stop.signal));
    const half = new SecretVault({ zk: stage.zk, root: store.root, keys: both });
    const read = async (vault: SecretVault) => {
      for (const [i, entry] of entries.entries()) {
        const secret = await vault.reveal({ ...shop, key: `key-${i}` }, entry, reader, signal);
        assert.equal(secret.reveal(), `${PASSWORD} ${i}`);
      }
    };
    await read(half);
    await assert.rejects(half.rotate(bob, signal), code('FORBIDDEN'));
    const [a, b] = await Promise.all([half.rotate(root, signal), half.rotate(root, signal)]);
    assert.equal(a!.rotated + a!.current, 13, 'the key of the digests, too');
    assert.ok(a!.rotated + b!.rotated < 13 && a!.rotated + b!.rotated > 0);
    assert.equal((await half.rotate(root, signal)).current, 13);
    await read(new SecretVault({ zk: stage.zk, root: store.root, keys: keysOf(two!) }));
    assert.deepEqual(
      await Promise.all(Array.from({ length: 12 }, (_, i) => entryOf(store, `key-${i}`))),
      entries,
      'releases are what they were',
    );
  });

  test('what is not referred to any more is removed', async () => {
    const { store } = open();
    for (let i = 0; i < 4; i++) {
      await set(store, 'a', `${i}`);
      await store.releases.publish(shop, {}, bob, signal);
    }
    const collected = await store.garbage.collect(shop, { keep: 2, grace: -60_000 }, signal);
    assert.equal(collected.secrets, 2);
  });
});
