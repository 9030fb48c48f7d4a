import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir, until } from '@meshkeeper/testbed';
import { z } from 'zod';
import {
  type ConfigOptions,
  type ConfigStatus,
  ConfigStore,
  type LocalKeys,
  openConfig,
  parseKeys,
  SecretVault,
  ZooKeeperSource,
} from '../../src/index.ts';
import { ann, bob, code, onServers, text } from '../stage.ts';

const schema = z.object({
  server: z.object({ port: z.int().default(80), name: z.string() }),
  tags: z.array(z.string()).default([]),
});

onServers('a client', (stage) => {
  const { signal } = stage;

  /** A store of its own, and what opens clients of it. */
  function world() {
    const root = `/config-${randomUUID()}`;
    const store = new ConfigStore({ zk: stage.zk, root });
    return {
      store,
      source: () => new ZooKeeperSource({ zk: stage.zk, root }),
      async publish(values: Readonly<Record<string, string>>, namespace = 'default') {
        const ref = { application: 'shop', namespace };
        const set = new Map(Object.entries(values).map(([key, value]) => [key, text(value)]));
        await store.drafts.edit(ref, { tag: '*', set }, ann, signal);
        await store.releases.publish(ref, {}, bob, signal);
      },
    };
  }
  const shop = (more: Omit<Partial<ConfigOptions>, 'schema' | 'defaults'> = {}) => ({
    application: 'shop',
    ...more,
  });

  test('is typed by its schema, and live', async () => {
    const { publish, source } = world();
    await publish({ 'server.port': '8080', 'server.name': 'a' });
    await publish({ 'server.name': 'b' }, 'prod');
    const options = { application: 'shop', profile: 'prod', source: source(), schema };
    await using config = await openConfig(options, { signal });
    const { server } = config.current;
    assert.equal(server.port satisfies number, 8080);
    assert.equal(server.name, 'b');
    assert.deepEqual(config.status, { state: 'live' });
    assert.equal(config.entry('server.name')?.from.namespace, 'prod');

    const ports: (readonly number[])[] = [];
    const tags: (readonly string[])[] = [];
    const names: string[] = [];
    config.onChange('server.port', (now, before) => ports.push([before, now]));
    config.onChange(
      (value) => value.tags,
      (now) => tags.push(now),
    );
    using subscription = config.onChange(({ server: { name } }) => names.push(name));
    await publish({ tags: 'x,y' });
    await until(() => config.current.tags.length === 2);
    assert.deepEqual([ports, tags, names], [[], [['x', 'y']], ['b']]);
    subscription.close();
    await publish({ 'server.port': '9090' });
    await until(() => config.current.server.port === 9090);
    assert.deepEqual([ports, tags.length, names], [[[8080, 9090]], 1, ['b']]);
    assert.throws(() => {
      Object.assign(config.current.server, { port: 1 });
    }, TypeError);
  });

  test('without a schema is a record of texts; defaults are weaker than what is published', async () => {
    const { publish, source } = world();
    await publish({ a: '1' });
    const defaults = { a: '0', b: '2' };
    await using config = await openConfig({ ...shop(), source: source(), defaults }, { signal });
    assert.deepEqual(config.current, { a: '1', b: '2' });
    await using typed = await openConfig({
      ...shop({ source: source() }),
      schema: z.object({ a: z.number(), c: z.object({ d: z.number(), e: z.number() }) }),
      defaults: { c: { d: 1, e: 2 } },
    });
    assert.deepEqual(typed.current, { a: 1, c: { d: 1, e: 2 } });
  });

  test('is an iterable of what holds, which ends with it', async () => {
    const { publish, source } = world();
    await publish({ a: '1' });
    const config = await openConfig(shop({ source: source() }), { signal });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const { a } of config) {
        seen.push(a);
        if (a === '1') await publish({ a: '2' });
        else await config.close();
      }
    })();
    await reading;
    assert.deepEqual(seen, ['1', '2']);
    await config.close();
  });

  test('a value that does not fit never replaces a good one, and is said', async () => {
    const { publish, source } = world();
    await publish({ 'server.port': '8080', 'server.name': 'a' });
    const warnings: string[] = [];
    const logger = { info() {}, warn: (_: object, message: string) => warnings.push(message) };
    const options = { ...shop({ source: source(), logger }), schema };
    await using config = await openConfig(options, { signal });
    const states: ConfigStatus['state'][] = [];
    config.onStatus(({ state }) => states.push(state));
    await publish({ 'server.port': 'eighty' });
    await until(() => config.status.state === 'rejected');
    assert.equal(config.current.server.port, 8080);
    assert.ok(config.stale && config.status.state === 'rejected');
    assert.equal(config.status.faults[0]?.key, 'server.port');
    assert.match(warnings.join('\n'), /shop doesn't fit the schema: server\.port.*goes on/);
    await assert.rejects(
      openConfig({ ...shop({ source: source() }), schema }, { signal }),
      code('NOT_VALID'),
    );
    await publish({ 'server.port': '81' });
    await until(() => config.current.server.port === 81);
    assert.deepEqual(states, ['rejected', 'live']);
  });

  test('a listener that throws keeps nothing from others', async () => {
    const { publish, source } = world();
    await publish({ a: '1' });
    await using config = await openConfig(shop({ source: source() }), { signal });
    const told = Promise.withResolvers<string | undefined>();
    config.onChange(() => {
      throw new Error('mine');
    });
    config.onChange(({ a }) => told.resolve(a));
    await publish({ a: '2' });
    assert.equal(await told.promise, '2');
    await publish({ a: '3' });
    await until(() => config.current.a === '3');
  });

  test('an instance gets the gray release that is for it', async () => {
    const { publish, source, store } = world();
    const ref = { application: 'shop', namespace: 'default' };
    await publish({ a: '1' });
    await using one = await openConfig(shop({ source: source(), instance: 'one' }), { signal });
    await using two = await openConfig(shop({ source: source(), labels: { zone: 'b' } }), {
      signal,
    });
    await store.drafts.edit(ref, { tag: '*', set: new Map([['a', text('2')]]) }, ann, signal);
    const rules = [{ instances: ['one'] }];
    await store.grays.create(ref, { name: 'canary', rules }, bob, signal);
    await until(() => one.current.a === '2');
    assert.equal(one.entry('a')?.from.gray, 'canary');
    assert.equal(two.current.a, '1');
    await store.grays.update(ref, 'canary', { rules: [{ labels: { zone: 'b' } }] }, bob, signal);
    await until(() => two.current.a === '2' && one.current.a === '1');
  });

  test('secrets are opened by who has the keys for them', async () => {
    const { store } = world();
    const { root } = store;
    const keys = parseKeys(`2026:${randomBytes(32).toString('base64')}`);
    const sealer = new SecretVault({ zk: stage.zk, root, keys });
    const closed = new ConfigStore({ zk: stage.zk, root, sealer });
    const ref = { application: 'shop', namespace: 'default' };
    const publish = async (value: string) => {
      const set = new Map([['password', { type: 'secret', value } as const]]);
      await closed.drafts.edit(ref, { tag: '*', set }, ann, signal);
      await closed.releases.publish(ref, {}, bob, signal);
    };
    await publish('one');
    const open = (more: { keys?: LocalKeys }, secrets = true) => {
      const source = new ZooKeeperSource({ zk: stage.zk, root, ...more });
      return openConfig(shop({ source, secrets }), { signal });
    };
    await assert.rejects(open({}), code('NO_KEY'));
    const other = parseKeys(`other:${randomBytes(32).toString('base64')}`);
    await assert.rejects(open({ keys: other }), code('NO_KEY'));
    await using unasked = await open({ keys }, false);
    assert.equal(unasked.current.password, undefined);
    await using config = await open({ keys });
    assert.equal(config.current.password, 'one');
    await publish('two');
    await until(() => config.current.password === 'two');
  });

  test('begins from the disk when everything is away, says so, and comes back', async () => {
    await using dir = await tempDir();
    const { publish, store } = world();
    await publish({ 'server.name': 'a' });
    const { zk, proxy, [Symbol.asyncDispose]: dispose } = await stage.faulty();
    await using _ = { [Symbol.asyncDispose]: dispose };
    const source = () => new ZooKeeperSource({ zk, root: store.root });
    const options = { application: 'shop', schema, cacheDir: join(dir.path, 'deep', 'cache') };
    {
      await using config = await openConfig({ ...options, source: source() }, { signal });
      assert.equal(config.stale, false);
    }
    proxy.refuse();
    proxy.cut();
    await assert.rejects(
      openConfig({ application: 'shop', source: source(), timeout: 100 }, { signal }),
      code('UNAVAILABLE'),
    );
    await using config = await openConfig({ ...options, source: source() }, { signal });
    assert.equal(config.current.server.name, 'a');
    assert.ok(config.status.state === 'stale');
    assert.match(config.status.reason, /ZooKeeper/);
    await publish({ 'server.name': 'b' });
    await proxy.accept();
    await until(() => config.current.server.name === 'b' && !config.stale, { timeout: 20_000 });
  });

  test('what is good now is on the disk, for its owner only', async () => {
    await using dir = await tempDir();
    const { publish, source } = world();
    await publish({ a: '1' });
    const options = { application: 'shop', cacheDir: dir.path };
    const config = await openConfig({ ...options, source: source() }, { signal });
    await publish({ a: '2' });
    await until(() => config.current.a === '2');
    await config.close();
    const [file] = await readdir(dir.path);
    assert.match(file ?? '', /^shop\.[0-9a-f]{8}\.json$/);
    const path = join(dir.path, file ?? '');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const kept = await readFile(path, 'utf8');
    assert.equal(JSON.parse(kept).resolved.values.a.value, '2');
  });

  test('a signal ends the opening', async () => {
    const { source } = world();
    const stop = AbortSignal.abort(new Error('enough'));
    await assert.rejects(openConfig(shop({ source: source() }), { signal: stop }), /enough/);
  });
});
