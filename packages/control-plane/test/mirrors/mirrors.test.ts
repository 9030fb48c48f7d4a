import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MARK_KEY } from '@meshkeeper/mesh';
import { type Dialect, dubbo, nerve, spring } from '@meshkeeper/registries';
import { freePort, startFaultProxy, tempDir, until } from '@meshkeeper/testbed';
import { connect, parseConnectString, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { watchFewest } from '../../../registries/test/mirror/fewest.ts';
import { startPlane } from './plane.ts';

async function register(zk: ZooKeeper, dialect: Dialect, root: string, port: number) {
  const metadata = { protocol: 'dubbo' };
  const said = { service: 'com.foo.A', address: '10.0.0.1', port, metadata };
  const [entry] = dialect.encode(root, said, 1_700_000_000_000);
  const { path, data, mode } = entry!;
  return (await zk.create(path, data, { mode, parents: true })).path;
}

/** The instances in a tree: who registered them, and who owns them. */
async function instances(zk: ZooKeeper, root: string) {
  const found: { readonly path: string; readonly owner: bigint; readonly mirrored: boolean }[] = [];
  const walk = async (path: string): Promise<void> => {
    const read = await zk.get(path).catch(() => undefined);
    if (read === undefined) return;
    const { ephemeralOwner: owner } = read.stat;
    const mirrored = path.includes(MARK_KEY) || read.data.includes(MARK_KEY);
    if (owner !== 0n) found.push({ path, owner, mirrored });
    const { children } = await zk.children(path).catch(() => ({ children: [] }));
    for (const child of children) await walk(`${path}/${child}`);
  };
  await walk(root);
  return found;
}
const mirroredIn = async (zk: ZooKeeper, root: string) =>
  (await instances(zk, root)).filter(({ mirrored }) => mirrored);

describe('mirrors', { concurrency: true }, () => {
  let east: ZooKeeperServer;
  let west: ZooKeeperServer;
  let zk: ZooKeeper;
  let far: ZooKeeper;
  let count = 0;
  before(async () => {
    east = await startZooKeeperServer({ port: 0, tickTime: 200 });
    west = await startZooKeeperServer({ port: 0, tickTime: 200 });
    zk = await connect({ connect: east.connect });
    far = await connect({ connect: west.connect });
  });
  after(async () => {
    await zk?.close();
    await far?.close();
    await east?.close();
    await west?.close();
  });
  const fresh = () => `/test-${count++}`;
  /** Where a mesh of this test's own has its state. */
  const ownState = async (by = zk) => {
    const chroot = fresh();
    await by.create(chroot);
    return chroot;
  };

  test('two meshes that mirror into each other: each instance is written once, and none comes back', async () => {
    const [springs, dubbos] = [fresh(), fresh()];
    await register(zk, spring, springs, 1);
    await register(far, dubbo, dubbos, 2);
    const here = { connect: east.connect };
    const there = { connect: west.connect };
    await using one = await startPlane({
      zookeeper: { connect: `${east.connect}${await ownState()}` },
      registries: [{ name: 's', dialect: 'spring', root: springs, zookeeper: here }],
      mirror: [
        {
          from: { registry: 's', services: ['com.*'] },
          to: { dialect: 'dubbo', root: dubbos, zookeeper: there },
        },
      ],
    });
    await using other = await startPlane({
      zookeeper: { connect: `${west.connect}${await ownState(far)}` },
      registries: [{ name: 'd', dialect: 'dubbo', root: dubbos, zookeeper: there }],
      mirror: [{ to: { dialect: 'spring', root: springs, zookeeper: here } }],
    });
    const both = async () => [...(await one.mirrors()), ...(await other.mirrors())];
    await until(async () => (await both()).every(({ mirrored }) => mirrored === 1));
    assert.deepEqual(
      (await both()).map(({ name, problems }) => [name, problems]),
      [
        ['s-to-dubbo', []],
        ['catalog-to-spring', []],
      ],
    );
    // What one changes would come round: two more in turn, and each is there once.
    const third = await register(zk, spring, springs, 3);
    await until(async () => (await mirroredIn(far, dubbos)).length === 2);
    await register(far, dubbo, dubbos, 4);
    await until(async () => (await mirroredIn(zk, springs)).length === 2);
    assert.deepEqual(await one.endpoints('com.foo.A'), ['10.0.0.1:1', '10.0.0.1:3']);
    assert.deepEqual(await other.endpoints('com.foo.A'), ['10.0.0.1:2', '10.0.0.1:4']);
    assert.match(await one.metrics(), /meshkeeper_mirrored_endpoints\{mirror="s-to-dubbo"\} 2/);
    await zk.delete(third);
    await until(async () => (await mirroredIn(far, dubbos)).length === 1);
  });

  test('in a circle of three dialects what is mirrored goes one step', async () => {
    const roots = [fresh(), fresh(), fresh()];
    const dialects = [spring, dubbo, nerve];
    for (const [i, dialect] of dialects.entries()) await register(zk, dialect, roots[i]!, i + 1);
    const zookeeper = { connect: east.connect };
    await using plane = await startPlane({
      zookeeper: { connect: `${east.connect}${await ownState()}` },
      registries: dialects.map(({ name }, i) => ({
        ...{ name, dialect: name, root: roots[i] },
        zookeeper,
      })),
      mirror: dialects.map(({ name }, i) => ({
        from: { registry: name },
        to: { dialect: dialects[(i + 1) % 3]!.name, root: roots[(i + 1) % 3], zookeeper },
      })),
    });
    await until(async () =>
      (await plane.mirrors()).every(({ mirrored, state }) => mirrored === 1 && state === 'live'),
    );
    for (const root of roots) assert.equal((await instances(zk, root)).length, 2);
    assert.deepEqual(await plane.endpoints('com.foo.A'), [
      '10.0.0.1:1',
      '10.0.0.1:2',
      '10.0.0.1:3',
    ]);
  });

  test('one replica writes; when it ends or dies another takes over, and nobody sees a gap', async () => {
    const [springs, dubbos] = [fresh(), fresh()];
    for (const port of [1, 2, 3]) await register(zk, spring, springs, port);
    const target = parseConnectString(east.connect).hosts[0]!;
    await using proxy = await startFaultProxy({ target });
    const chroot = await ownState();
    const config = (servers: string) => ({
      // Its own state is this test's own; what it reads and writes is on the other ensemble string.
      zookeeper: { connect: `${servers}${chroot}`, sessionTimeout: '1s' },
      registries: [
        { name: 's', dialect: 'spring', root: springs, zookeeper: { connect: servers } },
      ],
      mirror: [
        {
          from: { registry: 's' },
          to: { dialect: 'dubbo', root: dubbos, zookeeper: { connect: servers } },
        },
      ],
    });
    await using first = await startPlane(config(proxy.connect));
    await until(async () => (await first.mirrors())[0]?.mirrored === 3);
    await using second = await startPlane(config(east.connect));
    await using third = await startPlane(config(east.connect));
    const states = async () =>
      Promise.all([second, third].map(async (plane) => (await plane.mirrors())[0]?.state));
    assert.deepEqual(await states(), ['standby', 'standby']);

    using gap = watchFewest(zk, `${dubbos}/com.foo.A/providers`);
    const before = await mirroredIn(zk, dubbos);
    // The machine of the first is gone from the network.
    proxy.refuse();
    proxy.cut();
    await until(async () => (await states()).includes('live'));
    const owners = async () => new Set((await mirroredIn(zk, dubbos)).map(({ owner }) => owner));
    await until(async () => (await owners()).isDisjointFrom(new Set([before[0]!.owner])));
    const names = async () => (await mirroredIn(zk, dubbos)).map(({ path }) => path).toSorted();
    assert.deepEqual(await names(), before.map(({ path }) => path).toSorted(), 'as they were');
    // Whichever leads now ends in order.
    const [leads] = await states();
    const [ending, staying] = leads === 'standby' ? [third, second] : [second, third];
    await ending.plane.close();
    await until(async () => (await staying.mirrors())[0]?.state === 'live');
    assert.equal(await gap.fewest(), 3);
    assert.equal((await mirroredIn(zk, dubbos)).length, 3);
    await staying.plane.close();
    await until(async () => (await mirroredIn(zk, dubbos)).length === 0);
  });

  test('what is in the way is told, and nothing of others is touched', async () => {
    const [dubbos, springs] = [fresh(), fresh()];
    const chroot = await ownState();
    await zk.create(`${chroot}/meshkeeper/mirror/mesh`, 'cafecafecafe', { parents: true });
    for (const port of [1, 2]) await register(zk, dubbo, dubbos, port);
    const other = await register(zk, spring, springs, 9);
    const name = 'meshkeeper.mirror~cafecafecafe~d-to-spring~10.0.0.1%3A1';
    const theirs = await zk.create(`${springs}/com.foo.A/${name}`, 'not ours');
    const zookeeper = { connect: east.connect };
    await using plane = await startPlane({
      zookeeper: { connect: `${east.connect}${chroot}` },
      registries: [{ name: 'd', dialect: 'dubbo', root: dubbos, zookeeper }],
      mirror: [
        { from: { registry: 'd' }, to: { dialect: 'spring', root: springs, zookeeper } },
        { name: 'none', from: { services: ['x?', 'y*'] }, to: { dialect: 'curator' } },
      ],
    });
    await until(async () => (await plane.mirrors()).every(({ state }) => state === 'live'));
    await until(async () => (await plane.mirrors())[0]?.mirrored === 1);
    const [mirror, none] = await plane.mirrors();
    assert.deepEqual(
      mirror?.problems.map(({ service, code }) => [service, code]),
      [['com.foo.A', 'in-the-way']],
    );
    assert.match(await plane.metrics(), /meshkeeper_mirror_problems\{mirror="d-to-spring"\} 1/);
    assert.equal(none?.mirrored, 0);
    assert.equal(String((await zk.get(theirs.path)).data), 'not ours');
    assert.equal((await zk.get(theirs.path)).stat.version, 0);
    assert.notEqual(await zk.exists(other), null);
  });

  test('restarted while a registry is away it deletes nothing of what it does not know', async () => {
    await using folder = await tempDir();
    const port = await freePort();
    const dubbos = fresh();
    const chroot = await ownState();
    const source = { port, dataDir: `${folder.path}/zookeeper`, tickTime: 200 };
    const config = {
      zookeeper: { connect: `${east.connect}${chroot}`, sessionTimeout: '1s' },
      controlPlane: { dataDir: `${folder.path}/data` },
      registries: [
        {
          ...{ name: 's', dialect: 'spring', root: '/services' },
          zookeeper: { connect: `127.0.0.1:${port}` },
        },
      ],
      protection: { recovery: '500ms', limbo: '100ms' },
      mirror: [
        {
          ...{ name: 'away', from: { registry: 's' } },
          to: { dialect: 'dubbo', root: dubbos, zookeeper: { connect: east.connect } },
        },
      ],
    };
    const persistent = async (client: ZooKeeper, at: number) => {
      const said = { service: 'com.foo.A', address: '10.0.0.1', port: at };
      const [entry] = spring.encode('/services', { ...said, metadata: { protocol: 'dubbo' } }, 0);
      return (await client.create(entry!.path, entry!.data, { parents: true })).path;
    };
    let gone = '';
    {
      await using server = await startZooKeeperServer(source);
      await using client = await connect({ connect: server.connect });
      for (const at of [1, 2, 3, 4]) gone = await persistent(client, at);
      await using plane = await startPlane(config);
      await until(async () => (await plane.mirrors())[0]?.mirrored === 4);
      await plane.plane.close();
    }
    // What a former leader left, of an instance that nobody knows any more.
    await using former = await connect({ connect: east.connect });
    const mesh = String((await former.get(`${chroot}/meshkeeper/mirror/mesh`)).data);
    const [left] = dubbo.encode(
      dubbos,
      {
        ...{ service: 'com.foo.A', address: '10.0.0.1', port: 7 },
        metadata: { protocol: 'dubbo', [MARK_KEY]: `${mesh}/away/s` },
      },
      0,
    );
    await former.create(left!.path, left!.data, { mode: left!.mode });
    await using plane = await startPlane(config);
    // All of what was restored, and that.
    await until(async () => (await mirroredIn(zk, dubbos)).length === 5);
    await until(async () => (await plane.mirrors())[0]?.state === 'live');
    assert.equal((await mirroredIn(zk, dubbos)).length, 5);
    await using server = await startZooKeeperServer(source);
    await using client = await connect({ connect: server.connect });
    await client.delete(gone);
    await until(async () => (await mirroredIn(zk, dubbos)).length === 3, { timeout: 20_000 });
    assert.equal(await former.exists(left!.path), null);
  });

  test('started while ZooKeeper is away it begins to mirror when that is back', async () => {
    await using folder = await tempDir();
    const port = await freePort();
    const all = { port, dataDir: `${folder.path}/zookeeper`, tickTime: 200 };
    const config = {
      zookeeper: { connect: `127.0.0.1:${port}`, sessionTimeout: '1s' },
      controlPlane: { dataDir: `${folder.path}/data` },
      registries: [{ name: 's', dialect: 'spring' }],
      protection: { recovery: '500ms' },
      mirror: [{ to: { dialect: 'dubbo' } }],
    };
    const said = { service: 'com.foo.A', address: '10.0.0.1', port: 1 };
    const [entry] = spring.encode('/services', { ...said, metadata: { protocol: 'dubbo' } }, 0);
    {
      await using server = await startZooKeeperServer(all);
      await using client = await connect({ connect: server.connect });
      await client.create(entry!.path, entry!.data, { parents: true });
      await using plane = await startPlane(config);
      await until(async () => (await plane.mirrors())[0]?.mirrored === 1);
      await plane.plane.close();
    }
    await using plane = await startPlane(config);
    assert.deepEqual(await plane.endpoints('com.foo.A'), ['10.0.0.1:1']);
    assert.deepEqual((await plane.mirrors())[0]?.state, 'standby');
    await using server = await startZooKeeperServer(all);
    await using client = await connect({ connect: server.connect });
    await until(async () => (await mirroredIn(client, '/dubbo')).length === 1, { timeout: 30_000 });
    await until(async () => (await plane.mirrors())[0]?.state === 'live');
  });
});
