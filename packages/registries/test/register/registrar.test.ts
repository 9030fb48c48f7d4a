import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_LOCALITY, type SourceChange } from '@meshkeeper/mesh';
import { until } from '@meshkeeper/testbed';
import {
  curator,
  DIALECTS,
  Registrar,
  RegistryError,
  spring,
  TreeSource,
} from '../../src/index.ts';
import { onServers } from '../stage.ts';

describe('Registrar', { concurrency: true }, () => {
  onServers((on) => {
    /** What a catalog is told of a root from now on. */
    const told = async (root: string, dialect = spring) => {
      const stop = new AbortController();
      const changes: SourceChange[] = [];
      const source = new TreeSource({ name: 'r', dialect, zk: on.zk, root });
      const ended = (async () => {
        for await (const change of source.changes(stop.signal)) changes.push(change);
      })();
      await until(() => changes.length > 0);
      return {
        changes,
        async [Symbol.asyncDispose]() {
          stop.abort();
          await ended;
        },
      };
    };
    const instance = { service: 'a', id: 'one', address: '10.0.0.1', port: 80 };
    const path = (root: string) => `${root}/a/one`;

    test('registers, changes and deregisters in every dialect', async () => {
      for (const dialect of DIALECTS.values()) {
        const root = on.fresh();
        const metadata = dialect.name === 'dubbo' ? { application: 'app' } : undefined;
        await using seen = await told(root, dialect);
        const service = dialect.name === 'dubbo' ? 'com.foo.A' : 'a';
        const registrar = new Registrar({ zk: on.zk, dialect, root });
        const registered = await registrar.register({
          ...{ service, address: '10.0.0.1', port: 80 },
          // Curator's own format has no place for it.
          ...(dialect.name !== 'curator' && { protocol: 'dubbo' }),
          ...(metadata && { metadata }),
        });
        const last = () => {
          const change = seen.changes.at(-1);
          return change?.type === 'upsert' ? change.service : undefined;
        };
        const endpoint = () => last()?.endpoints[0];
        await until(() => endpoint()?.port === 80, { message: dialect.name });
        const protocol = dialect.name === 'curator' ? 'http' : 'dubbo';
        assert.equal(last()?.protocol, protocol, dialect.name);
        for (const own of registered.paths) assert.notEqual(await on.zk.exists(own), null);
        // Not every dialect has a place for both.
        if (['curator', 'serverset'].includes(dialect.name)) {
          await registered.revise({ health: 'draining' });
          await until(() => endpoint()?.health === 'draining');
        } else {
          await registered.revise({ weight: 200 });
          await until(() => endpoint()?.weight === 200, { message: dialect.name });
        }
        const { paths } = registered;
        await registered.close();
        for (const own of paths) assert.equal(await on.zk.exists(own), null, own);
        await until(() => endpoint() === undefined, { message: dialect.name });
      }
    });

    test('what is said otherwise by another znode is one znode at any time, also when it is lost', async () => {
      const nerve = DIALECTS.get('nerve')!;
      const d2 = DIALECTS.get('d2')!;
      const named = { metadata: { use_path_encoding: 'true' } };
      for (const [dialect, at, more] of [
        [nerve, 'a', named],
        [d2, 'uris/a', {}],
      ] as const) {
        const root = on.fresh();
        await using own = await on.faulty();
        const registrar = new Registrar({ zk: own.client, dialect, root });
        const there = async () => (await on.zk.children(`${root}/${at}`)).children;
        await using registered = await registrar.register({
          ...{ service: 'a', address: '10.0.0.1', port: 80 },
          ...more,
        });
        const first = await there();
        await registered.revise({ weight: 200 });
        const second = await there();
        assert.deepEqual([first.length, second.length], [1, 1], dialect.name);
        assert.notDeepEqual(first, second);
        assert.deepEqual(registered.paths, [`${root}/${at}/${second[0]}`]);
        // The answer is lost, the znode is not.
        own.proxy.stall('to client');
        const revised = registered.revise({ weight: 300 });
        await until(async () => (await there())[0] !== second[0]);
        own.proxy.cut();
        own.proxy.unstall();
        await revised;
        const third = await there();
        assert.equal(third.length, 1, dialect.name);
        assert.deepEqual(registered.paths, [`${root}/${at}/${third[0]}`]);
        await on.zk.delete(registered.paths[0]!);
        await until(async () => (await there()).length === 1);
        await until(async () => registered.paths[0] === `${root}/${at}/${(await there())[0]}`);
        const reading = dialect.reading({ registry: 'r', root, locality: NO_LOCALITY });
        const [path] = registered.paths;
        reading.put({ path: path!, ...(await on.zk.get(path!)) });
        assert.equal(reading.service('a')?.endpoints[0]?.weight, 300);
      }
    });

    test('a session that lives on is not touched', async () => {
      const root = on.fresh();
      await using own = await on.faulty();
      const registrar = new Registrar({ zk: own.client, dialect: spring, root });
      await using registered = await registrar.register(instance);
      const { czxid, mzxid } = (await on.zk.exists(path(root)))!;
      own.proxy.refuse();
      own.proxy.cut();
      await until(() => own.client.state.type === 'disconnected');
      await own.proxy.accept();
      await until(() => own.client.state.type === 'connected');
      await registered.heartbeat();
      const stat = (await on.zk.exists(path(root)))!;
      assert.deepEqual([stat.czxid, stat.mzxid], [czxid, mzxid]);
    });

    test('after an expiry it is back, and what the former session has left is replaced in one step', async () => {
      const root = on.fresh();
      await using own = await on.faulty({ sessionTimeout: 1500 });
      const registrar = new Registrar({ zk: own.client, dialect: spring, root });
      await using registered = await registrar.register(instance);
      own.proxy.refuse();
      own.proxy.cut();
      await until(() => own.client.state.type === 'expired');
      await until(async () => (await on.zk.exists(path(root))) === null);
      await own.proxy.accept();
      await until(async () => (await on.zk.exists(path(root))) !== null);
      assert.ok(own.client.state.type === 'connected');
      assert.equal((await on.zk.exists(path(root)))?.ephemeralOwner, own.client.state.sessionId);
      assert.deepEqual(registered.paths, [path(root)]);
    });

    test('deleted by somebody else, it is registered again', async () => {
      const root = on.fresh();
      await using registered = await new Registrar({ zk: on.zk, dialect: spring, root }).register(
        instance,
      );
      const { czxid } = (await on.zk.exists(path(root)))!;
      await on.zk.delete(path(root));
      await until(async () => ((await on.zk.exists(path(root)))?.czxid ?? 0n) > czxid);
      await registered.close();
      assert.equal(await on.zk.exists(path(root)), null);
    });

    test("another session's znode is waited for, never taken", async () => {
      const root = on.fresh();
      await using other = await on.faulty();
      const first = new Registrar({ zk: other.client, dialect: spring, root });
      const theirs = await first.register(instance);
      const owner = (await on.zk.exists(path(root)))!.ephemeralOwner;
      const registrar = new Registrar({ zk: on.zk, dialect: spring, root });
      const hasty = registrar.register(instance, { signal: AbortSignal.timeout(200) });
      await assert.rejects(hasty, { name: 'TimeoutError' });
      assert.equal((await on.zk.exists(path(root)))?.ephemeralOwner, owner);
      const patient = registrar.register(instance);
      await theirs.close();
      await using ours = await patient;
      assert.ok(on.zk.state.type === 'connected');
      assert.equal((await on.zk.exists(path(root)))?.ephemeralOwner, on.zk.state.sessionId);
      assert.deepEqual(ours.paths, [path(root)]);
    });

    test("somebody's persistent znode is an error that says what to do", async () => {
      const root = on.fresh();
      await on.zk.create(path(root), 'something', { parents: true });
      await assert.rejects(
        new Registrar({ zk: on.zk, dialect: spring, root }).register(instance),
        (error) =>
          error instanceof RegistryError &&
          error.code === 'NOT_OURS' &&
          /register under another id/.test(error.message),
      );
      assert.equal((await on.zk.get(path(root))).data.toString(), 'something');
    });

    test('what a dialect can not say is refused, and nothing is written', async () => {
      const root = on.fresh();
      const registrar = new Registrar({ zk: on.zk, dialect: curator, root });
      for (const said of [{ weight: 5 }, { protocol: 'grpc' }] as const)
        await assert.rejects(
          registrar.register({ ...instance, ...said }),
          (error) => error instanceof RegistryError && error.code === 'UNWRITABLE',
        );
      assert.equal(await on.zk.exists(root), null);
    });
  });
});
