import { type DataResult, ErrorCode } from '@meshkeeper/jute';
import type { ZooKeeper } from '../client.ts';
import { joinPath } from '../path.ts';
import { pause } from '../session/pause.ts';
import { isZooKeeperError, ZooKeeperError } from '../zookeeper-error.ts';
import { difference } from './comparison.ts';
import type { NodeStore } from './node-store.ts';
import { isPassing } from './passing.ts';
import { hasChildren, isSameData, isSameLife } from './record.ts';
import { Workload } from './workload.ts';

/** What a refill reads into, and whom it tells. */
export interface RefillOptions {
  readonly zk: ZooKeeper;
  readonly store: NodeStore;
  readonly root: string;
  readonly depth: number;
  readonly signal: AbortSignal;
  readonly changed: (paths: readonly string[]) => void;
  /** Everything that was to be looked at has been. */
  readonly drained: () => void;
  /** A read failed; it is tried again if that can help. */
  readonly failed: (error: unknown) => void;
}

/** What may be under way at once, in comparisons: enough to fill the line, no storm. */
const SLOTS = 64;
/** Znodes of one multiRead: a megabyte each, they must fit in a frame. */
const READS = 16;
const READ_COST = 8;
const LIST_COST = 4;
/** Before it goes on after a server refused for now, in milliseconds. */
const PAUSE = 50;

/** Reads from the server what it is told to look at, with a bounded number of requests under way. */
export class Refill {
  readonly work = new Workload();
  /** Znodes that exist but may not be read. */
  readonly unreadable = new Set<string>();
  readonly #options: RefillOptions;
  #slots = SLOTS;

  constructor(options: RefillOptions) {
    this.#options = options;
  }

  /** Something has happened to a znode. One too deep is none of ours. */
  look(path: string): void {
    if (!this.#within(path)) return;
    this.work.read(path);
    this.#pump();
  }

  /** Reads the list of a znode's children again. */
  lookBelow(path: string): void {
    this.work.list(path);
    this.#pump();
  }

  /** After a gap: everything that is known is compared, what can't be read is tried again. */
  compareAll(): void {
    const { store, root } = this.#options;
    if (!store.has(root)) this.work.read(root);
    for (const path of this.unreadable) this.work.read(path);
    this.work.compare(store.paths());
    this.#pump();
  }

  /** Whether the children of a znode are kept, too. */
  listable(path: string): boolean {
    return this.#levels(path) < this.#options.depth;
  }

  #pump(): void {
    if (this.#options.signal.aborted) return;
    while (this.#slots >= READ_COST) {
      const paths = this.work.takeReads(READS);
      if (paths.length === 0) break;
      void this.#run(READ_COST, paths, () => this.#read(paths));
    }
    while (this.#slots >= READ_COST) {
      const list = this.work.takeList();
      const path = list ?? this.work.takeComparison();
      if (path === undefined) break;
      if (list !== undefined) void this.#run(LIST_COST, [path], () => this.#list(path));
      else void this.#run(1, [path], () => this.#compare(path));
    }
    if (this.work.done) this.#options.drained();
  }

  async #run(cost: number, paths: readonly string[], job: () => Promise<void>): Promise<void> {
    const { signal, failed } = this.#options;
    this.#slots -= cost;
    try {
      await job();
    } catch (error) {
      if (signal.aborted) return;
      // Whatever it was that was to be done.
      for (const path of paths) {
        this.work.read(path);
        if (this.listable(path)) this.work.list(path);
      }
      failed(error);
      // A lost connection needs no pause: requests wait for the next one.
      if (!isPassing(error) || !isZooKeeperError(error, 'CONNECTION_LOSS'))
        await pause(PAUSE, signal);
    }
    this.#slots += cost;
    this.work.over(paths);
    this.#pump();
  }

  async #read(paths: readonly string[]): Promise<void> {
    const { zk, signal } = this.#options;
    const results = await zk.multiReadData(paths, { signal });
    for (let i = 0; i < paths.length; i++) this.#apply(paths[i]!, results[i]!);
  }

  #apply(path: string, result: DataResult): void {
    const { store, changed } = this.#options;
    if (typeof result === 'number') {
      if (result === ErrorCode.NO_NODE) this.#gone(path);
      else if (result === ErrorCode.NO_AUTH) {
        this.unreadable.add(path);
        if (store.forget(path)) changed([path]);
      } else throw ZooKeeperError.ofReply(result, { operation: 'multiRead', path });
      return;
    }
    this.unreadable.delete(path);
    const kept = store.record(path);
    const anew = kept === undefined || !isSameLife(kept, result);
    if (kept === undefined || !isSameData(kept, result)) {
      store.put(path, result);
      changed([path]);
    }
    const below = hasChildren(result) || store.hasEntries(path);
    if (anew && below && this.listable(path)) this.work.list(path);
  }

  async #list(path: string): Promise<void> {
    const { zk, store, signal } = this.#options;
    try {
      const { names, stat } = await zk.childNames(path, { signal });
      if (store.hasEntries(path)) {
        const present = new Set(names);
        for (const name of store.entries(path))
          if (!present.has(name)) this.#gone(joinPath(path, name));
      }
      store.expect(path, names);
      this.work.fill(path, store.unread(path));
      store.listed(path, { pzxid: stat.pzxid, cversion: stat.cversion });
    } catch (error) {
      // The read of the znode itself says what it is now.
      if (!isZooKeeperError(error, 'NO_NODE') && !isZooKeeperError(error, 'NO_AUTH')) throw error;
      this.work.read(path);
    }
  }

  async #compare(path: string): Promise<void> {
    const { zk, store, signal } = this.#options;
    const stat = await zk.exists(path, { signal });
    if (stat === null) return this.#gone(path);
    const { data, children } = difference(store, path, stat);
    if (data) this.work.read(path);
    if (children && this.listable(path)) this.work.list(path);
  }

  #gone(path: string): void {
    const { store, changed } = this.#options;
    this.unreadable.delete(path);
    const removed = store.remove(path);
    if (removed.length > 0) changed(removed);
  }

  #within(path: string): boolean {
    return this.#levels(path) <= this.#options.depth;
  }

  #levels(path: string): number {
    if (this.#options.depth === Number.POSITIVE_INFINITY) return 0;
    const { root } = this.#options;
    if (path === root) return 0;
    return path.slice(root === '/' ? 1 : root.length + 1).split('/').length;
  }
}
