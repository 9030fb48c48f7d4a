import { after, before } from 'node:test';
import type { DataPlane, DestinationPlugin } from '@meshkeeper/mesh';
import { curator } from '@meshkeeper/registries';
import { type TempDir, tempDir } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';

/** A ZooKeeper with a registry beside the bridges, and a folder; they are there during a file's tests. */
export function bridgeStage() {
  let server: ZooKeeperServer;
  let zk: ZooKeeper;
  let folder: TempDir;
  before(async () => {
    server = await startZooKeeperServer({ port: 0 });
    zk = await connect({ connect: server.connect });
    folder = await tempDir();
  });
  after(async () => {
    await folder?.close();
    await zk?.close();
    await server?.close();
  });
  return {
    get zk() {
      return zk;
    },
    get folder() {
      return folder.path;
    },
    /** Registers an instance there; gives its znode. */
    async register(service: string, address: string): Promise<string> {
      const registration = { service, address, port: 80, id: address };
      const [entry] = curator.encode('/r', registration, Date.now());
      await zk.create(entry!.path, entry!.data, { parents: true });
      return entry!.path;
    },
    /** The configuration of the registry; what is gone is gone at once. */
    onRegistry: () => ({
      zookeeper: { connect: server.connect },
      registries: [{ name: 'r', dialect: 'curator', root: '/r' }],
      protection: { absorb: 0, limbo: 0, recovery: 0, lastInstance: false },
    }),
  };
}

/** What `/api/v1/destinations` says. */
export interface DestinationsView {
  readonly revision: number;
  readonly destinations: readonly {
    readonly name: string;
    readonly kind: string;
    readonly state: string;
    readonly revision?: number;
    readonly message?: string;
    readonly leads?: boolean;
  }[];
}

/** Of settings that say nothing. */
export const anything: DestinationPlugin['schema'] = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};

/** A data plane that does nothing but that. */
export function dataPlane(name: string, update: () => unknown): DataPlane {
  return {
    ...{ name, state: { type: 'starting' }, problems: new Map(), update },
    async close() {},
    async [Symbol.asyncDispose]() {},
  };
}
