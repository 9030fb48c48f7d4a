import type { ZooKeeper } from '../client.ts';
import { pause } from '../session/pause.ts';
import type { Watch } from '../watches/watch.ts';
import type { WatchEvent } from '../watches/watch-event.ts';
import { ZooKeeperError } from '../zookeeper-error.ts';
import type { CacheState } from './cached-node.ts';
import { NodeStore } from './node-store.ts';
import { isPassing } from './passing.ts';
import { Refill } from './refill.ts';

/** What a mirror follows, and whom it tells. */
export interface MirrorOptions {
  readonly zk: ZooKeeper;
  readonly root: string;
  /** How far below the root: 0 for the root alone. */
  readonly depth: number;
  /** Paths of what has changed in the store. */
  readonly changed: (paths: readonly string[]) => void;
  readonly stateChanged: (state: CacheState) => void;
}

/** Between two looks at a server that has no recursive watches, in milliseconds. */
const POLL = 2_000;
/** Before an attempt follows one that a server refused for now, in milliseconds. */
const PAUSE = 50;

/**
 * Keeps a store like a subtree of the server. Level-triggered: an event says only where to look, what
 * is kept is what was read after it. After a gap everything that is known is compared by its Stat.
 */
export class Mirror {
  readonly store: NodeStore;
  readonly refill: Refill;
  readonly #options: MirrorOptions;
  readonly #stop = new AbortController();
  readonly #unlisten: () => void;
  #watch: Watch | undefined;
  /** True while no watch covers what is known: nothing that is read now makes it complete. */
  #gap = true;
  #state: CacheState = 'loading';
  #error: Error | undefined;

  constructor(options: MirrorOptions) {
    this.#options = options;
    const { zk, root, depth, changed } = options;
    this.store = new NodeStore(root);
    this.refill = new Refill({
      zk,
      store: this.store,
      root,
      depth,
      signal: this.#stop.signal,
      changed,
      drained: () => this.#drained(),
      failed: (error) => this.#failed(error),
    });
    this.#unlisten = zk.onState(() => this.#sessionChanged());
    queueMicrotask(() => void this.#arm()); // not before the caller has this mirror
  }

  get state(): CacheState {
    return this.#state;
  }

  /** Why it is closed, unless its user did. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Ends it. Idempotent. */
  async close(): Promise<void> {
    this.#end(undefined);
    await this.#watch?.close();
  }

  /** A watch, or an event of it, was lost: sets it again and compares everything. */
  lost(): void {
    this.#gap = true;
    this.#become(this.#state === 'fresh' ? 'stale' : this.#state);
    void this.#arm();
  }

  async #arm(): Promise<void> {
    const { zk, root, depth } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (zk.ended) return this.#sessionChanged();
      try {
        const before = this.#watch;
        const options = { recursive: depth > 0, listener: this.#told, signal, poll: POLL };
        this.#watch = await zk.addWatch(root, options);
        await before?.close();
        if (zk.state.type === 'connected') this.#compareAll();
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!isPassing(error)) return this.#failed(error);
        await pause(PAUSE, signal);
      }
    }
  }

  readonly #told = (event: WatchEvent): void => {
    if (event.type === 'reset') this.#compareAll();
    else if (event.type !== 'children') this.refill.look(event.path);
  };

  #compareAll(): void {
    this.#gap = false;
    this.refill.compareAll();
  }

  #sessionChanged(): void {
    const { zk } = this.#options;
    if (zk.ended) {
      const { type } = zk.state;
      const code = type === 'expired' ? 'SESSION_EXPIRED' : 'AUTH_FAILED';
      this.#end(type === 'closed' ? undefined : new ZooKeeperError(code, { operation: 'cache' }));
    } else if (zk.state.type !== 'connected') {
      this.#gap = true; // until the watch, armed again, tells `reset`
      if (this.#state === 'fresh') this.#become('stale');
    }
  }

  #drained(): void {
    if (!this.#gap && this.#state !== 'closed') this.#become('fresh');
  }

  #failed(error: unknown): void {
    if (isPassing(error)) return;
    this.#end(error instanceof Error ? error : new Error(String(error)));
  }

  #end(error: Error | undefined): void {
    if (this.#state === 'closed') return;
    this.#error = error;
    this.#unlisten();
    this.#become('closed');
    this.#stop.abort();
  }

  #become(state: CacheState): void {
    const before = this.#state;
    this.#state = state;
    // Also when it is as before: somebody may wait for the work to be done.
    if (before !== state || state === 'fresh') this.#options.stateChanged(state);
  }
}
