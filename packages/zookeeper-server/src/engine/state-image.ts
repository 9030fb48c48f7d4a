import type { Image } from '../storage/storage.ts';
import type { ZNode, ZNodeFields } from '../tree/znode.ts';
import type { ImageHeader, State } from './state.ts';

type Entry = readonly [path: string, node: ZNodeFields];

/**
 * The state at the moment of its construction, read in slices while transactions go on: a znode
 * that is changed before its turn is copied first (copy on write). Costs memory for what changes
 * meanwhile only.
 */
export class StateImage implements Image {
  readonly header: ImageHeader;
  readonly #state: State;
  readonly #live: IterableIterator<[string, ZNode]>;
  /** Znodes changed since: their old state, or undefined if they were not there. */
  readonly #before = new Map<string, ZNode | undefined>();
  #rest: Iterator<[string, ZNode | undefined]> | undefined;

  constructor(state: State) {
    const { lastId } = state.sessions;
    this.header = { zxid: state.lastZxid, lastSessionId: lastId, sessions: [...state.sessions] };
    this.#state = state;
    this.#live = state.tree.entries();
    state.tree.beforeChange = (path, node) => {
      if (!this.#before.has(path)) this.#before.set(path, node?.copy());
    };
  }

  /**
   * The next znodes, at most `most`; empty at the end. They are live: use them up before anything
   * else runs. One that changed after its turn may come a second time, the same.
   */
  next(most: number): Entry[] {
    const entries: Entry[] = [];
    while (!this.#rest && entries.length < most) {
      const { done, value } = this.#live.next();
      if (done) {
        // Changes from now on can't matter: every znode was seen, or is kept already.
        this.#state.tree.beforeChange = undefined;
        this.#rest = this.#before.entries();
      } else if (!this.#before.has(value[0])) entries.push(value);
    }
    while (this.#rest && entries.length < most) {
      const { done, value } = this.#rest.next();
      if (done) break;
      const [path, node] = value;
      if (node) entries.push([path, node]);
    }
    return entries;
  }

  /** Stops copying. */
  close(): void {
    this.#state.tree.beforeChange = undefined;
    this.#before.clear();
  }
}
