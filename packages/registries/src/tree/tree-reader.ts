import { isZooKeeperError, joinPath, type Watcher, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { ZNode } from './tree-change.ts';

/** Requests under way at once while a tree is read: enough to fill the line, no storm. */
const CONCURRENCY = 64;

/** Reads znodes and subtrees, with a bounded number of requests under way. */
export class TreeReader {
  readonly #zk: ZooKeeper;
  readonly #signal: AbortSignal;
  /** Left on everything that is read, where the server has no recursive watches. */
  readonly #watch: Watcher | undefined;
  readonly #unreadable: (path: string, error: Error) => void;

  /** `unreadable`: told of a znode whose ACL or state keeps it from being read; the rest goes on. */
  constructor(
    zk: ZooKeeper,
    signal: AbortSignal,
    watch: Watcher | undefined,
    unreadable: (path: string, error: Error) => void,
  ) {
    this.#zk = zk;
    this.#signal = signal;
    this.#watch = watch;
    this.#unreadable = unreadable;
  }

  /**
   * All there is at and below these paths.
   * @throws ZooKeeperError when the connection or the session is lost meanwhile.
   */
  async subtrees(paths: readonly string[]): Promise<Map<string, ZNode>> {
    const nodes = new Map<string, ZNode>();
    const todo = [...paths];
    const visit = async (path: string): Promise<void> => {
      const [node, children] = await Promise.all([this.node(path), this.children(path)]);
      if (node === undefined) return;
      nodes.set(path, node);
      for (const child of children) todo.push(joinPath(path, child));
    };
    const underWay = new Set<Promise<void>>();
    while (todo.length > 0 || underWay.size > 0) {
      const path = underWay.size < CONCURRENCY ? todo.pop() : undefined;
      if (path === undefined) {
        await Promise.race(underWay);
        continue;
      }
      const visiting = visit(path).finally(() => underWay.delete(visiting));
      visiting.catch(() => {}); // the race above throws it
      underWay.add(visiting);
    }
    return nodes;
  }

  /** One znode; undefined when it isn't there or can't be read. */
  async node(path: string): Promise<ZNode | undefined> {
    return this.#tolerant(path, async () => {
      const { data, stat } = await this.#zk.get(path, this.#options());
      return { path, data, stat };
    });
  }

  /** The names of a znode's children; none when it isn't there or can't be read. */
  async children(path: string): Promise<readonly string[]> {
    const read = await this.#tolerant(path, () => this.#zk.children(path, this.#options()));
    return read?.children ?? [];
  }

  #options() {
    return { signal: this.#signal, watch: this.#watch };
  }

  async #tolerant<T>(path: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return undefined;
      if (!isZooKeeperError(error, 'NO_AUTH')) throw error;
      this.#unreadable(path, error);
      return undefined;
    }
  }
}
