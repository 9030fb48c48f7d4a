import type { ZooKeeper } from '../client.ts';
import { Cache, type CacheOptions } from './cache.ts';
import type { CachedNode } from './cached-node.ts';

/** One znode, whether it is there or not. Curator's NodeCache. */
export class NodeCache extends Cache {
  /** Opens a cache of one znode; resolves when it was read. */
  static async open(zk: ZooKeeper, path: string, options: CacheOptions = {}): Promise<NodeCache> {
    const cache = new NodeCache(zk, path, { depth: 0, root: true }, options);
    await cache.load(options.signal);
    return cache;
  }

  /** The znode as it was last read; undefined when there was none. A copy. */
  get(): CachedNode | undefined {
    return this.node(this.path);
  }
}
