import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import { lifetimeOf } from './expiries.ts';
import { KeptFollower } from './kept-follower.ts';
import { type Granted, KeptQueue } from './kept-queue.ts';
import type { Kept, KeptKey } from './kept-record.ts';
import { type Change, KeptStore } from './kept-store.ts';

/** What `KeptLeases` takes. */
export interface KeptLeasesOptions {
  /** Opened with `onExpired: 'renew'`; it stays the caller's to close. */
  readonly zk: ZooKeeper;
  readonly logger: Logger;
  /** Monotonic, in milliseconds. Default `performance.now`. */
  readonly now?: () => number;
  /** As of `RecipeOptions`. */
  readonly generation?: bigint;
}

/** What became of a keep-alive. */
export type KeepAlive =
  | { readonly type: 'kept'; readonly kept: Kept }
  /** The holder waits for it still. */
  | { readonly type: 'waiting' }
  /** There is none, or not the one that was meant. */
  | { readonly type: 'gone' };

/** Which lease of a holder is meant: the one with this id, or the one that it has. */
export type Meant = (kept: Kept) => boolean;

const ANY: Meant = () => true;

/**
 * Leases for holders who have no session: each lives by being kept alive, through any of the processes
 * that serve it, and ends when it isn't. `docs/decisions/0014-leases-over-http.md` says why there are
 * never two holders.
 */
export class KeptLeases implements AsyncDisposable {
  readonly store: KeptStore;
  readonly queue: KeptQueue;
  /** What there is, as this process sees it; it ends what has expired. */
  readonly follower: KeptFollower;

  /** Begins at once. */
  constructor({ zk, logger, now, generation = 0n }: KeptLeasesOptions) {
    this.store = new KeptStore(zk);
    this.queue = new KeptQueue(zk, this.store, { generation });
    this.follower = new KeptFollower({ zk, logger, store: this.store, ...(now && { now }) });
  }

  /**
   * Keeps a holder's lease alive: it lasts for its time to live from before the call on.
   * @throws ZooKeeperError, the signal's reason: then nobody knows whether it was
   */
  async keepAlive(
    key: KeptKey,
    signal: AbortSignal,
    meant: Meant = ANY,
    change: Change = {},
  ): Promise<KeepAlive> {
    let known = this.follower.find(key);
    for (let newest = false; ; newest = true) {
      signal.throwIfAborted();
      known ??= newest
        ? await this.store.findNewest(key, signal)
        : await this.store.find(key, signal);
      if (known === undefined && newest) return { type: 'gone' };
      if (known !== undefined && meant(known)) {
        if (newest && known.record.state === 'waiting') return { type: 'waiting' };
        if (known.record.state === 'held') {
          const written = await this.store.write(known, change, signal);
          if (written.type === 'written') return { type: 'kept', kept: written.kept };
          if (written.type === 'gone' && newest) return { type: 'gone' };
        }
      } else if (newest) return { type: 'gone' };
      known = undefined;
    }
  }

  /** Ends a holder's lease; one that somebody waits for is asked for anew. False when there was none, or not the one meant. */
  async end(key: KeptKey, signal: AbortSignal, meant: Meant = ANY): Promise<boolean> {
    for (;;) {
      signal.throwIfAborted();
      const known = await this.store.findNewest(key, signal);
      if (known === undefined || !meant(known)) return false;
      if (await this.store.end(known, signal)) return true;
    }
  }

  /**
   * Ends what was granted and nobody has got, unless its holder goes on with it elsewhere. What the
   * holder had before he asked stays: he may have been told of it then, and trust it.
   */
  async withdraw({ kept, fresh }: Granted, signal?: AbortSignal): Promise<void> {
    if (fresh) await this.store.end(kept, signal);
  }

  /** Milliseconds that a lease lasts yet unless it is kept alive; undefined while that isn't known. */
  expiresIn({ id, record: { ttl } }: Kept): number | undefined {
    const left = this.follower.left(id);
    return left && Math.max(0, Math.floor(left - (lifetimeOf(ttl) - ttl)));
  }

  /** Idempotent. Leases go on: another process ends those that nobody keeps alive. */
  async close(): Promise<void> {
    await this.follower.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
