import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe } from 'node:test';
import { type FaultProxy, startFaultProxy } from '@meshkeeper/testbed';
import { connect, parseConnectString, type ZooKeeper } from '@meshkeeper/zookeeper';
import {
  type Actor,
  ConfigError,
  type ConfigErrorCode,
  ConfigStore,
  type ConfigStoreOptions,
  type InputEntry,
} from '../src/index.ts';
import { type StartServer, servers } from './servers.ts';

/** For `assert.rejects`: a ConfigError with this code, and more of it perhaps. */
export const code =
  (expected: ConfigErrorCode, more: Partial<ConfigError> = {}) =>
  (error: unknown) => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.code, expected, error.message);
    for (const [name, value] of Object.entries(more))
      assert.deepEqual(error[name as keyof ConfigError], value);
    return true;
  };

export const ann: Actor = { name: 'ann', roles: ['editor'] };
export const bob: Actor = { name: 'bob', roles: ['publisher'] };
export const root: Actor = { name: 'root', roles: ['admin'] };

export const text = (value: string): InputEntry => ({ type: 'text', value });
export const texts = (values: Readonly<Record<string, string>>): Map<string, InputEntry> =>
  new Map(Object.entries(values).map(([key, value]) => [key, text(value)]));

/** A server with a session, for one `describe`. */
export interface Stage {
  readonly connect: string;
  readonly zk: ZooKeeper;
  readonly signal: AbortSignal;
  /** A store that shares nothing with others. */
  store(options?: Partial<ConfigStoreOptions>): ConfigStore;
  /** A session behind a fault proxy, renewed when it expires. */
  faulty(): Promise<Faulty>;
}

export interface Faulty extends AsyncDisposable {
  readonly proxy: FaultProxy;
  readonly zk: ZooKeeper;
}

/** The same tests on each server. */
export function onServers(title: string, tests: (stage: Stage) => void): void {
  const together = { concurrency: true };
  describe(title, together, () => {
    for (const [name, start] of Object.entries(servers))
      describe(`on ${name}`, together, () => tests(stage(start)));
  });
}

/** Sets the stage before the tests of the enclosing `describe`, and clears it after them. */
export function stage(start: StartServer): Stage {
  let server: Awaited<ReturnType<typeof start>> | undefined;
  let zk: ZooKeeper | undefined;
  const ended = new AbortController();
  before(async () => {
    server = await start();
    zk = await connect({ connect: server.connect, sessionTimeout: 4000 });
  });
  after(async () => {
    ended.abort();
    await zk?.close();
    await server?.close();
  });
  return {
    get connect() {
      assert.ok(server);
      return server.connect;
    },
    get zk() {
      assert.ok(zk);
      return zk;
    },
    signal: ended.signal,
    store(options = {}) {
      assert.ok(zk);
      return new ConfigStore({ zk, root: `/config-${randomUUID()}`, ...options });
    },
    async faulty() {
      assert.ok(server);
      const target = parseConnectString(server.connect).hosts[0]!;
      const proxy = await startFaultProxy({ target });
      const behind = await connect({
        connect: proxy.connect,
        sessionTimeout: 2000,
        onExpired: 'renew',
      });
      return {
        proxy,
        zk: behind,
        async [Symbol.asyncDispose]() {
          await behind.close();
          await proxy.close();
        },
      };
    },
  };
}
