import { AddWatchMode } from '@meshkeeper/jute';
import type { Calls } from '../operations/calls.ts';
import { isZooKeeperError, ZooKeeperError } from '../zookeeper-error.ts';
import { Watch } from './watch.ts';
import type { Watcher } from './watch-event.ts';
import { WatchRemoval } from './watch-removal.ts';
import type { ServerList, WatchKind } from './watch-table.ts';

/** What `addWatch` takes. */
export interface AddWatchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Everything below the znode, too. Default false. */
  readonly recursive?: boolean | undefined;
  /** Called with each event at once, in place of the iteration. Must not throw. */
  readonly listener?: Watcher | undefined;
  /**
   * Milliseconds: a server before 3.6 has no such watches, and `reset` is told that often instead. Without
   * it the call fails there.
   */
  readonly poll?: number | undefined;
}

/** A server that doesn't know `addWatch` ends the connection: it isn't asked again for so long, in milliseconds. */
const UNKNOWN_FOR = 60_000;

/** A watch that a request on its way asks for. */
export interface Wish {
  /** The server has set it. `abandoned`: nobody wants it any more. */
  granted(kind: WatchKind, abandoned: boolean): void;
  /** The request is over, one way or the other. */
  settle(): void;
}

/** Sets a session's watches and takes them off, here and at the server. Paths are the server's. */
export class WatchKeeper {
  readonly #calls: Calls;
  readonly #removal: WatchRemoval;
  readonly #open = new Set<Watch>();
  /** Until when no server is asked for watches that stay, by `performance.now()`. */
  #unknownUntil = 0;

  constructor(calls: Calls) {
    this.#calls = calls;
    this.#removal = new WatchRemoval(calls);
  }

  /** To be called before a request that leaves a watch is sent. */
  wish(list: ServerList, path: string, watcher: Watcher): Wish {
    const settle = this.#removal.wished(list, path);
    return {
      granted: (kind, abandoned) => {
        if (abandoned) this.#removal.release(list, path);
        else this.#calls.session.watches.add(kind, path, watcher);
      },
      settle,
    };
  }

  /** addWatch. `path`: the user's. */
  async add(path: string, options: AddWatchOptions): Promise<Watch> {
    try {
      if (performance.now() < this.#unknownUntil)
        throw new ZooKeeperError('UNIMPLEMENTED', { operation: 'addWatch', path });
      return await this.#add(path, options);
    } catch (error) {
      if (!isZooKeeperError(error, 'UNIMPLEMENTED')) throw error;
      if (this.#unknownUntil < performance.now())
        this.#unknownUntil = performance.now() + UNKNOWN_FOR;
      if (options.poll === undefined) throw error;
      return this.#polling(path, options.poll, options.listener);
    }
  }

  /** Stands for a watch where there are none that stay. */
  #polling(path: string, interval: number, listener: Watcher | undefined): Watch {
    const watch = new Watch(path, async () => void this.#open.delete(watch), listener);
    this.#open.add(watch);
    const timer = setInterval(() => {
      if (this.#open.has(watch)) watch.watcher({ type: 'reset' });
      else clearInterval(timer);
    }, interval).unref();
    return watch;
  }

  async #add(
    path: string,
    { recursive = false, listener, signal }: AddWatchOptions,
  ): Promise<Watch> {
    const server = this.#calls.server(path);
    const list = recursive ? 'persistentRecursive' : 'persistent';
    const mode = recursive ? AddWatchMode.PERSISTENT_RECURSIVE : AddWatchMode.PERSISTENT;
    const watch = new Watch(
      path,
      async (watcher) => {
        this.#open.delete(watch);
        await this.remove(list, server, watcher);
      },
      listener,
    );
    const wish = this.wish(list, server, watch.watcher);
    await new Promise<void>((succeed, fail) => {
      this.#calls.send('addWatch', { path: server, mode }, path, signal, {
        succeed: (_, abandoned) => {
          wish.granted(list, abandoned);
          if (!abandoned) this.#open.add(watch);
          succeed();
        },
        fail,
        settled: () => wish.settle(),
      });
    });
    return watch;
  }

  /** A one-shot watch as an iterable of one event; `set` leaves its watcher with a read. */
  async once(
    path: string,
    lists: readonly WatchKind[],
    set: (watcher: Watcher) => Promise<unknown>,
  ): Promise<Watch> {
    const server = this.#calls.server(path);
    const told: Watcher = (event) => {
      this.#open.delete(watch);
      watch.watcher(event);
      watch.end();
    };
    const watch = new Watch(
      path,
      async () => {
        this.#open.delete(watch);
        for (const list of lists) await this.remove(list, server, told);
      },
      undefined,
    );
    this.#open.add(watch);
    try {
      await set(told);
      return watch;
    } catch (error) {
      this.#open.delete(watch);
      throw error;
    }
  }

  /** Takes off a watcher, or all of a list at a path; true when there was one. */
  async remove(list: WatchKind, path: string, watcher?: Watcher): Promise<boolean> {
    if (!this.#calls.session.watches.remove(list, path, watcher)) return false;
    await this.#removal.release(list === 'exist' ? 'data' : list, path);
    return true;
  }

  /** No session follows: watches end, with `reset` unless it was the user who ended it. */
  end(byUser: boolean): void {
    const oneShot = this.#calls.session.watches.takeOneShot();
    for (const watch of this.#open) {
      oneShot.delete(watch.watcher);
      if (!byUser) watch.watcher({ type: 'reset' });
      watch.end();
    }
    this.#open.clear();
    if (!byUser) for (const watcher of oneShot) watcher({ type: 'reset' });
  }
}
