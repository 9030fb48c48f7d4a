import type { Stat } from '@meshkeeper/jute';

/** A znode as it was last read. */
export interface CachedNode {
  readonly path: string;
  readonly data: Buffer;
  /** As of the data: changes of the ACL and of the children since then don't show in it. */
  readonly stat: Stat;
}

/**
 * What has changed in a cache. Several changes of a znode between two updates are one: the last.
 * `remove` may name a znode that was never told of.
 */
export type CacheUpdate =
  /** Replaces all that was told: at the beginning, and for a consumer that fell behind. */
  | {
      readonly type: 'reset';
      /** Walks over the cache itself: walk before you ask for the next update. */
      readonly nodes: Iterable<CachedNode>;
    }
  | { readonly type: 'upsert'; readonly nodes: readonly CachedNode[] }
  | { readonly type: 'remove'; readonly paths: readonly string[] };

/** How much a cache knows. */
export type CacheState =
  /** Nothing complete yet. */
  | 'loading'
  /** Watched without a gap: it is behind by no more than what is on its way. */
  | 'fresh'
  /** The connection is away, or was, and not everything is compared with the server since. */
  | 'stale'
  /** Its user, or the end of the session, has closed it. */
  | 'closed';
