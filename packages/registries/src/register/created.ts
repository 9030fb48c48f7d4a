import {
  type Created,
  CreateMode,
  isZooKeeperError,
  parentOf,
  type ZooKeeper,
} from '@meshkeeper/zookeeper';
import type { Entry } from '../dialect.ts';

/** Creates a znode, with what is missing above it. */
export async function created(
  zk: ZooKeeper,
  { path, data, mode, parents }: Omit<Entry, 'merge'>,
  signal: AbortSignal,
): Promise<Created> {
  for (;;) {
    try {
      return await zk.create(path, data, { mode, parents: parents === 'container', signal });
    } catch (error) {
      if (parents === 'container' || !isZooKeeperError(error, 'NO_NODE')) throw error;
    }
    await persistent(zk, parentOf(path), signal);
  }
}

async function persistent(zk: ZooKeeper, path: string, signal: AbortSignal): Promise<void> {
  try {
    await zk.create(path, undefined, { mode: CreateMode.PERSISTENT, signal });
  } catch (error) {
    if (isZooKeeperError(error, 'NODE_EXISTS')) return;
    if (!isZooKeeperError(error, 'NO_NODE')) throw error;
    await persistent(zk, parentOf(path), signal);
    await persistent(zk, path, signal);
  }
}
