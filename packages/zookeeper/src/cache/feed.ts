import type { CachedNode, CacheUpdate } from './cached-node.ts';

/** What a feed reads from. */
export interface FeedSource {
  /** True once there is something complete to begin with. */
  loaded(): boolean;
  get(path: string): CachedNode | undefined;
  nodes(): Iterable<CachedNode>;
}

/** Changed paths that a consumer may be behind by; after that it gets everything anew. */
const MAX_PENDING = 65_536;
/** Znodes of one update. */
const BATCH = 1024;

/** One consumer's way through a cache's changes: it keeps paths, the values are read when asked for. */
export class Feed {
  readonly #source: FeedSource;
  readonly #pending = new Set<string>();
  #reset = true;
  #ended: { readonly error: Error | undefined } | undefined;
  #wake: (() => void) | undefined;

  constructor(source: FeedSource) {
    this.#source = source;
  }

  /** Something has changed at these paths. */
  touch(paths: Iterable<string>): void {
    if (!this.#reset) for (const path of paths) this.#pending.add(path);
    if (this.#pending.size > MAX_PENDING) {
      this.#pending.clear();
      this.#reset = true;
    }
    this.wake();
  }

  /** Looks again: the source may be loaded now. */
  wake(): void {
    this.#wake?.();
  }

  /** Ends the updates, with an error when there is one. */
  end(error: Error | undefined): void {
    this.#ended ??= { error };
    this.wake();
  }

  async *updates(): AsyncGenerator<CacheUpdate, void, void> {
    while (this.#ended === undefined) {
      if (this.#source.loaded() && this.#reset) {
        this.#reset = false;
        yield { type: 'reset', nodes: this.#source.nodes() };
      } else if (this.#source.loaded() && this.#pending.size > 0) yield* this.#changes();
      else {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
      }
    }
    if (this.#ended.error !== undefined) throw this.#ended.error;
  }

  *#changes(): Generator<CacheUpdate> {
    const removed: string[] = [];
    const nodes: CachedNode[] = [];
    for (const path of this.#pending) {
      this.#pending.delete(path);
      const node = this.#source.get(path);
      if (node === undefined) removed.push(path);
      else nodes.push(node);
      if (nodes.length === BATCH) break;
    }
    if (removed.length > 0) yield { type: 'remove', paths: removed };
    if (nodes.length > 0) yield { type: 'upsert', nodes };
  }
}
