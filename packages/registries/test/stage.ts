import { after, before, describe } from 'node:test';
import { type FaultProxy, startFaultProxy } from '@meshkeeper/testbed';
import { connect, type HostPort, parseConnectString, type ZooKeeper } from '@meshkeeper/zookeeper';
import { servers } from './servers.ts';

/** A server with a client, for one `describe`. */
export interface Stage {
  /** The server's address. */
  readonly connect: string;
  readonly zk: ZooKeeper;
  /** The server, for a proxy before it. */
  readonly target: HostPort;
  /** A path that nothing else uses. */
  fresh(): string;
  /** A client of its own behind a fault proxy. */
  faulty(options?: FaultyOptions): Promise<Faulty>;
}

export interface FaultyOptions {
  readonly sessionTimeout?: number;
  readonly onExpired?: 'close' | 'renew';
}

export interface Faulty extends AsyncDisposable {
  readonly proxy: FaultProxy;
  readonly client: ZooKeeper;
}

/** The same tests on each server; each test has paths of its own. */
export function onServers(tests: (on: Stage) => void): void {
  for (const [name, start] of Object.entries(servers))
    describe(`on ${name}`, () => tests(stage(start)));
}

/** Sets the stage before the tests of the enclosing `describe`, and clears it after them. */
export function stage(start: (typeof servers)[keyof typeof servers]): Stage {
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
  return {
    get connect() {
      return server.connect;
    },
    get zk() {
      return zk;
    },
    get target() {
      return parseConnectString(server.connect).hosts[0]!;
    },
    fresh: () => `/test-${count++}`,
    async faulty({ sessionTimeout = 10_000, onExpired = 'renew' } = {}) {
      const target = this.target;
      const proxy = await startFaultProxy({ target });
      const client = await connect({
        ...{ connect: proxy.connect, sessionTimeout, onExpired, reconnectJitter: 0 },
      });
      return {
        proxy,
        client,
        async [Symbol.asyncDispose]() {
          await client.close();
          await proxy.close();
        },
      };
    },
  };
}
