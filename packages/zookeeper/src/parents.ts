import { CreateMode } from '@meshkeeper/jute';
import type { ZooKeeper } from './client.ts';
import { parentOf } from './path.ts';
import { isZooKeeperError } from './zookeeper-error.ts';

/** A container may be reaped between its creation and its first child's; so often it is made again. */
const TRIES = 5;

/**
 * Runs `create` for `path`; where a parent is missing, makes the missing ones as containers, which
 * the server removes when they are empty again, and runs it once more.
 */
export async function withParents<T>(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal | undefined,
  create: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await create();
    } catch (error) {
      const parent = parentOf(path);
      if (!isZooKeeperError(error, 'NO_NODE') || parent === '/' || attempt === TRIES) throw error;
      await createContainer(zk, parent, signal);
    }
  }
}

async function createContainer(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await zk.create(path, null, { mode: CreateMode.CONTAINER, parents: true, signal });
  } catch (error) {
    if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
  }
}
