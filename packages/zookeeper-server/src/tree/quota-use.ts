import { nameOf, parentOf } from './path.ts';
import {
  formatStats,
  LIMITS,
  parseStats,
  QuotaIndex,
  quotaSubject,
  STATS,
  statsPath,
} from './quota.ts';
import { PROC_PATH, QUOTA_PATH } from './special-paths.ts';

/** What counting needs of the tree. */
export interface CountedTree {
  node(path: string): { readonly data: Buffer | null } | undefined;
  entries(): Iterable<readonly [path: string, node: { readonly data: Buffer | null }]>;
  /** Stores a count in its znode, which is there; no version changes and nobody is told. */
  store(path: string, data: Buffer): void;
}

/** Counts znodes and bytes below each path with a quota, in the znode that the original keeps them in. */
export class QuotaUse {
  readonly #tree: CountedTree;
  readonly #quotas = new QuotaIndex();

  constructor(tree: CountedTree) {
    this.#tree = tree;
  }

  /** A znode was put in from a snapshot; its use is counted there already. */
  restored(path: string): void {
    if (nameOf(path) === LIMITS && path.startsWith(`${QUOTA_PATH}/`))
      this.#quotas.add(quotaSubject(parentOf(path)));
  }

  created(path: string, bytes: number): void {
    const parent = parentOf(path);
    if (parent.startsWith(QUOTA_PATH)) {
      const name = nameOf(path);
      const subject = quotaSubject(parent);
      if (name === LIMITS) this.#quotas.add(subject);
      if (name === STATS) this.#recount(subject);
    }
    this.#use(path, bytes, 1);
  }

  deleted(path: string, bytes: number): void {
    const parent = parentOf(path);
    if (nameOf(path) === LIMITS && parent.startsWith(PROC_PATH))
      this.#quotas.delete(quotaSubject(parent));
    this.#use(path, -bytes, -1);
  }

  /** A znode's data became longer, or shorter. */
  grown(path: string, bytes: number): void {
    this.#use(path, bytes, 0);
  }

  /** Counts a quota's use when its counter is created. */
  #recount(subject: string): void {
    const prefix = `${subject}/`;
    let [count, bytes] = [0, 0];
    for (const [path, node] of this.#tree.entries()) {
      if (path !== subject && !path.startsWith(prefix)) continue;
      count++;
      bytes += node.data?.length ?? 0;
    }
    const stats = new Map(Object.entries({ count, bytes }));
    this.#tree.store(statsPath(subject), formatStats(stats));
  }

  #use(path: string, bytes: number, count: number): void {
    const subject = this.#quotas.covering(path);
    const node = subject === undefined ? undefined : this.#tree.node(statsPath(subject));
    if (subject === undefined || node === undefined) return;
    const stats = parseStats(node.data);
    stats.set('count', (stats.get('count') ?? -1) + count);
    stats.set('bytes', (stats.get('bytes') ?? -1) + bytes);
    this.#tree.store(statsPath(subject), formatStats(stats));
  }
}
