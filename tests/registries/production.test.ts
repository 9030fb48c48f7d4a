import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DIALECTS, Registrar, spring } from '@meshkeeper/registries';
import {
  skipWithout,
  startFaultProxy,
  startZooKeeper,
  until,
  type ZooKeeperServer,
} from '@meshkeeper/testbed';
import { CreateMode, connect, parentOf, type ZooKeeper } from '@meshkeeper/zookeeper';
import { getJson } from '../support/api.ts';
import { Catalog, type CatalogOptions } from './support/catalog.ts';
import { startRequestProxy } from './support/request-proxy.ts';
import { REGISTRIES } from './support/writers.ts';

const SPRING = [REGISTRIES[0]];
/** The largest frame that a server takes. */
const MEGABYTE = 0xfffff;
/** What is gone goes soon. */
const QUICK = { limbo: '100ms', recovery: '100ms' } as const;
/** What is absent for a moment is absent for less than this, however slow the machine is. */
const PATIENT = { ...QUICK, absorb: '2s' } as const;

const skip = skipWithout('zookeeper');
let server: ZooKeeperServer;
let zk: ZooKeeper;
let count = 0;

before(async () => {
  if (skip) return;
  server = await startZooKeeper();
  zk = await connect({ connect: server.connect, onExpired: 'renew', sessionTimeout: 2_000 });
});
after(async () => {
  await zk?.close();
  await server?.close();
});

/** A part of the tree for one test. */
async function place(): Promise<string> {
  const { path } = await zk.create(`/place-${count++}`);
  return path;
}

function follow(root: string, options: Partial<CatalogOptions> = {}): Promise<Catalog> {
  const zookeeper = `${server.connect}${root}`;
  return Catalog.start({ zookeeper, registries: SPRING, protection: QUICK, ...options });
}

/** A session whose connection can be broken. */
async function breakable(root: string, sessionTimeout = 1_000) {
  const proxy = await startFaultProxy({ target: server });
  const client = await connect({
    ...{ connect: `${proxy.connect}${root}`, sessionTimeout, onExpired: 'renew' },
    reconnectJitter: 0,
  });
  return {
    client,
    proxy,
    /** As a crash does. */
    vanish() {
      proxy.refuse();
      proxy.cut();
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await proxy.close();
    },
  };
}

/** An instance as the tests register it. */
function instance(id: string, service = 'a') {
  const port = 1 + [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 60_000, 0);
  return { service, id, address: '10.0.0.1', port };
}

function entry(root: string, id: string, service = 'a') {
  const [first] = spring.encode(`${root}/services`, instance(id, service), 1);
  return first!;
}

/** Creates instances' znodes, in as few requests as may be. */
async function create(zk: ZooKeeper, root: string, ids: readonly string[], service = 'a') {
  const all = ids.map((id) => entry(root, id, service));
  const parent = parentOf(all[0]!.path);
  if ((await zk.exists(parent)) === null) await zk.create(parent, '', { parents: true });
  for (let i = 0; i < all.length; i += 250)
    await zk.multi(all.slice(i, i + 250).map(({ path, data }) => ({ op: 'create', path, data })));
}

const numbered = (total: number, prefix = 'i') =>
  Array.from({ length: total }, (_, i) => `${prefix}${String(i).padStart(5, '0')}`);

/** Starts the server without its data. Clients that knew it are refused until their sessions are over. */
async function startEmpty(root: string): Promise<void> {
  await rm(join(server.dataDir, 'version-2'), { recursive: true });
  await server.start();
  await until(() => zk.create(root).then(() => true), { message: 'the server takes writes' });
}

/** A client that follows by recursive watches, or a server that doesn't have them. */
const watches = { 'a recursive watch': false, 'one-shot watches': true } as const;

