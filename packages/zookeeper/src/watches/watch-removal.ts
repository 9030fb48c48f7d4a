import { WatcherType } from '@meshkeeper/jute';
import type { Calls } from '../operations/calls.ts';
import type { ServerList } from './watch-table.ts';

const typeOf: Readonly<Record<ServerList, WatcherType>> = {
  data: WatcherType.DATA,
  child: WatcherType.CHILDREN,
  persistent: WatcherType.PERSISTENT,
  persistentRecursive: WatcherType.PERSISTENT_RECURSIVE,
};

/**
 * Takes a session's watches off the server. A session has one of each list at a path, whoever asked
 * for it: it is taken off only when nobody here needs it, nor a request on its way asks for it again.
 */
export class WatchRemoval {
  readonly #calls: Calls;
  /** Requests on their way that ask for a watch, by list and path. */
  readonly #wishes = new Map<string, number>();
  /** What would have been taken off but for a wish. */
  readonly #unwanted = new Set<string>();

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /** A request asks for a watch; call what is returned when it is over. */
  wished(list: ServerList, path: string): () => void {
    const key = `${list} ${path}`;
    this.#wishes.set(key, (this.#wishes.get(key) ?? 0) + 1);
    return () => {
      const left = this.#wishes.get(key)! - 1;
      if (left > 0) {
        this.#wishes.set(key, left);
        return;
      }
      this.#wishes.delete(key);
      if (this.#unwanted.delete(key)) void this.release(list, path);
    };
  }

  /** Takes the server's watch off if it is of no more use. Never throws. */
  async release(list: ServerList, path: string): Promise<void> {
    if (!this.#useless(list, path)) return;
    const { session } = this.#calls;
    if (session.state.type !== 'connected') return; // the next connection isn't told of it
    const body = { path, type: typeOf[list] };
    // A server that can't take it off sends events that concern nobody: no harm.
    await this.#calls
      .call('removeWatches', body, this.#calls.strip(path), undefined)
      .catch(() => {});
  }

  #useless(list: ServerList, path: string): boolean {
    const { watches } = this.#calls.session;
    if (watches.holds(list, path)) return false;
    const key = `${list} ${path}`;
    if (this.#wishes.has(key)) {
      this.#unwanted.add(key);
      return false;
    }
    // Servers before 3.9 would take a persistent watch off with it; a one-shot one ends by itself.
    const oneShot = list === 'data' || list === 'child';
    const besides = ['persistent', 'persistentRecursive'] as const;
    return !oneShot || !besides.some((other) => this.#watched(other, path));
  }

  #watched(list: ServerList, path: string): boolean {
    return this.#calls.session.watches.holds(list, path) || this.#wishes.has(`${list} ${path}`);
  }
}
