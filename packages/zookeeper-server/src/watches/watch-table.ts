import { AddWatchMode, EventType, WatcherType } from '@meshkeeper/jute';
import { WatchManager, WatchMode } from './watch-manager.ts';

/** One event for one watcher. */
export interface Notification<W> {
  readonly watcher: W;
  readonly type: EventType;
  readonly path: string;
}

/**
 * All watches of the server: on data and existence in one table, on children in the other, as in
 * the original. A persistent watch is in both; a recursive one only in the first, which is why it
 * never sees `NODE_CHILDREN_CHANGED`.
 */
export class WatchTable<W> {
  readonly #data = new WatchManager<W>();
  readonly #children = new WatchManager<W>();

  /** Number of watches, paths and watchers. */
  get counts(): { watches: number; paths: number; watchers: number } {
    return {
      watches: this.#data.size + this.#children.size,
      paths: this.#data.paths + this.#children.paths,
      watchers: Math.max(this.#data.watchers, this.#children.watchers),
    };
  }

  /** A one-shot watch on data or existence. */
  watchData(path: string, watcher: W): void {
    this.#data.add(path, watcher, WatchMode.STANDARD);
  }

  /** A one-shot watch on the list of children. */
  watchChildren(path: string, watcher: W): void {
    this.#children.add(path, watcher, WatchMode.STANDARD);
  }

  /** A watch that stays until it is removed. */
  add(path: string, watcher: W, mode: AddWatchMode): void {
    if (mode === AddWatchMode.PERSISTENT_RECURSIVE) {
      this.#data.add(path, watcher, WatchMode.RECURSIVE);
      return;
    }
    this.#data.add(path, watcher, WatchMode.PERSISTENT);
    this.#children.add(path, watcher, WatchMode.PERSISTENT);
  }

  has(path: string, watcher: W, type: WatcherType): boolean {
    switch (type) {
      case WatcherType.CHILDREN:
        return this.#children.has(path, watcher, WatchMode.STANDARD);
      case WatcherType.DATA:
        return this.#data.has(path, watcher, WatchMode.STANDARD);
      case WatcherType.PERSISTENT:
        return this.#data.has(path, watcher, WatchMode.PERSISTENT);
      case WatcherType.PERSISTENT_RECURSIVE:
        return this.#data.has(path, watcher, WatchMode.RECURSIVE);
      case WatcherType.ANY:
        return this.#children.has(path, watcher) || this.#data.has(path, watcher);
    }
  }

  /** False if there was no such watch. */
  remove(path: string, watcher: W, type: WatcherType): boolean {
    switch (type) {
      case WatcherType.CHILDREN:
        return this.#children.remove(path, watcher, WatchMode.STANDARD);
      case WatcherType.DATA:
        return this.#data.remove(path, watcher, WatchMode.STANDARD);
      case WatcherType.PERSISTENT: {
        const children = this.#children.remove(path, watcher, WatchMode.PERSISTENT);
        return this.#data.remove(path, watcher, WatchMode.PERSISTENT) || children;
      }
      case WatcherType.PERSISTENT_RECURSIVE:
        return this.#data.remove(path, watcher, WatchMode.RECURSIVE);
      case WatcherType.ANY: {
        const children = this.#children.remove(path, watcher);
        return this.#data.remove(path, watcher) || children;
      }
    }
  }

  removeWatcher(watcher: W): void {
    this.#data.removeWatcher(watcher);
    this.#children.removeWatcher(watcher);
  }

  created(path: string): Notification<W>[] {
    return notify(this.#data.trigger(path), EventType.NODE_CREATED, path);
  }

  dataChanged(path: string): Notification<W>[] {
    return notify(this.#data.trigger(path), EventType.NODE_DATA_CHANGED, path);
  }

  childrenChanged(path: string): Notification<W>[] {
    return notify(this.#children.trigger(path), EventType.NODE_CHILDREN_CHANGED, path);
  }

  /** Fires both kinds of watch, but tells nobody twice. */
  deleted(path: string): Notification<W>[] {
    const data = this.#data.trigger(path);
    const children = this.#children.trigger(path);
    const told = data && children ? data.union(children) : (data ?? children);
    return notify(told, EventType.NODE_DELETED, path);
  }
}

function notify<W>(watchers: Set<W> | undefined, type: EventType, path: string): Notification<W>[] {
  return watchers ? Array.from(watchers, (watcher) => ({ watcher, type, path })) : [];
}
