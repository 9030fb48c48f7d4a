import type { Read, ZNode } from './tree-change.ts';

/** What a round of reads has changed. */
export interface MirrorChange {
  readonly removed: readonly string[];
  readonly upserted: readonly ZNode[];
  /** What can't be read, since now. */
  readonly unreadable: ReadonlyMap<string, Error>;
}

/** The transactions that made a znode what it is. */
type Version = Pick<ZNode['stat'], 'czxid' | 'mzxid'>;

/** What was told of a tree: as little of it as says what an event or a read would change. Pure. */
export class Mirror {
  readonly #versions = new Map<string, Version>();
  readonly #unreadable = new Set<string>();

  /** The version that was told; undefined when there is none, or it can't be read. */
  version(path: string): Version | undefined {
    return this.#versions.get(path);
  }

  /** Paths of znodes that can't be read. */
  get unreadable(): ReadonlySet<string> {
    return this.#unreadable;
  }

  clear(): void {
    this.#versions.clear();
    this.#unreadable.clear();
  }

  /** Takes a znode out; false when it wasn't there. */
  remove(path: string): boolean {
    const unreadable = this.#unreadable.delete(path);
    return this.#versions.delete(path) || unreadable;
  }

  /** Takes what was read. Of two reads of one path the later in the list counts. */
  apply(reads: Iterable<Read>): MirrorChange {
    const removed = new Set<string>();
    const upserted = new Map<string, ZNode>();
    const unreadable = new Map<string, Error>();
    for (const read of reads) {
      const { path } = read;
      if (read.type === 'unreadable' && this.#unreadable.has(path)) continue;
      if (read.type === 'node') {
        const { czxid, mzxid } = read.node.stat;
        const old = this.#versions.get(path);
        if (old?.czxid === czxid && old.mzxid === mzxid) continue;
        this.#unreadable.delete(path);
        unreadable.delete(path);
        this.#versions.set(path, { czxid, mzxid });
        upserted.set(path, read.node);
        continue;
      }
      if (this.remove(path)) removed.add(path);
      upserted.delete(path);
      unreadable.delete(path);
      if (read.type === 'missing') continue;
      this.#unreadable.add(path);
      unreadable.set(path, read.error);
    }
    return { removed: [...removed], upserted: [...upserted.values()], unreadable };
  }
}
