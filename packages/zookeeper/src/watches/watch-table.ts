import { EventType, type RequestOf } from '@meshkeeper/jute';
import { parentOf } from '../path.ts';
import type { Watcher } from './watch-event.ts';

/** The lists in which a server keeps a session's watches, by the names of setWatches2. */
export type WatchKind = 'data' | 'exist' | 'child' | 'persistent' | 'persistentRecursive';

/** The lists as a server tells them apart when a watch is taken off: `exist` is part of `data`. */
export type ServerList = Exclude<WatchKind, 'exist'>;

/**
 * At most so many characters of paths in one setWatches: a packet over the server's
 * `jute.maxbuffer` would make every reconnect fail (ZOOKEEPER-706).
 */
const BATCH_CHARACTERS = 128 * 1024;

/** Which one-shot lists an event uses up. */
const oneShot: Readonly<Record<number, readonly WatchKind[]>> = {
  [EventType.NODE_CREATED]: ['data', 'exist'],
  [EventType.NODE_DELETED]: ['data', 'exist', 'child'],
  [EventType.NODE_DATA_CHANGED]: ['data', 'exist'],
  [EventType.NODE_CHILDREN_CHANGED]: ['child'],
};

/**
 * Who watches what, with the server's paths. The mirror image of the server's own table: it is what
 * a new connection is armed from. Pure.
 */
export class WatchTable {
  readonly #lists: Readonly<Record<WatchKind, Map<string, Set<Watcher>>>> = {
    data: new Map(),
    exist: new Map(),
    child: new Map(),
    persistent: new Map(),
    persistentRecursive: new Map(),
  };

  add(kind: WatchKind, path: string, watcher: Watcher): void {
    const list = this.#lists[kind];
    const watchers = list.get(path);
    if (watchers === undefined) list.set(path, new Set([watcher]));
    else watchers.add(watcher);
  }

  /** Takes a watcher off, or all of the kind at that path; true when there was one. */
  remove(kind: WatchKind, path: string, watcher?: Watcher): boolean {
    const list = this.#lists[kind];
    const watchers = list.get(path);
    if (watchers === undefined || watcher === undefined) return list.delete(path);
    const removed = watchers.delete(watcher);
    if (watchers.size === 0) list.delete(path);
    return removed;
  }

  /** Whether anybody here needs the watch that a server has in this list. */
  holds(list: ServerList, path: string): boolean {
    return this.#lists[list].has(path) || (list === 'data' && this.#lists.exist.has(path));
  }

  /** Those whom an event concerns, each once; one-shot watches are used up by it. */
  concerned(type: number, path: string): Set<Watcher> {
    const concerned = new Set<Watcher>();
    const collect = (watchers: Iterable<Watcher> = []) => {
      for (const watcher of watchers) concerned.add(watcher);
    };
    for (const kind of oneShot[type] ?? []) {
      collect(this.#lists[kind].get(path));
      this.#lists[kind].delete(path);
    }
    collect(this.#lists.persistent.get(path));
    if (type !== EventType.NODE_CHILDREN_CHANGED && this.#lists.persistentRecursive.size > 0) {
      for (let at = path; ; at = parentOf(at)) {
        collect(this.#lists.persistentRecursive.get(at));
        if (at === '/') break;
      }
    }
    return concerned;
  }

  /** The watchers of persistent watches: the ones that a gap concerns when the session lives on. */
  persistent(): Set<Watcher> {
    const watchers = new Set<Watcher>();
    for (const kind of ['persistent', 'persistentRecursive'] as const)
      for (const set of this.#lists[kind].values())
        for (const watcher of set) watchers.add(watcher);
    return watchers;
  }

  /** Ends every one-shot watch, because its session did, and returns their watchers. */
  takeOneShot(): Set<Watcher> {
    const watchers = new Set<Watcher>();
    for (const kind of ['data', 'exist', 'child'] as const) {
      for (const set of this.#lists[kind].values())
        for (const watcher of set) watchers.add(watcher);
      this.#lists[kind].clear();
    }
    return watchers;
  }

  /** How many paths are watched, by list. */
  get counts(): Readonly<Record<WatchKind, number>> {
    const { data, exist, child, persistent, persistentRecursive } = this.#lists;
    return {
      data: data.size,
      exist: exist.size,
      child: child.size,
      persistent: persistent.size,
      persistentRecursive: persistentRecursive.size,
    };
  }

  /** The setWatches2 requests that arm a new connection, each of a size that every server takes. */
  *rearm(relativeZxid: bigint): Generator<RequestOf<'setWatches2'>> {
    let batch = emptyBatch();
    let characters = 0;
    for (const kind of Object.keys(batch) as WatchKind[]) {
      for (const path of this.#lists[kind].keys()) {
        if (characters > 0 && characters + path.length > BATCH_CHARACTERS) {
          yield { relativeZxid, ...batch };
          batch = emptyBatch();
          characters = 0;
        }
        batch[kind].push(path);
        characters += path.length;
      }
    }
    if (characters > 0) yield { relativeZxid, ...batch };
  }
}

function emptyBatch(): Record<WatchKind, string[]> {
  return { data: [], exist: [], child: [], persistent: [], persistentRecursive: [] };
}
