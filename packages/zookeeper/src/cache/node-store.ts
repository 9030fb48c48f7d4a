import type { Stat } from '@meshkeeper/jute';
import { joinPath } from '../path.ts';
import type { CachedNode } from './cached-node.ts';
import { type Packed, pack, statOf, unpack } from './record.ts';

/** When a list of children was read: what a Stat must say for it to be complete still. */
export interface Listing {
  readonly pzxid: bigint;
  readonly cversion: number;
}

/** Without a record it only holds what is below it: not read yet, or not readable. */
interface Entry {
  record: Packed | undefined;
  below: Map<string, Entry> | undefined;
  listing: Listing | undefined;
}

/** The znodes of a cache, in a form that takes little memory: names, not paths. Pure. */
export class NodeStore {
  readonly #root: string;
  #top: Entry = { record: undefined, below: undefined, listing: undefined };
  #size = 0;

  /** `root`: the path that everything here is at or below. */
  constructor(root: string) {
    this.#root = root;
  }

  /** How many znodes are known. */
  get size(): number {
    return this.#size;
  }

  get(path: string): CachedNode | undefined {
    const record = this.#find(path)?.record;
    return record === undefined ? undefined : { path, ...unpack(record) };
  }

  stat(path: string): Stat | undefined {
    const record = this.#find(path)?.record;
    return record === undefined ? undefined : statOf(record);
  }

  has(path: string): boolean {
    return this.#find(path)?.record !== undefined;
  }

  /** Names of the children that are known; undefined when the znode isn't. */
  children(path: string): string[] | undefined {
    const entry = this.#find(path);
    if (entry === undefined) return undefined;
    const names: string[] = [];
    for (const [name, { record }] of entry.below ?? []) if (record !== undefined) names.push(name);
    return entry.record === undefined && names.length === 0 ? undefined : names;
  }

  /** Names of everything that is kept below a path, read or not. */
  entries(path: string): Iterable<string> {
    return [...(this.#find(path)?.below?.keys() ?? [])];
  }

  listing(path: string): Listing | undefined {
    return this.#find(path)?.listing;
  }

  listed(path: string, listing: Listing): void {
    const entry = this.#find(path);
    if (entry !== undefined) entry.listing = listing;
  }

  put(path: string, stat: Stat, data: Uint8Array): void {
    let entry = this.#top;
    for (const name of this.#names(path)) {
      entry.below ??= new Map();
      let next = entry.below.get(name);
      if (next === undefined) {
        next = { record: undefined, below: undefined, listing: undefined };
        // A copy: a part of a path would keep the whole path alive.
        entry.below.set(Buffer.from(name).toString(), next);
      }
      entry = next;
    }
    if (entry.record === undefined) this.#size++;
    entry.record = pack(stat, data);
  }

  /** Forgets what is known of a znode, not what is below it; false when nothing was. */
  forget(path: string): boolean {
    const entry = this.#find(path);
    if (entry?.record === undefined) return false;
    entry.record = undefined;
    entry.listing = undefined;
    this.#size--;
    return true;
  }

  /** Takes a subtree out; the paths of what was known of it. */
  remove(path: string): string[] {
    const entry = this.#find(path);
    if (entry === undefined) return [];
    const removed = [...this.#walk(path, entry)];
    this.#size -= removed.length;
    if (path === this.#root)
      this.#top = { record: undefined, below: undefined, listing: undefined };
    else {
      const slash = path.lastIndexOf('/');
      this.#find(path.slice(0, slash) || '/')?.below?.delete(path.slice(slash + 1));
    }
    return removed;
  }

  /** All paths, parents before children. What comes and goes meanwhile may be in it or not. */
  paths(): Iterable<string> {
    return this.#walk(this.#root, this.#top);
  }

  *#walk(path: string, entry: Entry): Generator<string> {
    if (entry.record !== undefined) yield path;
    for (const [name, below] of entry.below ?? []) yield* this.#walk(joinPath(path, name), below);
  }

  #find(path: string): Entry | undefined {
    let entry: Entry | undefined = this.#top;
    for (const name of this.#names(path)) {
      entry = entry?.below?.get(name);
      if (entry === undefined) return undefined;
    }
    return entry;
  }

  #names(path: string): string[] {
    if (path === this.#root) return [];
    return path.slice(this.#root === '/' ? 1 : this.#root.length + 1).split('/');
  }
}
