import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  DEFAULT_WEIGHT,
  type Endpoint,
  MARK_KEY,
  type Mark,
  NO_LOCALITY,
  type Service,
} from '@meshkeeper/mesh';
import { startFaultProxy, until } from '@meshkeeper/testbed';
import { connect, parseConnectString } from '@meshkeeper/zookeeper';
import {
  apisixSeed,
  curator,
  DIALECTS,
  type Dialect,
  d2,
  Registrar,
  serverset,
  spring,
  TreeMirror,
  TreeSource,
} from '../../src/index.ts';
import { servers } from '../servers.ts';
import { stage } from '../stage.ts';
import { watchFewest } from './fewest.ts';

const logger = { debug() {}, info() {}, warn() {} };
const mark: Mark = { mesh: 'cafe', rule: 'rule' };

function endpoint(port: number, said: Partial<Endpoint> = {}): Endpoint {
  return {
    ...{ id: `id/${port}`, address: '10.0.0.1', port, weight: DEFAULT_WEIGHT },
    ...{ locality: NO_LOCALITY, health: 'unknown', metadata: {} },
    origin: { registry: 'r', path: `/a/${port}`, czxid: 1n, mzxid: 2n, mtime: 1_700_000_000_000 },
    ...said,
  };
}

/** Dialects in which each instance is a znode. */
const single = [...DIALECTS.values()].filter(({ encodeService }) => encodeService === undefined);

function service(...endpoints: readonly Endpoint[]): Service {
  return { name: 'a', protocol: 'dubbo', endpoints };
}

