import type { Departure } from '@meshkeeper/mesh';
import { parentOf } from '@meshkeeper/zookeeper';
import type { Read, Removal, ZNode } from './tree-change.ts';

/** What a round of reads has changed. */
export interface MirrorChange {
  readonly removed: readonly Removal[];
  readonly upserted: readonly ZNode[];
  /** What can't be read, since now. */
  readonly unreadable: ReadonlyMap<string, Error>;
}

/** What made a znode what it is, and whose it is. */
interface Version {
  readonly czxid: bigint;
  readonly mzxid: bigint;
  /** Its session; 0 when it is not ephemeral. */
  readonly owner: bigint;
}

/** A deletion that an event has told of. */
export interface Deletion {
  readonly path: string;
  readonly zxid: bigint;
}

/** What was told of a tree: as little of it as says what an event or a read would change. Pure. */
export class Mirror {
  readonly #versions = new Map<string, Version>();
  readonly #unreadable = new Set<string>();
  /** How many znodes a session owns here. */
  readonly #owned = new Map<bigint, number>();
  /** How many children are known of a znode that has any. */
  readonly #children = new Map<string, number>();
  /** What the read of the whole tree that is under way has found so far. */
  #found: Set<string> | undefined;

  /** The version that was told; undefined when there is none, or it can't be read. */
  version(path: string): Version | undefined {
    return this.#versions.get(path);
  }

  /** Paths of all znodes that were told. */
  paths(): Iterable<string> {
    return this.#versions.keys();
  }

  /** Paths of the znodes that were told and have children. */
  *parents(): Generator<string> {
    for (const path of this.#children.keys()) if (this.#versions.has(path)) yield path;
  }

  /** How many children are known of a znode, those included that can't be read. */
  childCount(path: string): number {
    return this.#children.get(path) ?? 0;
  }

  /** Paths of znodes that can't be read. */
  get unreadable(): ReadonlySet<string> {
    return this.#unreadable;
  }

  /** A read of the whole tree begins: what it doesn't find until {@link sweep} is gone. */
  begin(): void {
    this.#found = new Set();
  }

  /** The read of the whole tree is over; gives what it hasn't found. */
  sweep(): Removal[] {
    const found = this.#found;
    this.#found = undefined;
    if (found === undefined) return [];
    const gone = [...this.#versions.keys(), ...this.#unreadable].filter((path) => !found.has(path));
    for (const path of gone) this.#forget(path);
    return gone.map((path) => ({ path, departure: 'unknown' }));
  }

  /** Takes out what was deleted, and says why it went. */
  remove(deletions: readonly Deletion[]): Removal[] {
    const together = new Map<string, number>();
    const removed: (Deletion & { readonly owner: bigint })[] = [];
    for (const { path, zxid } of deletions) {
      const owner = this.#versions.get(path)?.owner ?? 0n;
      if (!this.#forget(path)) continue;
      removed.push({ path, zxid, owner });
      const transaction = `${owner} ${zxid}`;
      together.set(transaction, (together.get(transaction) ?? 0) + 1);
    }
    return removed.map(({ path, zxid, owner }) => ({
      path,
      departure: this.#departure(owner, together.get(`${owner} ${zxid}`) ?? 1),
    }));
  }

  /** Takes what was read. Of two reads of one path the later in the list counts. */
  apply(reads: Iterable<Read>): MirrorChange {
    const removed = new Set<string>();
    const upserted = new Map<string, ZNode>();
    const unreadable = new Map<string, Error>();
    for (const read of reads) {
      const { path } = read;
      if (read.type !== 'missing') this.#found?.add(path);
      if (read.type === 'unreadable' && this.#unreadable.has(path)) continue;
      if (read.type === 'node') {
        const { czxid, mzxid, ephemeralOwner: owner } = read.node.stat;
        const old = this.#versions.get(path);
        if (old?.czxid === czxid && old.mzxid === mzxid) continue;
        if (old === undefined && !this.#unreadable.has(path)) this.#count(path, 1);
        this.#unreadable.delete(path);
        unreadable.delete(path);
        this.#own(old?.owner, -1);
        this.#own(owner, 1);
        this.#versions.set(path, { czxid, mzxid, owner });
        upserted.set(path, read.node);
        continue;
      }
      if (this.#forget(path)) removed.add(path);
      upserted.delete(path);
      unreadable.delete(path);
      if (read.type === 'missing') continue;
      this.#unreadable.add(path);
      this.#count(path, 1);
      unreadable.set(path, read.error);
    }
    return {
      removed: [...removed].map((path) => ({ path, departure: 'unknown' })),
      upserted: [...upserted.values()],
      unreadable,
    };
  }

  /**
   * Whether the last of these deletions may be the first that is told of a session's end: it is alone
   * in its transaction, and its owner has others.
   */
  mayGoOn(deletions: readonly Deletion[]): boolean {
    const last = deletions.at(-1);
    const owner = last === undefined ? 0n : (this.#versions.get(last.path)?.owner ?? 0n);
    if (owner === 0n || (this.#owned.get(owner) ?? 0) < 2) return false;
    return deletions.every(
      ({ path, zxid }) =>
        path === last?.path || zxid !== last?.zxid || this.#versions.get(path)?.owner !== owner,
    );
  }

  /** Why a znode of this owner went, in a transaction with so many of its znodes. */
  #departure(owner: bigint, together: number): Departure {
    if (owner === 0n) return 'deregistered';
    if (together > 1) return 'session-ended';
    return this.#owned.has(owner) ? 'deregistered' : 'unknown';
  }

  #forget(path: string): boolean {
    const unreadable = this.#unreadable.delete(path);
    this.#own(this.#versions.get(path)?.owner, -1);
    const known = this.#versions.delete(path) || unreadable;
    if (known) this.#count(path, -1);
    return known;
  }

  #count(path: string, more: number): void {
    if (path === '/') return;
    const parent = parentOf(path);
    const children = this.childCount(parent) + more;
    if (children === 0) this.#children.delete(parent);
    else this.#children.set(parent, children);
  }

  #own(owner: bigint | undefined, more: number): void {
    if (owner === undefined || owner === 0n) return;
    const owned = (this.#owned.get(owner) ?? 0) + more;
    if (owned === 0) this.#owned.delete(owner);
    else this.#owned.set(owner, owned);
  }
}
