import type { ZooKeeper } from '../client.ts';
import { joinPath } from '../path.ts';
import { Cache, type CacheOptions } from './cache.ts';
import type { CachedNode } from './cached-node.ts';

/**
 * The children of a znode with their data, not itself nor what is below them; the znode need not be
 * there. Its watch is recursive: what happens deeper down is told to the client, too, and ignored.
 * Curator's PathChildrenCache.
 */
export class ChildrenCache extends Cache {
  /** Opens a cache of a znode's children; resolves when all were read. */
  static async open(
    zk: ZooKeeper,
    path: string,
    options: CacheOptions = {},
  ): Promise<ChildrenCache> {
    const cache = new ChildrenCache(zk, path, { depth: 1, root: false }, options);
    await cache.load(options.signal);
    return cache;
  }

  /** A child by its name; undefined when there is none. A copy. */
  get(name: string): CachedNode | undefined {
    return this.node(joinPath(this.path, name));
  }

  /** The names of the children, in no particular order. */
  children(): readonly string[] {
    return this.mirror.store.children(this.path) ?? [];
  }
}