for (const [name, start] of Object.entries(servers))
  describe(`TreeMirror on ${name}`, { concurrency: true }, () => {
    const on = stage(start);
    const mirror = (dialect: Dialect, root: string, by = on.zk, known = () => true) =>
      new TreeMirror({ zk: by, dialect, root, mark, known, logger });
    const settled = (mirrored: TreeMirror) => until(() => mirrored.settled);
    /** The paths of all instances below a root. */
    const instances = async (root: string): Promise<string[]> => {
      if ((await on.zk.exists(root)) === null) return [];
      const { children } = await on.zk.children(root);
      const below = await Promise.all(children.map((child) => instances(`${root}/${child}`)));
      return children.length === 0 && (await on.zk.exists(root))?.ephemeralOwner !== 0n
        ? [root]
        : below.flat();
    };

    test('in every dialect: written once, changed once, and gone; no source reads it', async () => {
      for (const dialect of single) {
        const root = on.fresh();
        await using mirrored = mirror(dialect, root);
        mirrored.want('a', service(endpoint(1, { weight: 200 }), endpoint(2)));
        await until(() => mirrored.size === 2, { message: dialect.name });
        const before = await instances(root);
        assert.equal(before.length, 2, dialect.name);
        await settled(mirrored);
        assert.equal(mirrored.writes, 2, dialect.name);

        const stop = new AbortController();
        const source = new TreeSource({ name: 's', dialect, zk: on.zk, root });
        for await (const change of source.changes(stop.signal)) {
          assert.deepEqual(change, { type: 'reset', services: [] }, dialect.name);
          break;
        }

        // Read again, and registered again by somebody who doesn't say when: it says the same.
        const origin = { ...endpoint(1).origin, mzxid: 9n, mtime: 1_800_000_000_000 };
        mirrored.want('a', service(endpoint(1, { weight: 200, origin }), endpoint(2)));
        await settled(mirrored);
        assert.equal(mirrored.writes, 2, dialect.name);
        assert.deepEqual((await instances(root)).toSorted(), before.toSorted());

        const metadata = { zzz: 'changed' };
        mirrored.want('a', service(endpoint(1, { weight: 200, metadata }), endpoint(2)));
        await settled(mirrored);
        assert.equal(mirrored.writes, dialect === curator ? 2 : 3, dialect.name);
        assert.deepEqual(mirrored.problems, []);
        mirrored.want('a', undefined);
        await until(() => mirrored.size === 0);
        assert.deepEqual(await instances(root), []);
      }
    });

    test('what somebody else has registered is untouched, and reported where it is in the way', async () => {
      const root = on.fresh();
      const foreign = `${root}/a/meshkeeper.mirror~cafe~rule~id%2F1`;
      const [theirs] = spring.encode(
        root,
        { service: 'a', id: foreign.slice(`${root}/a/`.length), address: '10.9.9.9', port: 9 },
        0,
      );
      await on.zk.create(theirs!.path, theirs!.data, { mode: theirs!.mode, parents: true });
      const [original] = spring.encode(
        root,
        { service: 'a', id: 'theirs', address: '10.0.0.1', port: 2 },
        0,
      );
      await on.zk.create(original!.path, original!.data, { mode: original!.mode });
      await using mirrored = mirror(spring, root);
      mirrored.want('a', service(endpoint(1), endpoint(2), endpoint(3)));
      await until(() => mirrored.size === 1);
      await settled(mirrored);
      assert.deepEqual(
        mirrored.problems.map(({ service, endpoint, code }) => [service, endpoint, code]),
        [['a', 'id/1', 'in-the-way']],
      );
      assert.deepEqual((await on.zk.get(theirs!.path)).data, theirs!.data);
      const paths = (await instances(root)).map((path) => path.slice(`${root}/a/`.length));
      // At the second address the original is enough.
      assert.deepEqual(paths.toSorted(), [
        'meshkeeper.mirror~cafe~rule~id%2F1',
        'meshkeeper.mirror~cafe~rule~id%2F3',
        'theirs',
      ]);
      await on.zk.delete(theirs!.path);
      await on.zk.delete(original!.path);
      await until(() => mirrored.size === 3);
      assert.deepEqual(mirrored.problems, []);
      // And when the original comes back, ours goes.
      await on.zk.create(original!.path, original!.data, { mode: original!.mode });
      await until(() => mirrored.size === 2);
    });

    test('another takes over without a gap, as it was written; it cleans up once it knows', async () => {
      for (const dialect of single) {
        const root = on.fresh();
        const former = await connect({ connect: on.connect });
        const first = mirror(dialect, root, former);
        const some = [1, 2, 3, 4].map((port) => endpoint(port));
        first.want('a', service(...some));
        await until(() => first.size === 4);
        const data = async () =>
          Promise.all(
            (await instances(root)).map(async (path) => String((await on.zk.get(path)).data)),
          );
        const written = (await data()).toSorted();
        await settled(first);

        const [any] = await instances(root);
        using gap = watchFewest(on.zk, any!.slice(0, any!.lastIndexOf('/')));
        let known = false;
        await using second = mirror(dialect, root, on.zk, () => known);
        first.retire();
        const over = first.handedOver(AbortSignal.timeout(20_000));
        second.want('a', service(...some.slice(0, 3)));
        const session = on.zk.state.type === 'connected' ? on.zk.state.sessionId : 0n;
        const owners = async () =>
          Promise.all(
            (await instances(root)).map(async (path) => (await on.zk.exists(path))?.ephemeralOwner),
          );
        await until(async () => (await owners()).filter((owner) => owner === session).length === 3);
        await settled(second);
        assert.equal(await gap.fewest(), 4, dialect.name);
        assert.deepEqual((await data()).toSorted(), written, dialect.name);
        known = true;
        second.look();
        await until(() => second.size === 3);
        await over;
        await first.close();
        await former.close();
        assert.equal((await instances(root)).length, 3, 'the former session took none with it');
      }
    });

    test('what is not watched for its data is replaced by another znode', async () => {
      const root = on.fresh();
      await using mirrored = mirror(d2, root);
      mirrored.want('a', service(endpoint(1), endpoint(2)));
      await until(() => mirrored.size === 2);
      await settled(mirrored);
      const before = await instances(root);
      mirrored.want('a', service(endpoint(1, { weight: 200 }), endpoint(2)));
      await until(async () => (await instances(root)).some((path) => !before.includes(path)));
      await settled(mirrored);
      const now = await instances(root);
      assert.equal(now.length, 2);
      assert.equal(now.filter((path) => before.includes(path)).length, 1);
      assert.equal(mirrored.writes, 3);
    });

    test('a whole service in one znode: written, changed and gone as one; no source reads it', async () => {
      const root = on.fresh();
      const path = `${root}/a`;
      const read = async () => JSON.parse(String((await on.zk.get(path)).data));
      await using mirrored = mirror(apisixSeed, root);
      mirrored.want('a', service(endpoint(1, { weight: 200 }), endpoint(2), endpoint(0)));
      await until(() => mirrored.size === 2);
      await settled(mirrored);
      const metadata = { protocol: 'dubbo', [MARK_KEY]: 'cafe/rule/r' };
      assert.deepEqual(await read(), [
        { host: '10.0.0.1', port: 1, weight: 200, metadata },
        { host: '10.0.0.1', port: 2, weight: 100, metadata },
      ]);
      assert.notEqual((await on.zk.exists(path))?.ephemeralOwner, 0n);
      assert.deepEqual(
        mirrored.problems.map(({ endpoint, code }) => [endpoint, code]),
        [['id/0', 'unwritable']],
      );
      const stop = new AbortController();
      const source = new TreeSource({ name: 's', dialect: apisixSeed, zk: on.zk, root });
      for await (const change of source.changes(stop.signal)) {
        assert.deepEqual(change, { type: 'reset', services: [] });
        break;
      }
      // Nobody registers in it, for it would be gone with the next change.
      const registrar = new Registrar({ zk: on.zk, dialect: apisixSeed, root });
      await assert.rejects(registrar.register({ service: 'a', address: '10.0.0.9', port: 9 }), {
        code: 'NOT_OURS',
      });
      assert.equal(mirrored.writes, 1);
      mirrored.want('a', service(endpoint(2, { health: 'draining' })));
      await until(async () => (await read())[0].weight === 0);
      await settled(mirrored);
      assert.deepEqual([mirrored.writes, mirrored.size], [2, 1]);
      mirrored.want('a', undefined);
      await until(() => mirrored.size === 0);
      assert.equal(await on.zk.exists(path), null);
      // Somebody's own list stays, and is said to be in the way.
      const theirs = '[{"host":"10.0.0.7","port":7,"weight":1}]';
      await on.zk.create(path, theirs);
      mirrored.want('a', service(endpoint(1)));
      await until(() => mirrored.problems.length === 1);
      assert.deepEqual(
        mirrored.problems.map(({ endpoint, code }) => [endpoint, code]),
        [['*', 'in-the-way']],
      );
      assert.equal(String((await on.zk.get(path)).data), theirs);
      await on.zk.delete(path);
      await until(() => mirrored.size === 1);
      assert.deepEqual(mirrored.problems, []);
    });

    test('a whole service is taken over as it is, until all of it is known', async () => {
      const root = on.fresh();
      const former = await connect({ connect: on.connect });
      const first = mirror(apisixSeed, root, former);
      const some = [1, 2, 3, 4].map((port) => endpoint(port));
      first.want('a', service(...some));
      await until(() => first.size === 4);
      await settled(first);
      let known = false;
      await using second = mirror(apisixSeed, root, on.zk, () => known);
      first.retire();
      const over = first.handedOver(AbortSignal.timeout(20_000));
      second.want('a', service(...some.slice(0, 3)));
      await over;
      await first.close();
      await former.close();
      await settled(second);
      assert.equal(second.size, 4);
      known = true;
      second.look();
      await until(() => second.size === 3);
    });

    test('with the ensemble away it waits, and then does what differs', async () => {
      const target = parseConnectString(on.connect).hosts[0]!;
      await using proxy = await startFaultProxy({ target });
      await using client = await connect({
        ...{
          connect: proxy.connect,
          sessionTimeout: 30_000,
          onExpired: 'renew',
          reconnectJitter: 0,
        },
      });
      const root = on.fresh();
      await using mirrored = mirror(spring, root, client);
      mirrored.want('a', service(endpoint(1), endpoint(2)));
      await until(() => mirrored.size === 2);
      await settled(mirrored);
      const { writes } = mirrored;
      proxy.refuse();
      proxy.cut();
      await until(() => client.state.type === 'disconnected');
      mirrored.want('a', service(endpoint(2), endpoint(3)));
      const [first] = await instances(root);
      assert.match(first ?? '', /meshkeeper\.mirror/);
      await proxy.accept();
      await until(async () => (await instances(root)).some((path) => path.endsWith('F3')));
      await until(async () => (await instances(root)).length === 2);
      await settled(mirrored);
      assert.equal(mirrored.writes, writes + 2);
      assert.ok(
        (await on.zk.get(`${root}/a/meshkeeper.mirror~cafe~rule~id%2F3`)).data.includes(MARK_KEY),
      );
    });

    test('a serverset gets no more metadata than Finagle bears', async () => {
      const root = on.fresh();
      await using mirrored = mirror(serverset, root);
      const entries = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${i}`, 'x']));
      const locality = { region: 'r', zone: 'z', subzone: '' };
      mirrored.want(
        'a',
        service(
          endpoint(1, { metadata: entries(6), locality }),
          endpoint(2, { metadata: entries(7), locality }),
        ),
      );
      await until(() => mirrored.size === 2);
      const counts = await Promise.all(
        (await instances(root)).map(async (path) => {
          const { metadata } = JSON.parse(String((await on.zk.get(path)).data));
          return Object.keys(metadata).length;
        }),
      );
      assert.deepEqual(counts.toSorted(), [10, 4]);
    });

    test('after its session has expired it writes all of it in the next', async () => {
      const target = parseConnectString(on.connect).hosts[0]!;
      await using proxy = await startFaultProxy({ target });
      await using client = await connect({
        ...{
          connect: proxy.connect,
          sessionTimeout: 1_000,
          onExpired: 'renew',
          reconnectJitter: 0,
        },
      });
      const root = on.fresh();
      await using mirrored = mirror(serverset, root, client);
      mirrored.want('a', service(endpoint(1), endpoint(2)));
      await until(() => mirrored.size === 2);
      const before = await instances(root);
      proxy.refuse();
      proxy.cut();
      await until(async () => (await instances(root)).length === 0, { timeout: 30_000 });
      await proxy.accept();
      await until(async () => (await instances(root)).length === 2, { timeout: 30_000 });
      await settled(mirrored);
      const now = await instances(root);
      assert.equal(now.length, 2);
      assert.ok(now.every((path) => !before.includes(path)));
    });
  });
