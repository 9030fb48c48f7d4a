import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SourceChange } from '@meshkeeper/mesh';
import { startFaultProxy, until } from '@meshkeeper/testbed';
import { connect, parseConnectString, type ZooKeeper } from '@meshkeeper/zookeeper';
import {
  curator,
  DIALECTS,
  Registrar,
  RegistryError,
  spring,
  TreeSource,
} from '../../src/index.ts';
import { servers } from '../servers.ts';

describe('Registrar', { concurrency: true }, () => {
  for (const [name, start] of Object.entries(servers))
    describe(`on ${name}`, () => {
      let server: Awaited<ReturnType<typeof start>>;
      let zk: ZooKeeper;
      let count = 0;
      before(async () => {
        server = await start();
        zk = await connect({ connect: server.connect });
      });
      after(async () => {
        await zk?.close();
        await server?.close();
      });
      const fresh = () => `/test-${count++}`;
      const faulty = async (sessionTimeout = 10_000) => {
        const target = parseConnectString(server.connect).hosts[0]!;
        const proxy = await startFaultProxy({ target });
        const client = await connect({
          ...{ connect: proxy.connect, sessionTimeout, onExpired: 'renew', reconnectJitter: 0 },
        });
        return {
          proxy,
          client,
          async [Symbol.asyncDispose]() {
            await client.close();
            await proxy.close();
          },
        };
      };
      /** What a catalog is told of a root from now on. */
      const told = async (root: string, dialect = spring) => {
        const stop = new AbortController();
        const changes: SourceChange[] = [];
        const source = new TreeSource({ name: 'r', dialect, zk, root });
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
          const root = fresh();
          const metadata = dialect.name === 'dubbo' ? { application: 'app' } : undefined;
          await using seen = await told(root, dialect);
          const service = dialect.name === 'dubbo' ? 'com.foo.A' : 'a';
          const registrar = new Registrar({ zk, dialect, root });
          const registered = await registrar.register({
            ...{ service, address: '10.0.0.1', port: 80, protocol: 'dubbo' },
            ...(metadata && { metadata }),
          });
          const endpoint = () => {
            const last = seen.changes.at(-1);
            return last?.type === 'upsert' ? last.service.endpoints[0] : undefined;
          };
          await until(() => endpoint()?.port === 80, { message: dialect.name });
          for (const own of registered.paths) assert.notEqual(await zk.exists(own), null);
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
          for (const own of paths) assert.equal(await zk.exists(own), null, own);
          await until(() => endpoint() === undefined, { message: dialect.name });
        }
      });

      test('a session that lives on is not touched', async () => {
        const root = fresh();
        await using own = await faulty();
        const registrar = new Registrar({ zk: own.client, dialect: spring, root });
        await using registered = await registrar.register(instance);
        const { czxid, mzxid } = (await zk.exists(path(root)))!;
        own.proxy.refuse();
        own.proxy.cut();
        await until(() => own.client.state.type === 'disconnected');
        await own.proxy.accept();
        await until(() => own.client.state.type === 'connected');
        await registered.heartbeat();
        const stat = (await zk.exists(path(root)))!;
        assert.deepEqual([stat.czxid, stat.mzxid], [czxid, mzxid]);
      });

      test('after an expiry it is back, and what the former session has left is replaced in one step', async () => {
        const root = fresh();
        await using own = await faulty(1500);
        const registrar = new Registrar({ zk: own.client, dialect: spring, root });
        await using registered = await registrar.register(instance);
        own.proxy.refuse();
        own.proxy.cut();
        await until(() => own.client.state.type === 'expired');
        await until(async () => (await zk.exists(path(root))) === null);
        await own.proxy.accept();
        await until(async () => (await zk.exists(path(root))) !== null);
        assert.ok(own.client.state.type === 'connected');
        assert.equal((await zk.exists(path(root)))?.ephemeralOwner, own.client.state.sessionId);
        assert.deepEqual(registered.paths, [path(root)]);
      });

      test('deleted by somebody else, it is registered again', async () => {
        const root = fresh();
        await using registered = await new Registrar({ zk, dialect: spring, root }).register(
          instance,
        );
        const { czxid } = (await zk.exists(path(root)))!;
        await zk.delete(path(root));
        await until(async () => ((await zk.exists(path(root)))?.czxid ?? 0n) > czxid);
        await registered.close();
        assert.equal(await zk.exists(path(root)), null);
      });

      test("another session's znode is waited for, never taken", async () => {
        const root = fresh();
        await using other = await faulty();
        const first = new Registrar({ zk: other.client, dialect: spring, root });
        const theirs = await first.register(instance);
        const owner = (await zk.exists(path(root)))!.ephemeralOwner;
        const registrar = new Registrar({ zk, dialect: spring, root });
        const hasty = registrar.register(instance, { signal: AbortSignal.timeout(200) });
        await assert.rejects(hasty, { name: 'TimeoutError' });
        assert.equal((await zk.exists(path(root)))?.ephemeralOwner, owner);
        const patient = registrar.register(instance);
        await theirs.close();
        await using ours = await patient;
        assert.ok(zk.state.type === 'connected');
        assert.equal((await zk.exists(path(root)))?.ephemeralOwner, zk.state.sessionId);
        assert.deepEqual(ours.paths, [path(root)]);
      });

      test("somebody's persistent znode is an error that says what to do", async () => {
        const root = fresh();
        await zk.create(path(root), 'something', { parents: true });
        await assert.rejects(
          new Registrar({ zk, dialect: spring, root }).register(instance),
          (error) =>
            error instanceof RegistryError &&
            error.code === 'NOT_OURS' &&
            /register under another id/.test(error.message),
        );
        assert.equal((await zk.get(path(root))).data.toString(), 'something');
      });

      test('what a dialect can not say is refused, and nothing is written', async () => {
        const root = fresh();
        const registrar = new Registrar({ zk, dialect: curator, root });
        await assert.rejects(
          registrar.register({ ...instance, weight: 5 }),
          (error) => error instanceof RegistryError && error.code === 'UNWRITABLE',
        );
        assert.equal(await zk.exists(root), null);
      });
    });
});
