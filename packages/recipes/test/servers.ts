import { startZooKeeper } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';

/** The recipes keep their promises on both. */
export const servers = {
  'Apache ZooKeeper': () => startZooKeeper(),
  'embedded server': () => startZooKeeperServer({ port: 0, tickTime: 200 }),
};
