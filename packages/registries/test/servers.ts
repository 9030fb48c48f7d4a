import { startZooKeeper } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';

/** The same promises on both servers. */
export const servers = {
  'Apache ZooKeeper': () => startZooKeeper(),
  'embedded server': () => startZooKeeperServer({ port: 0, tickTime: 200 }),
};
