import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import { type Curator, type FaultProxy, startCurator, startFaultProxy } from '@meshkeeper/testbed';
import { connect, parseConnectString, type ZooKeeper } from '@meshkeeper/zookeeper';
import { RecipeError, type RecipeErrorCode } from '../src/index.ts';
import type { StartServer } from './servers.ts';

/** For `assert.rejects`: a RecipeError with this code. */
export const code = (expected: RecipeErrorCode) => (error: unknown) =>
  error instanceof RecipeError && error.code === expected;

/** A server with two sessions of ours and, if wanted, one of Curator's, for one `describe`. */
export interface Stage {
  /** The server's address. */
  readonly connect: string;
  readonly zk: ZooKeeper;
  readonly other: ZooKeeper;
  readonly curator: Curator;
  /** A path that nothing else uses. */
  path(): string;
  /** A session behind a fault proxy. */
  faulty(options?: { sessionTimeout?: number; onExpired?: 'close' | 'renew' }): Promise<Faulty>;
  /** The names of the children; none when there is no such node. */
  names(path: string): Promise<string[]>;
}

export interface Faulty extends AsyncDisposable {
  readonly proxy: FaultProxy;
  readonly zk: ZooKeeper;
  /** Keeps the connection away until the session has expired. */
  expire(): Promise<void>;
}

/** Sets the stage before the tests of the enclosing `describe`, and clears it after them. */
export function stage(start: StartServer, withCurator = false): Stage {
  let server: Awaited<ReturnType<typeof start>> | undefined;
  let zk: ZooKeeper | undefined;
  let other: ZooKeeper | undefined;
  let curator: Curator | undefined;
  before(async () => {
    server = await start();
    zk = await connect({ connect: server.connect, sessionTimeout: 4000 });
    other = await connect({ connect: server.connect, sessionTimeout: 4000 });
    if (withCurator) curator = await startCurator({ connect: server.connect });
  });
  after(async () => {
    await curator?.close();
    await zk?.close();
    await other?.close();
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
    get other() {
      assert.ok(other);
      return other;
    },
    get curator() {
      assert.ok(curator);
      return curator;
    },
    path: () => `/recipes/${randomUUID()}`,
    async faulty({ sessionTimeout = 4000, onExpired = 'close' } = {}) {
      assert.ok(server);
      const target = parseConnectString(server.connect).hosts[0]!;
      const proxy = await startFaultProxy({ target });
      const behind = await connect({ connect: proxy.connect, sessionTimeout, onExpired });
      return {
        proxy,
        zk: behind,
        async expire() {
          const expired = Promise.withResolvers<void>();
          const stop = behind.onState(({ type }) => type === 'expired' && expired.resolve());
          await proxy.refuse();
          proxy.cut();
          await expired.promise;
          stop();
          await proxy.accept();
        },
        async [Symbol.asyncDispose]() {
          await behind.close();
          await proxy.close();
        },
      };
    },
    async names(path) {
      assert.ok(other);
      const found = await other.exists(path);
      return found === null ? [] : [...(await other.children(path)).children].sort();
    },
  };
}
