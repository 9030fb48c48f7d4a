import type { ZooKeeper } from '../client.ts';
import { validatePath } from '../path.ts';
import { isZooKeeperError, ZooKeeperError } from '../zookeeper-error.ts';
import { Audit } from './audit.ts';
import type { CachedNode, CacheState, CacheUpdate } from './cached-node.ts';
import { Feed } from './feed.ts';
import { Mirror } from './mirror.ts';
import { isWithin } from './within.ts';

/** What every cache takes. */
export interface CacheOptions {
  /** Gives up opening it. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How often the cache is audited, in milliseconds on average: it asks the server for its watch, and
   * compares a thousand znodes by their Stat. 0 for never. Default 60,000.
   */
  readonly auditInterval?: number | undefined;
  /** In [0, 1), for the audit's jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** Which znodes a cache keeps. */
export interface CacheScope {
  /** How far below the root. */
  readonly depth: number;
  /** Whether the root itself is one of them. */
  readonly root: boolean;
}

/**
 * What the caches have in common. A cache follows the server from its opening to its end; it has at
 * all times what the server had at some moment not long ago, and says when that may be longer.
 */
export abstract class Cache implements AsyncDisposable {
  /** The path that it was opened for. */
  readonly path: string;
  protected readonly mirror: Mirror;
  readonly #zk: ZooKeeper;
  readonly #audit: Audit | undefined;
  readonly #feeds = new Set<Feed>();
  readonly #waiting = new Set<() => void>();
  readonly #listeners = new Set<(state: CacheState) => void>();
  readonly #keepsRoot: boolean;
  #loaded = false;

  protected constructor(zk: ZooKeeper, path: string, scope: CacheScope, options: CacheOptions) {
    validatePath(path, 'cache');
    this.#zk = zk;
    this.path = path;
    this.#keepsRoot = scope.root;
    this.mirror = new Mirror({
      zk,
      root: path,
      depth: scope.depth,
      changed: (paths) => this.#changed(paths),
      stateChanged: (state) => this.#stateChanged(state),
    });
    const { auditInterval: interval = 60_000, random = Math.random } = options;
    const audited = { zk, mirror: this.mirror, root: path, recursive: scope.depth > 0 };
    if (interval > 0) this.#audit = new Audit({ ...audited, interval, random });
  }

  /** How much it knows; see `CacheState`. */
  get state(): CacheState {
    return this.mirror.state;
  }

  /** True while nothing can have been missed: the watch stands, and everything was compared since. */
  get fresh(): boolean {
    return this.state === 'fresh';
  }

  /** Why it is closed; undefined when its user closed it, or the client. */
  get error(): Error | undefined {
    return this.mirror.error;
  }

  /** How often an audit found something that no event had told of, and set it right. */
  get missed(): number {
    return this.#audit?.missed ?? 0;
  }

  /** Paths of znodes that exist but may not be read. Each audit tries them again. */
  get unreadable(): ReadonlySet<string> {
    return this.mirror.refill.unreadable;
  }

  /** Calls `listener` at each change of the state, until the returned function is called. */
  onState(listener: (state: CacheState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * A `reset` with everything, then what changes, until the cache is closed. Any number of consumers,
   * each at its own pace: a slow one gets only the last of several changes of a znode.
   * @throws the cache's `error` when the session ended otherwise than by `close()`.
   */
  async *updates({
    signal,
  }: {
    signal?: AbortSignal;
  } = {}): AsyncGenerator<CacheUpdate, void, void> {
    const feed = new Feed({
      loaded: () => this.#loaded,
      get: (path) => this.node(path),
      nodes: () => this.nodes(),
    });
    const end = () => feed.end(undefined);
    if (this.state === 'closed') feed.end(this.error);
    if (signal?.aborted) end();
    signal?.addEventListener('abort', end, { once: true });
    this.#feeds.add(feed);
    try {
      yield* feed.updates();
    } finally {
      this.#feeds.delete(feed);
      signal?.removeEventListener('abort', end);
    }
  }

  /**
   * Waits until the cache has everything that was written, by anybody, before this call.
   * @throws when it is closed before that; the signal's reason.
   */
  async settled({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.state === 'closed') throw this.error ?? closedError(this.path);
      try {
        await this.#zk.sync(this.path, { signal });
      } catch (error) {
        if (isZooKeeperError(error, 'CONNECTION_LOSS')) continue;
        // The session that is opened instead will tell.
        if (isZooKeeperError(error, 'SESSION_EXPIRED') && !this.#zk.ended) continue;
        if (!this.#closed) throw error;
      }
      // Events of what was written before have come before the answer.
      while (!this.#closed && !(this.fresh && this.mirror.refill.work.done)) {
        signal?.throwIfAborted();
        await this.#change(signal);
      }
      if (this.fresh) return;
    }
  }

  /** Takes the watch off and forgets everything. Idempotent. */
  async close(): Promise<void> {
    await this.mirror.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The znode as it was last read. */
  protected node(path: string): CachedNode | undefined {
    return this.#keeps(path) ? this.mirror.store.get(path) : undefined;
  }

  protected *nodes(): Generator<CachedNode> {
    for (const path of this.mirror.store.paths()) {
      const node = this.node(path);
      if (node !== undefined) yield node;
    }
  }

  /** Waits until everything was read once. */
  protected async load(signal: AbortSignal | undefined): Promise<void> {
    try {
      while (!this.#loaded) {
        signal?.throwIfAborted();
        if (this.state === 'closed') throw this.error ?? closedError(this.path);
        await this.#change(signal);
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  get #closed(): boolean {
    return this.state === 'closed';
  }

  #keeps(path: string): boolean {
    return (this.#keepsRoot || path !== this.path) && isWithin(this.path, path);
  }

  #changed(paths: readonly string[]): void {
    const kept = this.#keepsRoot ? paths : paths.filter((path) => path !== this.path);
    if (kept.length > 0) for (const feed of this.#feeds) feed.touch(kept);
  }

  #stateChanged(state: CacheState): void {
    if (state === 'fresh') this.#loaded = true;
    if (state === 'closed') this.#audit?.stop();
    for (const feed of this.#feeds) {
      if (state === 'closed') feed.end(this.error);
      else feed.wake();
    }
    for (const wake of this.#waiting) wake();
    for (const listener of this.#listeners) listener(state);
  }

  async #change(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const abort = () => resolve();
    signal?.addEventListener('abort', abort, { once: true });
    await promise;
    signal?.removeEventListener('abort', abort);
    this.#waiting.delete(resolve);
  }
}

function closedError(path: string): ZooKeeperError {
  return new ZooKeeperError('CLOSED', { operation: 'cache', path, detail: 'the cache is closed' });
}
