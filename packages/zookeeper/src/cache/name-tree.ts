import { Arena } from './arena.ts';

/** The topmost name, which has no parent. It is always there. */
export const ROOT = 1;
/** In place of a number where there is nothing. */
const NONE = 0;

/** What is kept of a name beside its bytes: numbers of others, and its hash. */
const Link = { PARENT: 0, CHILD: 1, NEXT: 2, PREVIOUS: 3, HASH: 4, CHAIN: 5 } as const;
type Link = (typeof Link)[keyof typeof Link];
const LINKS = Object.keys(Link).length;
const INITIAL = 16;

/**
 * Names below names, by small numbers, which are given out again after a removal. Held in arrays of
 * numbers and an arena, without an object each. It does not shrink: it is a tenth of a cache. Pure.
 */
export class NameTree {
  readonly #names = new Arena();
  #links = new Int32Array(LINKS * INITIAL);
  /** First of those whose hash ends in the same bits; the others follow by CHAIN. */
  #buckets = new Int32Array(INITIAL);
  /** Numbers below this one were given out. */
  #end = ROOT + 1;
  /** First of those that were given back; the others follow by NEXT. */
  #free = NONE;

  /** The child of a name; undefined when there is none. */
  child(parent: number, name: string): number | undefined {
    const hash = hashOf(parent, name);
    let id = this.#buckets[this.#bucket(hash)]!;
    while (id !== NONE && !this.#is(id, parent, name, hash)) id = this.#get(id, Link.CHAIN);
    return id === NONE ? undefined : id;
  }

  /** Adds a child that is not there. */
  add(parent: number, name: string): number {
    const id = this.#take();
    const next = this.#get(parent, Link.CHILD);
    this.#set(id, Link.PARENT, parent);
    this.#set(id, Link.CHILD, NONE);
    this.#set(id, Link.NEXT, next);
    this.#set(id, Link.PREVIOUS, NONE);
    if (next !== NONE) this.#set(next, Link.PREVIOUS, id);
    this.#set(parent, Link.CHILD, id);
    const hash = hashOf(parent, name);
    this.#set(id, Link.HASH, hash);
    this.#enter(id, hash);
    this.#names.set(id, Buffer.from(name));
    return id;
  }

  /** Takes out a name that has no children. */
  remove(id: number): void {
    const previous = this.#get(id, Link.PREVIOUS);
    const next = this.#get(id, Link.NEXT);
    if (previous === NONE) this.#set(this.parent(id), Link.CHILD, next);
    else this.#set(previous, Link.NEXT, next);
    if (next !== NONE) this.#set(next, Link.PREVIOUS, previous);
    this.#leave(id);
    this.#names.delete(id);
    this.#set(id, Link.PARENT, NONE);
    this.#set(id, Link.NEXT, this.#free);
    this.#free = id;
  }

  /** 0 of the root, and of what was removed. */
  parent(id: number): number {
    return this.#get(id, Link.PARENT);
  }

  name(id: number): string {
    return String(this.#names.get(id) ?? '');
  }

  hasChildren(id: number): boolean {
    return this.#get(id, Link.CHILD) !== NONE;
  }

  /** The children as they are now: a copy. */
  children(id: number): Int32Array {
    let count = 0;
    const first = this.#get(id, Link.CHILD);
    for (let at = first; at !== NONE; at = this.#get(at, Link.NEXT)) count++;
    const children = new Int32Array(count);
    for (let at = first, i = 0; at !== NONE; at = this.#get(at, Link.NEXT)) children[i++] = at;
    return children;
  }

  #get(id: number, link: Link): number {
    return this.#links[id * LINKS + link]!;
  }

  #set(id: number, link: Link, value: number): void {
    this.#links[id * LINKS + link] = value;
  }

  #is(id: number, parent: number, name: string, hash: number): boolean {
    return (
      this.#get(id, Link.HASH) === hash && this.parent(id) === parent && this.#names.is(id, name)
    );
  }

  #take(): number {
    const free = this.#free;
    if (free !== NONE) {
      this.#free = this.#get(free, Link.NEXT);
      return free;
    }
    const id = this.#end++;
    if (this.#end * LINKS > this.#links.length) this.#grow();
    return id;
  }

  #grow(): void {
    const links = new Int32Array(this.#links.length * 2);
    links.set(this.#links);
    this.#links = links;
    this.#buckets = new Int32Array(this.#buckets.length * 2);
    // The root is in no bucket, nor is the one that is being added; none is free.
    for (let id = ROOT + 1; id < this.#end - 1; id++) this.#enter(id, this.#get(id, Link.HASH));
  }

  #bucket(hash: number): number {
    return hash & (this.#buckets.length - 1);
  }

  #enter(id: number, hash: number): void {
    const bucket = this.#bucket(hash);
    this.#set(id, Link.CHAIN, this.#buckets[bucket]!);
    this.#buckets[bucket] = id;
  }

  #leave(id: number): void {
    const bucket = this.#bucket(this.#get(id, Link.HASH));
    const after = this.#get(id, Link.CHAIN);
    let at = this.#buckets[bucket]!;
    if (at === id) {
      this.#buckets[bucket] = after;
      return;
    }
    while (this.#get(at, Link.CHAIN) !== id) at = this.#get(at, Link.CHAIN);
    this.#set(at, Link.CHAIN, after);
  }
}

/** FNV-1a over the characters, and mixed, so that the lower bits depend on all of them. */
function hashOf(parent: number, name: string): number {
  let hash = 0x811c9dc5 ^ parent;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
