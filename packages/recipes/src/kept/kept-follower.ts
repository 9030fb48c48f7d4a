import { type CachedNode, ChildrenCache, type Logger, type ZooKeeper } from '@meshkeeper/zookeeper';
import { Expiries, lifetimeOf } from './expiries.ts';
import { claimName, type Kept, type KeptKey, parseRecord, RECORDS } from './kept-record.ts';
import type { KeptStore } from './kept-store.ts';

/** What `KeptFollower` takes. */
export interface KeptFollowerOptions {
  readonly zk: ZooKeeper;
  readonly store: KeptStore;
  readonly logger: Logger;
  /** Monotonic, in milliseconds. Default `performance.now`. */
  readonly now?: () => number;
}

/** Between two looks at the clock, in milliseconds: at most, and at least. */
const LONGEST = 1_000;
const SHORTEST = 10;
/** Before what failed is tried again, in milliseconds. */
const RETRY = 1_000;

/**
 * Follows all leases that live by keep-alive, and ends those that have expired. Any number of these
 * may run at once, and any of them is enough.
 */
export class KeptFollower implements AsyncDisposable {
  readonly #options: KeptFollowerOptions;
  readonly #now: () => number;
  readonly #expiries = new Expiries();
  readonly #leases = new Map<string, Kept>();
  readonly #ids = new Map<string, string>();
  readonly #listeners = new Set<() => void>();
  /** Those that are being ended, or can't be for now. */
  readonly #ending = new Set<string>();
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #wakes = Number.POSITIVE_INFINITY;
  #fresh = false;

  /** Begins at once. */
  constructor(options: KeptFollowerOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#following = this.#follow().catch((err) => {
      if (!this.#stop.signal.aborted)
        options.logger.warn({ err }, 'leases can not be followed any more');
    });
  }

  /** Whether what it has is what there is, but for what is on its way. */
  get fresh(): boolean {
    return this.#fresh;
  }

  /** All that there are. */
  get leases(): Iterable<Kept> {
    return this.#leases.values();
  }

  get(id: string): Kept | undefined {
    return this.#leases.get(id);
  }

  find(key: KeptKey): Kept | undefined {
    const id = this.#ids.get(claimName(key));
    return id === undefined ? undefined : this.#leases.get(id);
  }

  /** Milliseconds until a lease is ended here unless it is kept alive; undefined where that isn't known. */
  left(id: string): number | undefined {
    return this.#expiries.left(id, this.#now());
  }

  /** Calls `listener` after leases have come, gone or changed, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#following;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    await using cache = await ChildrenCache.open(this.#options.zk, RECORDS, { signal });
    const look = () => {
      this.#fresh = cache.fresh;
      if (this.#fresh) this.#expiries.resume(this.#now());
      else this.#expiries.suspend();
      this.#schedule();
    };
    cache.onState(look);
    look();
    for await (const update of cache.updates({ signal })) {
      switch (update.type) {
        case 'reset': {
          const gone = new Set(this.#leases.keys());
          for (const node of update.nodes) gone.delete(this.#read(node));
          for (const id of gone) this.#forget(id);
          break;
        }
        case 'upsert':
          for (const node of update.nodes) this.#read(node);
          break;
        case 'remove':
          for (const path of update.paths) this.#forget(idOf(path));
      }
      this.#schedule();
      for (const listener of this.#listeners) listener();
    }
  }

  #read({ path, data, stat }: CachedNode): string {
    const id = idOf(path);
    const record = parseRecord(data);
    if (record === undefined) {
      this.#options.logger.warn({ path }, 'a lease can not be read, and is left alone');
      return id;
    }
    this.#leases.set(id, { id, record, stat });
    this.#ids.set(claimName(record), id);
    this.#expiries.observe(id, stat.mzxid, lifetimeOf(record.ttl), this.#now());
    return id;
  }

  #forget(id: string): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    this.#leases.delete(id);
    this.#expiries.forget(id);
    const claim = claimName(lease.record);
    if (this.#ids.get(claim) === id) this.#ids.delete(claim);
  }

  #schedule(): void {
    if (this.#stop.signal.aborted) return;
    const { next } = this.#expiries;
    if (next === undefined) return;
    const now = this.#now();
    const wait = Math.min(Math.max(next - now, SHORTEST), LONGEST);
    if (this.#timer !== undefined && this.#wakes <= now + wait) return;
    clearTimeout(this.#timer);
    this.#wakes = now + wait;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const { id, mark } of this.#expiries.due(this.#now())) this.#expire(id, mark);
      this.#schedule();
    }, wait);
  }

  #expire(id: string, mark: bigint): void {
    const lease = this.#leases.get(id);
    if (lease?.stat.mzxid !== mark || this.#ending.has(id)) return;
    this.#ending.add(id);
    const { store, logger } = this.#options;
    const { kind, subject, holder, ttl } = lease.record;
    store.end(lease, AbortSignal.any([this.#stop.signal, AbortSignal.timeout(RETRY)])).then(
      (ended) => {
        this.#ending.delete(id);
        if (ended)
          logger.info({ kind, subject, holder, ttl }, 'a lease was not kept alive, and has ended');
      },
      (err) => {
        if (this.#stop.signal.aborted) return;
        logger.warn(
          { err, kind, subject, holder },
          'a lease that has expired can not be ended yet',
        );
        setTimeout(() => this.#ending.delete(id), RETRY).unref();
      },
    );
  }
}

function idOf(path: string): string {
  return path.slice(RECORDS.length + 1);
}
