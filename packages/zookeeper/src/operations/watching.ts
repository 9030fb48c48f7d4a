import { WatcherType } from '@meshkeeper/jute';
import { validatePath } from '../path.ts';
import type { Watch } from '../watches/watch.ts';
import type { Watcher } from '../watches/watch-event.ts';
import type { AddWatchOptions, WatchKeeper } from '../watches/watch-keeper.ts';
import type { WatchKind } from '../watches/watch-table.ts';
import { isZooKeeperError } from '../zookeeper-error.ts';
import type { Calls } from './calls.ts';
import type { CallOptions } from './options.ts';
import { children, exists, type Reading } from './read.ts';

/** What a one-shot watch is on: the znode itself, or the list of its children. */
export type OneShotList = 'data' | 'children';

/** A server's lists of watches, as checkWatches names them. */
export type WatchList = OneShotList | 'persistent' | 'persistentRecursive' | 'any';

/** What `removeWatches` takes. */
export interface RemoveWatchesOptions {
  /** Default: both lists. */
  readonly list?: OneShotList | undefined;
  /** The function that was given to the read. Default: everybody's. */
  readonly watcher?: Watcher | undefined;
}

const kindsOf: Readonly<Record<OneShotList, readonly WatchKind[]>> = {
  data: ['data', 'exist'],
  children: ['child'],
};

const typeOf: Readonly<Record<WatchList, WatcherType>> = {
  data: WatcherType.DATA,
  children: WatcherType.CHILDREN,
  persistent: WatcherType.PERSISTENT,
  persistentRecursive: WatcherType.PERSISTENT_RECURSIVE,
  any: WatcherType.ANY,
};

export async function addWatch(
  watches: WatchKeeper,
  path: string,
  options: AddWatchOptions,
): Promise<Watch> {
  validatePath(path, 'addWatch');
  return watches.add(path, options);
}

export async function watchOnce(
  reading: Reading,
  path: string,
  list: OneShotList,
  { signal }: CallOptions,
): Promise<Watch> {
  const read = list === 'data' ? exists : children;
  const set = (watch: Watcher) => read(reading, path, { watch, signal });
  return reading.watches.once(path, kindsOf[list], set);
}

export async function removeWatches(
  { calls, watches }: Reading,
  path: string,
  { list, watcher }: RemoveWatchesOptions,
): Promise<boolean> {
  validatePath(path, 'removeWatches');
  const kinds = list === undefined ? [...kindsOf.data, ...kindsOf.children] : kindsOf[list];
  const server = calls.server(path);
  const removed = await Promise.all(kinds.map((kind) => watches.remove(kind, server, watcher)));
  return removed.includes(true);
}

export async function checkWatches(
  calls: Calls,
  path: string,
  list: WatchList,
  { signal }: CallOptions,
): Promise<boolean> {
  validatePath(path, 'checkWatches');
  try {
    await calls.call(
      'checkWatches',
      { path: calls.server(path), type: typeOf[list] },
      path,
      signal,
    );
    return true;
  } catch (error) {
    if (isZooKeeperError(error, 'NO_WATCHER')) return false;
    throw error;
  }
}
