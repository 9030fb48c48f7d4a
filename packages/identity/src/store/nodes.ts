import { isZooKeeperError, persistently, type ZooKeeper } from '@meshkeeper/zookeeper';

/** Undefined instead of the error that there is nothing. */
export async function absent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isZooKeeperError(error, 'NO_NODE')) return undefined;
    throw error;
  }
}

/** The names below a znode, sorted; none where there is no such znode. */
export async function childrenOf(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const read = await persistently(zk, () => absent(zk.children(path, { signal })), signal);
  return read === undefined ? [] : read.children.toSorted();
}

/** Makes an empty znode, unless it is there. */
export async function ensure(zk: ZooKeeper, path: string, signal: AbortSignal): Promise<void> {
  try {
    await persistently(zk, () => zk.create(path, '', { parents: true, signal }), signal);
  } catch (error) {
    if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
  }
}

/** Deletes a znode, unless something is below it. */
export async function deleteEmpty(zk: ZooKeeper, path: string, signal: AbortSignal): Promise<void> {
  try {
    await absent(zk.delete(path, { signal }));
  } catch (error) {
    if (!isZooKeeperError(error, 'NOT_EMPTY')) throw error;
  }
}
