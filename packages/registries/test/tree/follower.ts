import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { type TreeEvent, type WatchTreeOptions, watchTree } from '../../src/index.ts';

/** A consumer of `watchTree` that keeps what it is told. */
export class Follower implements AsyncDisposable {
  readonly events: TreeEvent[] = [];
  /** Data by path, kept from the events alone. */
  readonly tree = new Map<string, string>();
  readonly unreadable = new Map<string, Error>();
  readonly #stop = new AbortController();
  /** Resolves at the end of the iteration. */
  readonly ended: Promise<void>;

  constructor(zk: ZooKeeper, root: string, options: Partial<WatchTreeOptions> = {}) {
    const { signal } = this.#stop;
    const unreadable = (path: string, error: Error) => this.unreadable.set(path, error);
    this.ended = this.#follow(watchTree(zk, root, { signal, unreadable, ...options }));
    this.ended.catch(() => {}); // whoever expects it awaits it
  }

  /** How often the whole tree was read. */
  get resets(): number {
    return this.events.filter(({ type }) => type === 'complete').length;
  }

  /** True when the tree has been read to its end since the last gap. */
  get settled(): boolean {
    return this.events.findLast(({ type }) => type !== 'changes')?.type === 'complete';
  }

  /** The tree as an object, for comparisons. */
  get shown(): Record<string, string> {
    return Object.fromEntries([...this.tree].sort());
  }

  /** Ends it as its user does. */
  stop(): void {
    this.#stop.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.ended.catch(() => {});
  }

  async #follow(events: AsyncIterable<TreeEvent>): Promise<void> {
    for await (const event of events) {
      this.events.push(event);
      if (event.type !== 'changes') continue;
      for (const { path } of event.removed) this.tree.delete(path);
      for (const { path, data } of event.upserted) this.tree.set(path, data.toString());
    }
  }
}

/** All there is at and below a path, read one by one. */
export async function readTree(zk: ZooKeeper, root: string): Promise<Record<string, string>> {
  const found = new Map<string, string>();
  const visit = async (path: string): Promise<void> => {
    if ((await zk.exists(path)) === null) return;
    found.set(path, (await zk.get(path)).data.toString());
    for (const child of (await zk.children(path)).children) await visit(`${path}/${child}`);
  };
  await visit(root);
  return Object.fromEntries([...found].sort());
}
