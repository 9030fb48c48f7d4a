import { startZooKeeper } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';

/** Starts what the tests of one `describe` run on. */
export type StartServer = () => Promise<{ readonly connect: string; close(): Promise<void> }>;

/** The store keeps its promises on both. */
export const servers: Readonly<Record<string, StartServer>> = {
  'Apache ZooKeeper': () => startZooKeeper(),
  'embedded server': () => startZooKeeperServer({ port: 0, tickTime: 200 }),
};
