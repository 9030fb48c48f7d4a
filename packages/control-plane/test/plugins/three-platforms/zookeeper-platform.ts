import assert from 'node:assert/strict';
import { NO_LOCALITY } from '@meshkeeper/mesh';
import { curator, watchTree } from '@meshkeeper/registries';
import { startFaultProxy, tempDir } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { Ledger } from './ledger.ts';
import type { Platform, PlatformInstance } from './platform.ts';

/** Where instances are registered, and where what is mirrored is. */
export const ROOTS = { registry: '/registered', mirror: '/mirrored' } as const;

/** A ZooKeeper with a service of its own; the control planes keep their own state there, too. */
export async function zookeeperPlatform(): Promise<Platform & { readonly connect: string }> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await tempDir());
  const start = (at: number) =>
    startZooKeeperServer({
      ...{ port: at, dataDir: folder.path, tickTime: 200, maxSessionTimeout: 60_000 },
    });
  let server: ZooKeeperServer | undefined = await start(0);
  stack.defer(async () => server?.close());
  const zk = stack.use(await connect({ connect: server.connect, onExpired: 'renew' }));
  const [host = '', port] = server.connect.split(':');
  const own = { host, port: Number(port) };
  const proxy = stack.use(await startFaultProxy({ target: own }));

  const ledger = new Ledger();
  const ending = new AbortController();
  // What is mirrored is seen as a reader of that dialect sees it.
  const reading = curator.reading({
    ...{ registry: 'reader', root: ROOTS.mirror, locality: NO_LOCALITY },
  });
  const options = {
    signal: ending.signal,
    unreadable: (_: string, error: Error) => assert.fail(error),
  };
  const following = (async () => {
    for await (const event of watchTree(zk, ROOTS.mirror, options)) {
      if (event.type !== 'changes') continue;
      for (const { path } of event.removed) reading.remove(path);
      for (const node of event.upserted) reading.put(node);
      const copies = new Map<string, string>();
      for (const name of reading.names)
        for (const endpoint of reading.service(name)?.endpoints ?? [])
          copies.set(`${name} ${endpoint.address}:${endpoint.port}`, endpoint.health);
      ledger.see(copies);
    }
  })();
  stack.defer(async () => {
    ending.abort();
    await following;
  });
  const stop = async () => {
    await server?.close();
    server = undefined;
  };
  const resume = async () => {
    server ??= await start(own.port);
    proxy.unstall();
    proxy.cut();
  };
  const pathOf = (service: string, { name }: PlatformInstance) =>
    `${ROOTS.registry}/${service}/${name}`;
  return {
    ...{ source: 'registry', ledger, connect: proxy.connect },
    losses: [
      // For everybody. Sessions are as they were when it is there again.
      { lose: stop },
      // For the control planes: no longer than a mirror's session lasts, as what nobody vouches for is to go.
      { longest: 5_000, lose: () => resume().then(() => proxy.stall()) },
    ],
    back: resume,
    async register(service, instance) {
      const { name: id, address, port: at } = instance;
      const registration = { service, id, address, port: at };
      const [entry] = curator.encode(ROOTS.registry, registration, Date.now());
      await zk.create(pathOf(service, instance), entry!.data, { parents: true });
    },
    deregister: async (service, instance) => zk.delete(pathOf(service, instance)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