describe('what goes wrong in production', { skip }, () => {
  test('a node owned by a dying session survives re-registration, then vanishes', async () => {
    const root = await place();
    await using catalog = await follow(root, { protection: PATIENT });
    await using first = await breakable(root);
    const one = instance('one');
    await new Registrar({ zk: first.client, dialect: spring }).register(one);
    await create(zk, root, ['two']);
    await catalog.has('a', { one: {}, two: {} });
    const since = catalog.snapshots.length;
    const { path } = entry(root, 'one');
    const { ephemeralOwner } = (await zk.exists(path))!;
    // It is killed and started again: what its first session has created is still there.
    first.vanish();
    await using second = await connect({ connect: `${server.connect}${root}` });
    await using registered = await new Registrar({ zk: second, dialect: spring }).register(one);
    assert.deepEqual(registered.paths, ['/services/a/one']);
    assert.ok(second.state.type === 'connected');
    const now = await zk.exists(path);
    assert.equal(now?.ephemeralOwner, second.state.sessionId, 'it is of the second session');
    assert.notEqual(now?.ephemeralOwner, ephemeralOwner);
    await catalog.has('a', { one: {}, two: {} });
    catalog.neverWithout('a', ['one', 'two'], since);
  });

  test('what another library loses that way is gone from the catalog too, and only that', async () => {
    const root = await place();
    await using catalog = await follow(root);
    await using first = await breakable(root);
    const { path, data } = entry('', 'one');
    await first.client.create(path, data, { mode: CreateMode.EPHEMERAL, parents: true });
    await create(zk, root, ['two']);
    await catalog.has('a', { one: {}, two: {} });
    first.vanish();
    await using second = await connect({ connect: `${server.connect}${root}` });
    const again = second.create(path, data, { mode: CreateMode.EPHEMERAL });
    await assert.rejects(again, { code: 'NODE_EXISTS' });
    await catalog.has('a', { two: {} });
  });

  test("a third party that recreates a provider's node becomes its owner", async () => {
    const root = await place();
    await using catalog = await follow(root, { protection: PATIENT });
    await using provider = await connect({ connect: `${server.connect}${root}` });
    await using _ = await new Registrar({ zk: provider, dialect: spring }).register(
      instance('one'),
    );
    await create(zk, root, ['two']);
    await catalog.has('a', { one: {}, two: {} });
    const { path, data } = entry(root, 'one');
    const owner = async () => (await zk.exists(path))?.ephemeralOwner;
    assert.ok(provider.state.type === 'connected');
    const { sessionId } = provider.state;
    // We ourselves never write there, whatever an operator says of an endpoint.
    const before = await zk.exists(path);
    const overlay = `${catalog.api}/api/v1/services/a/endpoints/one/overlay`;
    const said = await fetch(overlay, {
      ...{ method: 'PUT', body: JSON.stringify({ drain: true, weight: 5 }) },
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(said.status, 200);
    await catalog.has('a', { one: { weight: 5, health: 'draining' }, two: {} });
    assert.deepEqual(await zk.exists(path), before);
    assert.equal((await fetch(overlay, { method: 'DELETE' })).status, 204);
    await catalog.has('a', { one: {}, two: {} });
    const since = catalog.snapshots.length;
    await using third = await connect({ connect: server.connect });
    await third.multi([
      { op: 'delete', path },
      { op: 'create', path, data, mode: CreateMode.EPHEMERAL },
    ]);
    assert.ok(third.state.type === 'connected');
    assert.equal(await owner(), third.state.sessionId, 'it is not fought for');
    await third.close();
    await until(async () => (await owner()) === sessionId, { message: 'it is its own again' });
    await catalog.has('a', { one: {}, two: {} });
    catalog.neverWithout('a', ['one', 'two'], since);
  });

  test('blocking in the event thread: 100 interfaces x 1 s = 100 s unregistered', async () => {
    const root = await place();
    await using catalog = await follow(root, { protection: PATIENT });
    await using provider = await breakable(root, 4_000);
    provider.proxy.delay(50);
    const registrar = new Registrar({ zk: provider.client, dialect: spring });
    const timed = async (work: () => Promise<unknown>) => {
      const begin = performance.now();
      await work();
      return performance.now() - begin;
    };
    const alone = await timed(() => registrar.register(instance('first')));
    const names = numbered(100);
    const hundred = await timed(() =>
      Promise.all(names.map((service) => registrar.register(instance('one', service)))),
    );
    assert.ok(hundred < 20 * alone, `100 took ${hundred} ms, one took ${alone} ms`);
    await until(() => names.every((service) => catalog.endpoint(service, 'one')));
    // Again, with all of them at once in a new session.
    const since = catalog.snapshots.length;
    provider.vanish();
    await until(async () => (await zk.exists(entry(root, 'one', 'i00099').path)) === null);
    await provider.proxy.accept();
    await until(() => provider.client.state.type === 'connected');
    const back = await timed(() =>
      until(
        async () => (await zk.getAllChildrenNumber(`${root}/services`)) === 2 * (names.length + 1),
      ),
    );
    assert.ok(back < 20 * alone, `100 were back in ${back} ms, one takes ${alone} ms`);
    for (const service of names) catalog.neverWithout(service, ['one'], since);
  });

  test('deleted nodes never come back (owners must self-check)', async () => {
    const root = await place();
    await using catalog = await follow(root, { protection: PATIENT });
    await using provider = await connect({ connect: `${server.connect}${root}` });
    const registrar = new Registrar({ zk: provider, dialect: spring });
    await using _one = await registrar.register(instance('one'));
    await using _two = await registrar.register(instance('two'));
    await create(zk, root, ['theirs']);
    await catalog.has('a', { one: {}, two: {}, theirs: {} });
    const since = catalog.snapshots.length;
    const { path } = entry(root, 'one');
    const { czxid } = (await zk.exists(path))!;
    await zk.delete(path);
    await until(async () => ((await zk.exists(path))?.czxid ?? 0n) > czxid);
    // Others' libraries don't look: what they have lost is not served.
    await zk.delete(entry(root, 'theirs').path);
    await catalog.has('a', { one: {}, two: {} });
    catalog.neverWithout('a', ['one', 'two'], since);
  });

  test("Curator's delete-recreate gap makes endpoints flap", async () => {
    const root = await place();
    await using catalog = await follow(root, { protection: PATIENT });
    await using provider = await connect({ connect: server.connect });
    const entries = ['one', 'two', 'three'].map((id) => entry(root, id));
    const register = ({ path, data }: (typeof entries)[number]) =>
      provider.create(path, data, { mode: CreateMode.EPHEMERAL, parents: true });
    for (const each of entries) await register(each);
    await catalog.has('a', { one: {}, two: {}, three: {} });
    const since = catalog.snapshots.length;
    for (let round = 0; round < 5; round++)
      for (const each of entries) {
        await provider.delete(each.path);
        // As long as it takes until everybody has heard of it.
        await until(async () =>
          (await catalog.shown('a')).some(({ held }) => held === 'absorbing'),
        );
        await register(each);
        await catalog.has('a', { one: {}, two: {}, three: {} });
      }
    assert.equal(catalog.snapshots.length, since, 'nobody was told of any of it');
  });

  for (const [how, old] of Object.entries(watches)) {
    test(`watches: lost after a server restart (${how})`, async () => {
      const root = await place();
      await create(zk, root, ['one', 'two']);
      await using proxy = await startRequestProxy(server, { old });
      await using catalog = await follow(root, { zookeeper: `${proxy.connect}${root}` });
      await catalog.has('a', { one: {}, two: {} });
      await server.restart();
      await catalog.has('a', { one: {}, two: {} });
      const { path, data } = entry(root, 'three');
      await until(() => zk.create(path, data).then(() => true));
      await catalog.has('a', { one: {}, three: {}, two: {} });
      await zk.delete(entry(root, 'one').path);
      await catalog.has('a', { three: {}, two: {} });
      await zk.set(path, spring.encode('/s', { ...instance('three'), weight: 200 }, 1)[0]!.data);
      await catalog.has('a', { three: { weight: 200 }, two: {} });
      catalog.neverWithout('a', ['two']);
    });

    test(`a changing timestamp in the key leaks (${how})`, async () => {
      const root = await place();
      const dubbo = DIALECTS.get('dubbo')!;
      const url = (now: number) =>
        dubbo.encode(
          `${root}/dubbo`,
          {
            ...{ service: 'com.foo.A', address: '10.0.0.1', port: 20880, protocol: 'dubbo' },
            metadata: { application: 'app' },
          },
          now,
        )[0]!;
      const put = ({ path, data }: ReturnType<typeof url>) =>
        zk.create(path, data, { parents: true });
      await put(url(0));
      await using proxy = await startRequestProxy(server, { old });
      await using catalog = await follow(root, {
        ...{ zookeeper: `${proxy.connect}${root}`, registries: [REGISTRIES[2]] },
        protection: PATIENT,
      });
      const id = '10.0.0.1:20880';
      await catalog.has('com.foo.A', { [id]: {} });
      const watched = async () => /Total watches:(\d+)/.exec(await server.ask('wchs'))?.[1];
      const before = await watched();
      for (let i = 1; i <= 100; i++) {
        // Restarted, with both there for a while; and re-registered as for a rule, with a gap.
        if (i % 2 === 0) await put(url(i));
        await zk.delete(url(i - 1).path);
        if (i % 2 === 1) await put(url(i));
      }
      await until(() => catalog.endpoint('com.foo.A')?.warmup?.from === 100);
      await catalog.has('com.foo.A', { [id]: {} });
      catalog.neverWithout('com.foo.A', [id]);
      assert.deepEqual(await catalog.problems(), {});
      await until(async () => (await watched()) === before, { message: 'no watch is left over' });
    });

    test(`list-then-get NoNode crash (${how})`, async () => {
      const root = await place();
      await create(zk, root, ['gone', 'one', 'two']);
      const { path } = entry(root, 'gone');
      let deleted: Promise<void> | undefined;
      await using proxy = await startRequestProxy(server, {
        old,
        // It was in the list; it isn't there when it is read.
        before({ op, paths }) {
          if (!['getData', 'multiRead'].includes(op) || !paths.includes(path)) return undefined;
          deleted ??= zk.delete(path);
          return deleted;
        },
      });
      await using catalog = await follow(root, { zookeeper: `${proxy.connect}${root}` });
      await catalog.has('a', { one: {}, two: {} });
      assert.notEqual(deleted, undefined);
      await create(zk, root, ['three']);
      await catalog.has('a', { one: {}, three: {}, two: {} });
      assert.equal((await getJson<{ status: string }>(`${catalog.api}/readyz`)).status, 'ready');
    });

    test(`cache refill storms took a cluster down (${how})`, async () => {
      const root = await place();
      for (const service of numbered(10, 's')) await create(zk, root, numbered(150), service);
      await using faults = await startFaultProxy({ target: server });
      const target = { host: '127.0.0.1', port: faults.port };
      await using proxy = await startRequestProxy(target, { old });
      await using catalog = await follow(root, { zookeeper: `${proxy.connect}${root}` });
      await until(() => catalog.service('s00009')?.endpoints.length === 150);
      assert.ok(proxy.mostInFlight <= 70, `${proxy.mostInFlight} requests at once`);
      // Each znode is read once, listed once at most, and watched or not.
      assert.ok(proxy.reads() <= 1.1 * 1_511, `${proxy.reads()} reads of 1,511 znodes`);
      proxy.forget();
      const { accepted } = faults;
      faults.cut();
      await until(() => faults.accepted > accepted);
      await until(
        async () => (await getJson<{ status: string }>(`${catalog.api}/readyz`)).status === 'ready',
      );
      await zk.delete(entry(root, 'i00000', 's00009').path);
      await until(() => catalog.service('s00009')?.endpoints.length === 149);
      assert.ok(proxy.mostInFlight <= 70, `${proxy.mostInFlight} requests at once`);
      assert.ok(proxy.reads() <= 1.1 * 1_511, `${proxy.reads()} reads of 1,511 znodes`);
    });

    test(`1,000-node deploy -> one dependent did 7,000 GETs in 2 min (${how})`, async () => {
      const root = await place();
      const [old1, new1] = [numbered(1_000, 'old'), numbered(1_000, 'new')];
      await create(zk, root, old1);
      await using proxy = await startRequestProxy(server, { old });
      await using catalog = await follow(root, { zookeeper: `${proxy.connect}${root}` });
      await until(() => catalog.service('a')?.endpoints.length === 1_000);
      proxy.forget();
      // Each is replaced, one after the other as far as anybody can tell.
      await Promise.all(
        old1.flatMap((id, i) => {
          const { path, data } = entry(root, new1[i]!);
          return [zk.create(path, data), zk.delete(entry(root, id).path)];
        }),
      );
      await until(
        () =>
          catalog.endpoint('a', new1.at(-1)) && catalog.service('a')?.endpoints.length === 1_000,
      );
      const lists = proxy.requests.filter(({ op }) => op.startsWith('getChildren')).length;
      const reads = proxy.reads();
      assert.ok(reads <= (old ? 2_200 : 1_100), `${reads} znodes read for 2,000 changes`);
      assert.ok(lists <= (old ? 2_200 : 0), `${lists} lists`);
      assert.ok(proxy.mostInFlight <= 70, `${proxy.mostInFlight} requests at once`);
    });
  }

  test('a SetWatches packet over 1 MB makes reconnect fail for ever', async () => {
    const root = await place();
    const long = 'x'.repeat(180);
    const ids = numbered(3_500, long);
    await create(zk, root, ids.slice(0, 5));
    for (let i = 5; i < ids.length; i += 500)
      await zk.multi(
        ids.slice(i, i + 500).map((id) => ({ op: 'create', path: entry(root, id).path, data: '' })),
      );
    await using faults = await startFaultProxy({ target: server });
    await using proxy = await startRequestProxy(
      { host: '127.0.0.1', port: faults.port },
      { old: true },
    );
    await using catalog = await follow(root, { zookeeper: `${proxy.connect}${root}` });
    await until(() => catalog.service('a')?.endpoints.length === 5, { timeout: 30_000 });
    proxy.forget();
    const { accepted } = faults;
    faults.cut();
    await until(() => faults.accepted > accepted);
    await zk.delete(entry(root, ids[0]!).path);
    await until(() => catalog.service('a')?.endpoints.length === 4, { timeout: 30_000 });
    const frames = proxy.requests.filter(({ op }) => op.startsWith('setWatches'));
    const total = frames.reduce((sum, { size }) => sum + size, 0);
    assert.ok(total > MEGABYTE, `${total} bytes are more than one packet takes`);
    for (const { size } of frames) assert.ok(size < MEGABYTE / 2, `${size} bytes in one packet`);
    assert.equal(faults.accepted, accepted + 1, 'the first reconnect was good');
  });

  test('caching / OOMed ZooKeeper', async () => {
    const root = await place();
    await create(zk, root, ['one']);
    await zk.create(`${root}/unrelated`);
    await zk.multi(
      numbered(500).map((name) => ({ op: 'create', path: `${root}/unrelated/${name}`, data: 'x' })),
    );
    await using proxy = await startRequestProxy(server);
    await using catalog = await follow(root, {
      ...{ zookeeper: `${proxy.connect}${root}`, registries: REGISTRIES },
    });
    await catalog.has('a', { one: {} });
    await zk.set(`${root}/unrelated/i00000`, 'y');
    await create(zk, root, ['two']);
    await catalog.has('a', { one: {}, two: {} });
    const ours = [...REGISTRIES.map((each) => each.root), '/meshkeeper'].map((at) => root + at);
    const asked = new Set(proxy.requests.flatMap(({ paths }) => paths));
    assert.ok(asked.size > 0);
    for (const path of asked)
      assert.ok(
        ours.some((at) => path === at || path.startsWith(`${at}/`)),
        `${path} is nothing of ours`,
      );
    assert.ok(asked.size < 50, `${asked.size} paths were asked about`);
  });

  test('1,000 sessions expiring together delayed requests by 8 s and expired more', async () => {
    const root = await place();
    await using proxy = await startRequestProxy(server);
    await using faults = await startFaultProxy({ target: server });
    await using catalog = await follow(root, {
      ...{ zookeeper: `${proxy.connect}${root}`, sessionTimeout: '4000ms', protection: {} },
    });
    await create(zk, root, ['steady'], 'other');
    await zk.create(`${root}/services/fleet`);
    const ids = numbered(1_000);
    const sessions: ZooKeeper[] = [];
    // Some at a time: a thousand handshakes at once are another story.
    for (let i = 0; i < ids.length; i += 50)
      await Promise.all(
        ids.slice(i, i + 50).map(async (id) => {
          const session = await connect({ connect: faults.connect, sessionTimeout: 4_000 });
          sessions.push(session);
          const { path, data } = entry(root, id, 'fleet');
          await session.create(path, data, { mode: CreateMode.EPHEMERAL });
        }),
      );
    const size = () => catalog.service('fleet')?.endpoints.length;
    await until(() => size() === 1_000);
    proxy.forget();
    const since = catalog.snapshots.length;
    faults.refuse();
    faults.cut();
    await Promise.all(sessions.map((session) => session.close()));
    assert.equal(size(), 1_000, 'as long as the sessions last nobody can know');
    await until(async () => (await zk.exists(`${root}/services/fleet`))?.numChildren !== 1_000);
    await create(zk, root, ['another'], 'other');
    await catalog.has('other', { another: {}, steady: {} });
    await until(async () => {
      const shown = await catalog.shown('fleet');
      return shown.length > 0 && shown.every(({ held }) => held === 'mass-drop');
    });
    type View = { alarm?: string; held: number };
    const view = await getJson<View>(`${catalog.api}/api/v1/services/fleet`);
    assert.equal(view.alarm, 'mass-drop');
    for (const { services } of catalog.snapshots.slice(since))
      assert.ok(services.get('fleet')!.endpoints.length >= 500, 'half of them are always there');
    catalog.neverWithout('other', ['steady'], since);
    assert.ok(proxy.requests.length < 100, `${proxy.requests.length} requests for 1,000 deletions`);
    const status = await getJson<{ status: string }>(`${catalog.api}/readyz`);
    assert.equal(status.status, 'ready', 'its own session has not been lost');
    // They come back, in other sessions: nothing is held any more.
    await create(zk, root, ids, 'fleet');
    await until(async () => {
      const shown = await catalog.shown('fleet');
      return shown.length === 1_000 && shown.every(({ held }) => held === undefined);
    });
  });

  test('one unresolvable hostname or malformed node blocks a whole set: it must fail alone, and be reported', async () => {
    const root = await place();
    const expected: Record<string, string> = {};
    for (const { dialect, root: at } of REGISTRIES) {
      const registration = (address: string, port: number) => ({
        ...{ service: dialect === 'dubbo' ? 'com.foo.A' : `${dialect}-a`, address, port },
        ...(dialect === 'dubbo' && {
          ...{ protocol: 'dubbo' as const, metadata: { application: 'app' } },
        }),
      });
      const entries = ['10.0.0.1', 'nowhere.invalid', '10.0.0.3'].map(
        (address, i) => DIALECTS.get(dialect)!.encode(at, registration(address, 80 + i), 1)[0]!,
      );
      const [good, nowhere, spoiled] = entries as [Entry, Entry, Entry];
      const put = async ({ path, data, mode, merge }: Entry) => {
        if (merge === undefined || (await zk.exists(root + path)) === null)
          return (await zk.create(root + path, data, { mode, parents: true })).path.slice(
            root.length,
          );
        await zk.set(root + path, merge((await zk.get(root + path)).data, data) ?? '');
        return path;
      };
      await put(good);
      expected[await put(nowhere)] = 'bad-address';
      const malformed =
        dialect === 'dubbo'
          ? { ...spoiled, path: `${parentOf(spoiled.path)}/dubbo%3A%2F%2F%3A%3A` }
          : { ...spoiled, data: Buffer.from('{"') };
      // Where a service is a znode it is one of its own.
      const apart = { ...malformed, path: `${malformed.path}-spoiled` };
      expected[await put(malformed.merge ? apart : malformed)] = 'malformed';
    }
    await using catalog = await follow(root, { registries: REGISTRIES });
    await catalog.ready;
    await until(async () => {
      assert.deepEqual(await catalog.problems(), expected);
      return true;
    });
    assert.deepEqual(
      catalog.services.map(({ name, endpoints }) => [name, endpoints.map(({ port }) => port)]),
      Object.entries({
        ...{ 'apisix-seed-a': [80], 'com.foo.A': [80], 'curator-a': [80], 'd2-a': [80] },
        ...{ 'nerve-a': [80], 'serverset-a': [80], 'spring-a': [80] },
      }),
    );
  });

  test('IPv6 addresses split on `:`', async () => {
    const root = await place();
    for (const { dialect, root: at } of REGISTRIES)
      for (const [i, address] of ['fd00::1', 'fd00:0:0:0:0:0:0:2', '::ffff:10.0.0.1'].entries()) {
        const dubbo = dialect === 'dubbo';
        const modes = dubbo ? ['interface', 'instance'] : [''];
        for (const mode of modes) {
          const service = dubbo ? `com.foo.${mode}` : dialect;
          const entries = DIALECTS.get(dialect)!.encode(
            at,
            {
              ...{ service, address, port: 8_080 + i },
              ...(dubbo && {
                protocol: 'dubbo' as const,
                metadata: { application: `app-${i}`, 'register-mode': mode },
              }),
            },
            1,
          );
          for (const { path, data, mode, merge } of entries) {
            const shared = merge && (await zk.exists(root + path));
            if (shared)
              await zk.set(root + path, merge((await zk.get(root + path)).data, data) ?? '');
            else await zk.create(root + path, data, { mode, parents: true });
          }
        }
      }
    // With a zone, as Curator writes an address that it has found itself.
    const zoned = JSON.stringify({ name: 'z', id: 'z', address: 'fd00::3%eth0', port: 8_083 });
    await zk.create(`${root}/discovery/curator/zoned`, zoned);
    await using catalog = await follow(root, { registries: REGISTRIES });
    await catalog.ready;
    const found = (service: string) =>
      catalog
        .service(service)
        ?.endpoints.map(({ address, port }) => `${address} ${port}`)
        .sort();
    const all = ['::ffff:10.0.0.1 8082', 'fd00:0:0:0:0:0:0:2 8081', 'fd00::1 8080'];
    for (const service of ['spring', 'serverset', 'nerve', 'com.foo.interface', 'com.foo.instance'])
      assert.deepEqual(found(service), all, service);
    assert.deepEqual(found('curator'), [...all, 'fd00::3 8083'].sort());
    assert.deepEqual(await catalog.problems(), {});
  });

  test('ZooKeeper restarts, consumers are fine while it is down, then get empty lists', async () => {
    const root = await place();
    await using catalog = await follow(root, {
      ...{ protection: { recovery: '300ms' }, sessionTimeout: '1000ms' },
    });
    const providers = await Promise.all(['one', 'two', 'three'].map(() => breakable(root, 4_000)));
    await using stack = new AsyncDisposableStack();
    for (const provider of providers) stack.use(provider);
    for (const [i, id] of ['one', 'two', 'three'].entries())
      stack.use(
        await new Registrar({ zk: providers[i]!.client, dialect: spring }).register(instance(id)),
      );
    const all = ['one', 'two', 'three'];
    await catalog.has('a', { one: {}, two: {}, three: {} });
    for (const provider of providers) provider.vanish();
    await server.kill();
    const status = async () => (await getJson<{ status: string }>(`${catalog.api}/readyz`)).status;
    await until(async () => (await status()) === 'stale');
    await catalog.has('a', { one: {}, two: {}, three: {} });
    await startEmpty(root);
    const held = { held: 'mass-drop' };
    await catalog.has('a', { one: held, two: held, three: held });
    await providers[0]!.proxy.accept();
    await catalog.has('a', { one: {}, two: held, three: held });
    await providers[1]!.proxy.accept();
    await providers[2]!.proxy.accept();
    await catalog.has('a', { one: {}, two: {}, three: {} });
    catalog.neverWithout(
      'a',
      all,
      catalog.snapshots.findIndex(({ services }) => services.get('a')?.endpoints.length === 3),
    );
  });

  test('endpoints that the registry no longer has stay for ever', async () => {
    const root = await place();
    await create(zk, root, ['one', 'two', 'three']);
    await create(zk, root, ['last'], 'b');
    await using catalog = await follow(root, {
      ...{ protection: { recovery: '300ms', maxHold: '3s' }, sessionTimeout: '1000ms' },
    });
    await catalog.has('a', { one: {}, two: {}, three: {} });
    await server.kill();
    await startEmpty(root);
    const held = { held: 'mass-drop' };
    await catalog.has('a', { one: held, two: held, three: held });
    await catalog.has('b', { last: { held: 'last-instance' } });
    // Nobody comes back: every wait ends.
    await catalog.has('a', {});
    await catalog.has('b', {});
    await create(zk, root, ['other']);
    await catalog.has('a', { other: {} });
  });
});

type Entry = ReturnType<typeof entry>;
