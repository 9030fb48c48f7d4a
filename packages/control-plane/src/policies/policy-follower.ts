import { watchTree, type ZNode } from '@meshkeeper/registries';
import { persistently, type ZooKeeper } from '@meshkeeper/zookeeper';
import { POLICIES } from './policy-paths.ts';
import type { PolicyReader, PolicyTree } from './policy-tree.ts';
import { readNodes } from './read-nodes.ts';

/** How the policies are followed. */
export interface PolicyFollowerOptions {
  readonly zk: ZooKeeper;
  readonly reader: PolicyReader;
  /** Set to false to do without recursive watches, as with servers before 3.6. */
  readonly recursive?: boolean | undefined;
}

/** After so many milliseconds without news, what is half read is looked at again. */
const QUIET = 250;

/** Follows the tree of policies, from one transaction to the next. */
export class PolicyFollower {
  readonly #options: PolicyFollowerOptions;
  /** What was told, the last of a transaction perhaps not yet. */
  readonly #nodes = new Map<string, ZNode>();
  readonly #unreadable = new Set<string>();
  #complete = false;
  #news = false;
  #ended: { readonly error?: unknown } | undefined;
  #current: PolicyTree | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(options: PolicyFollowerOptions) {
    this.#options = options;
  }

  /** The tree as it was read completely, and after each transaction. Once; ends when the signal aborts. */
  async *trees(signal: AbortSignal): AsyncGenerator<PolicyTree> {
    const stop = new AbortController();
    const watching = this.#watch(AbortSignal.any([signal, stop.signal]));
    try {
      for (;;) {
        while (!this.#news && this.#ended === undefined) await this.#next();
        if (this.#ended !== undefined) break;
        this.#news = false;
        const tree = await this.#whole(signal);
        if (tree === undefined || this.#isPast(tree)) continue;
        this.#current = tree;
        this.#wake();
        yield tree;
      }
      if ('error' in this.#ended) throw this.#ended.error;
    } finally {
      stop.abort();
      await watching;
    }
  }

  /** The tree with all that was written through the root before this call. */
  async latest(signal: AbortSignal): Promise<PolicyTree> {
    const { zk } = this.#options;
    const root = await persistently(
      zk,
      async () => {
        await zk.sync(POLICIES, { signal });
        return zk.exists(POLICIES, { signal });
      },
      signal,
    );
    const is = (tree: PolicyTree | undefined) =>
      tree !== undefined && !tree.barred && tree.root?.mzxid === root?.mzxid;
    // What has just been written is told in a moment.
    const late = AbortSignal.any([signal, AbortSignal.timeout(QUIET)]);
    while (!is(this.#current) && !late.aborted) await this.#next(late);
    if (this.#current !== undefined && is(this.#current)) return this.#current;
    return this.#exact(signal);
  }

  /** The current tree once more, by what the reader has learnt. */
  again({ nodes, unreadable }: PolicyTree): PolicyTree {
    this.#current = this.#options.reader.read(nodes, unreadable);
    return this.#current;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { zk, recursive = true } = this.#options;
    const barred = new Set<string>();
    const unreadable = (path: string) => barred.add(path);
    try {
      for await (const event of watchTree(zk, POLICIES, { signal, unreadable, recursive })) {
        if (event.type === 'gap') this.#complete = false;
        else if (event.type === 'complete') this.#complete = true;
        else {
          for (const { path } of event.removed) {
            this.#nodes.delete(path);
            this.#unreadable.delete(path);
          }
          for (const node of event.upserted) {
            this.#nodes.set(node.path, node);
            this.#unreadable.delete(node.path);
          }
          // They were told of before the event, which says that they are not what they were.
          for (const path of barred) this.#unreadable.add(path);
          barred.clear();
        }
        this.#news ||= this.#complete;
        this.#wake();
      }
      this.#ended = {};
    } catch (error) {
      this.#ended = { error };
    }
    this.#wake();
  }

  /** What was told, if all of a transaction was; undefined when more is to come. */
  async #whole(signal: AbortSignal): Promise<PolicyTree | undefined> {
    const tree = this.#options.reader.read([...this.#nodes.values()], new Set(this.#unreadable));
    const gone = tree.root === undefined && this.#current?.root !== undefined;
    if (tree.whole && !gone) return tree;
    const quiet = AbortSignal.any([signal, AbortSignal.timeout(QUIET)]);
    while (!this.#news && this.#ended === undefined && !quiet.aborted) await this.#next(quiet);
    if (this.#news || this.#ended !== undefined) return undefined;
    // Nothing follows: it was written past the root, or its events went astray.
    return this.#exact(signal);
  }

  async #exact(signal: AbortSignal): Promise<PolicyTree> {
    const { zk, reader } = this.#options;
    const { nodes, unreadable } = await persistently(zk, () => readNodes(zk, signal), signal);
    return reader.read(nodes, unreadable);
  }

  /** True of what is older than what was read since. */
  #isPast({ root }: PolicyTree): boolean {
    const known = this.#current?.root;
    return root !== undefined && known !== undefined && root.mzxid < known.mzxid;
  }

  /** Waits for whatever comes next. */
  async #next(signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    signal?.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    this.#waiting.delete(resolve);
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
