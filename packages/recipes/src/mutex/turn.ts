import { isZooKeeperError, joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import { RecipeError } from '../recipe-error.ts';
import { retrying } from '../znode/retry.ts';

/** What is before the sequence number in the names of a queue's znodes: `lock-`. */
export function sequenceOf(name: string, marker: string): string | undefined {
  const at = name.lastIndexOf(marker);
  return at === -1 ? undefined : name.slice(at + marker.length);
}

/** The names that stand in the queue, in its order: by the text after the last marker, as Curator. */
export function inOrder(names: readonly string[], marker: string): string[] {
  return names
    .map((name) => ({ name, sequence: sequenceOf(name, marker) }))
    .filter(({ sequence }) => sequence !== undefined)
    .sort((a, b) => (a.sequence! < b.sequence! ? -1 : a.sequence! > b.sequence! ? 1 : 0))
    .map(({ name }) => name);
}

/**
 * Waits until fewer than `places` znodes stand before ours. Each waiter watches one other, so that a
 * release wakes one.
 * @throws RecipeError LOST when ours is gone; the signal's reason
 */
export async function waitForTurn(
  zk: ZooKeeper,
  parent: string,
  own: string,
  marker: string,
  places: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (;;) {
    const { children } = await retrying(() => zk.children(parent, { signal }), signal);
    const queue = inOrder(children, marker);
    const index = queue.indexOf(own);
    if (index === -1)
      throw new RecipeError(
        'LOST',
        `${joinPath(parent, own)} is gone: the session has expired, or somebody deleted it`,
      );
    const before = queue[index - places];
    if (before === undefined) return;
    await changeOf(zk, joinPath(parent, before), signal);
  }
}

/** Waits until a znode is changed or gone; one that isn't there has gone. */
async function changeOf(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { promise: event, resolve, reject } = Promise.withResolvers<unknown>();
  const abort = () => reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await retrying(() => zk.get(path, { watch: resolve, signal }), signal);
    await event;
  } catch (error) {
    if (!isZooKeeperError(error, 'NO_NODE')) throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    event.catch(() => {});
  }
}
