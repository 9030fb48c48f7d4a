import { isZooKeeperError, joinPath, type Watcher, type ZooKeeper } from '@meshkeeper/zookeeper';
import { each } from './each.ts';
import type { Read } from './tree-change.ts';

/** Requests under way at once: enough to fill the line, no storm. */
const CONCURRENCY = 64;
/** Znodes read by one request, where it leaves no watch. A megabyte each, they must fit in a frame. */
const BATCH = 16;
/** Znodes read before what was read is handed on, so that a large tree is never held as a whole. */
const ROUND = 1024;

/** What a reader of a tree takes. */
export interface TreeReaderOptions {
  readonly zk: ZooKeeper;
  readonly root: string;
  readonly signal: AbortSignal;
  /** Left on everything that is read, where the server has no recursive watches. */
  readonly watch: Watcher | undefined;
}

/**
 * Reads znodes and subtrees, with a bounded number of requests under way, in rounds. A znode that
 * can't be read is an answer; errors are those of the connection and the session.
 */
export class TreeReader {
  readonly #options: TreeReaderOptions;

  constructor(options: TreeReaderOptions) {
    this.#options = options;
  }

  /** All there is at and below these paths; what is deeper goes first. */
  async *subtrees(paths: readonly string[]): AsyncGenerator<Read[]> {
    const todo = [...paths];
    while (todo.length > 0) {
      const reads = await this.#round(todo.splice(-ROUND));
      const parents = reads.filter((read) => read.type === 'node' && !this.#isLeaf(read));
      // Only now: a list that was asked for before the znode was there left no watch behind.
      for (const child of await this.children(parents.map(({ path }) => path))) todo.push(child);
      yield reads;
    }
  }

  /** These znodes, without what is below them. */
  async *nodes(paths: Iterable<string>): AsyncGenerator<Read[]> {
    const todo = [...paths];
    while (todo.length > 0) yield await this.#round(todo.splice(-ROUND));
  }

  /** The paths of the children of all of these; none of one that isn't there or can't be read. */
  async children(paths: Iterable<string>): Promise<string[]> {
    const found: string[] = [];
    await each(CONCURRENCY, [...paths], async (path) => {
      for (const child of await this.#children(path)) found.push(joinPath(path, child));
    });
    return found;
  }

  /** Whether there is nothing to be read below: a recursive watch tells of what comes later. */
  #isLeaf(read: Read): boolean {
    const childless = read.type === 'node' && read.node.stat.numChildren === 0;
    return childless && this.#options.watch === undefined;
  }

  async #round(paths: readonly string[]): Promise<Read[]> {
    const reads: Read[] = [];
    if (this.#options.watch !== undefined) {
      await each(CONCURRENCY, [...paths], async (path) => void reads.push(await this.#node(path)));
      return reads;
    }
    const batches: string[][] = [];
    for (let i = 0; i < paths.length; i += BATCH) batches.push(paths.slice(i, i + BATCH));
    await each(CONCURRENCY / BATCH, batches, async (batch) => {
      for (const read of await this.#batch(batch)) reads.push(read);
    });
    return reads;
  }

  /** Several znodes by one request, which can't leave watches. */
  async #batch(paths: readonly string[]): Promise<Read[]> {
    const { zk, signal } = this.#options;
    const results = await zk.multiRead(
      paths.map((path) => ({ op: 'get', path })),
      { signal },
    );
    return results.map((result) => {
      if (!result.ok) return failed(result.path, result.error);
      const { path, data, stat } = result;
      return { type: 'node', path, node: { path, data, stat } };
    });
  }

  async #node(path: string): Promise<Read> {
    const { zk, root, signal, watch } = this.#options;
    try {
      const { data, stat } = await zk.get(path, { signal, watch });
      return { type: 'node', path, node: { path, data, stat } };
    } catch (error) {
      const read = failed(path, error);
      // Where there is nothing, no watch was left; a parent's tells of all but the root.
      if (read.type !== 'missing' || path !== root) return read;
    }
    if ((await zk.exists(path, { signal, watch })) === null) return { type: 'missing', path };
    return this.#node(path);
  }

  async #children(path: string): Promise<readonly string[]> {
    const { zk, signal, watch } = this.#options;
    try {
      return (await zk.children(path, { signal, watch })).children;
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE') || isZooKeeperError(error, 'NO_AUTH')) return [];
      throw error;
    }
  }
}

/** @throws what is wrong with more than this znode */
function failed(path: string, error: unknown): Read {
  if (isZooKeeperError(error, 'NO_AUTH')) return { type: 'unreadable', path, error };
  if (isZooKeeperError(error, 'NO_NODE')) return { type: 'missing', path };
  throw error;
}
