import type { Stat } from '@meshkeeper/jute';
import { joinPath } from '../path.ts';
import { Arena } from './arena.ts';
import type { CachedNode } from './cached-node.ts';
import { NameTree, ROOT } from './name-tree.ts';
import { type Record, statOf, unpack } from './record.ts';

/** When a list of children was read: what a Stat must say for it to be complete still. */
export interface Listing {
  readonly pzxid: bigint;
  readonly cversion: number;
}

/**
 * The znodes of a cache. Names and what was read of them lie outside of V8's heap, without an object
 * each: there is nothing to mark or to move, however many they are. Pure.
 */
export class NodeStore {
  readonly #root: string;
  readonly #tree = new NameTree();
  /** A name without a record holds what is below it, and is not read yet. */
  readonly #records = new Arena();
  readonly #listings = new Map<number, Listing>();
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
    const record = this.record(path);
    return record === undefined ? undefined : { path, ...unpack(record) };
  }

  /** A view, to be used before the next change. */
  record(path: string): Record | undefined {
    const id = this.#find(path);
    return id === undefined ? undefined : this.#records.get(id);
  }

  stat(path: string): Stat | undefined {
    const record = this.record(path);
    return record === undefined ? undefined : statOf(record);
  }

  has(path: string): boolean {
    const id = this.#find(path);
    return id !== undefined && this.#records.has(id);
  }

  /** Names of the children that are known; undefined when the znode isn't. */
  children(path: string): string[] | undefined {
    const id = this.#find(path);
    if (id === undefined) return undefined;
    const names: string[] = [];
    for (const child of this.#tree.children(id))
      if (this.#records.has(child)) names.push(this.#tree.name(child));
    return names.length === 0 && !this.#records.has(id) ? undefined : names;
  }

  /** Names of everything that is kept below a path, read or not. */
  entries(path: string): string[] {
    const id = this.#find(path);
    if (id === undefined) return [];
    return Array.from(this.#tree.children(id), (child) => this.#tree.name(child));
  }

  /** Whether anything is kept below a path, read or not. */
  hasEntries(path: string): boolean {
    const id = this.#find(path);
    return id !== undefined && this.#tree.hasChildren(id);
  }

  listing(path: string): Listing | undefined {
    const id = this.#find(path);
    return id === undefined ? undefined : this.#listings.get(id);
  }

  listed(path: string, listing: Listing): void {
    const id = this.#find(path);
    if (id !== undefined) this.#listings.set(id, listing);
  }

  put(path: string, record: Record): void {
    let id = ROOT;
    for (let at = this.#top(path); at < path.length; ) {
      const end = endOfName(path, at);
      const name = path.slice(at, end);
      id = this.#tree.child(id, name) ?? this.#tree.add(id, name);
      at = end + 1;
    }
    if (!this.#records.has(id)) this.#size++;
    this.#records.set(id, record);
  }

  /** Keeps the names of children that are not read yet. Nothing of a parent that is not kept. */
  expect(path: string, names: Iterable<string>): void {
    const id = this.#find(path);
    if (id === undefined) return;
    for (const name of names) if (!this.#tree.child(id, name)) this.#tree.add(id, name);
  }

  /** The paths of the children without a record: not read yet, or not readable. */
  *unread(path: string): Generator<string> {
    const id = this.#find(path);
    if (id === undefined) return;
    for (const child of this.#tree.children(id)) {
      // Its number may have been given back since, or be another's.
      if (this.#tree.parent(child) === id && !this.#records.has(child))
        yield joinPath(path, this.#tree.name(child));
    }
  }

  /** Forgets what is known of a znode, not what is below it; false when nothing was. */
  forget(path: string): boolean {
    const id = this.#find(path);
    return id !== undefined && this.#forget(id);
  }

  /** Takes a subtree out; the paths of what was known of it. */
  remove(path: string): string[] {
    const id = this.#find(path);
    if (id === undefined) return [];
    const removed = [...this.#walk(id, path)];
    this.#remove(id);
    return removed;
  }

  /** All paths, parents before children. What comes and goes meanwhile may be in it or not. */
  paths(): Iterable<string> {
    return this.#walk(ROOT, this.#root);
  }

  *#walk(id: number, path: string): Generator<string> {
    if (this.#records.has(id)) yield path;
    for (const child of this.#tree.children(id)) {
      // Its number may have been given back since, or be another's.
      if (this.#tree.parent(child) === id)
        yield* this.#walk(child, joinPath(path, this.#tree.name(child)));
    }
  }

  /** Children first: only a name without any can be taken out. */
  #remove(id: number): void {
    for (const child of this.#tree.children(id)) this.#remove(child);
    this.#forget(id);
    if (id !== ROOT) this.#tree.remove(id);
  }

  #forget(id: number): boolean {
    this.#listings.delete(id);
    if (!this.#records.has(id)) return false;
    this.#records.delete(id);
    this.#size--;
    return true;
  }

  #find(path: string): number | undefined {
    let id: number | undefined = ROOT;
    for (let at = this.#top(path); id !== undefined && at < path.length; ) {
      const end = endOfName(path, at);
      id = this.#tree.child(id, path.slice(at, end));
      at = end + 1;
    }
    return id;
  }

  /** Where the first name below the root begins: at the end of the root itself. */
  #top(path: string): number {
    if (path === this.#root) return path.length;
    return this.#root === '/' ? 1 : this.#root.length + 1;
  }
}

function endOfName(path: string, at: number): number {
  const slash = path.indexOf('/', at);
  return slash < 0 ? path.length : slash;
}
