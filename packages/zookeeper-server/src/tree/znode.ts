import type { Acl, Stat } from '@meshkeeper/jute';
import { isEphemeral } from './owner.ts';

const NO_CHILDREN: ReadonlySet<string> = new Set();

/** What is stored of a znode besides its children, which follow from the paths. */
export interface ZNodeFields {
  readonly data: Buffer | null;
  readonly acl: readonly Acl[];
  readonly czxid: bigint;
  readonly mzxid: bigint;
  readonly pzxid: bigint;
  readonly ctime: number;
  readonly mtime: number;
  readonly version: number;
  /** Counts creations of children only; clients see it translated. */
  readonly cversion: number;
  readonly aversion: number;
  /** Session, container or time to live, as `owner.ts` encodes them. */
  readonly owner: bigint;
}

/** One node of the tree. Only the tree changes it. */
export class ZNode implements ZNodeFields {
  data: Buffer | null;
  acl: readonly Acl[];
  readonly czxid: bigint;
  mzxid: bigint;
  pzxid: bigint;
  readonly ctime: number;
  mtime: number;
  version: number;
  cversion: number;
  aversion: number;
  readonly owner: bigint;
  #children: Set<string> | undefined;

  constructor(fields: ZNodeFields) {
    this.data = fields.data;
    this.acl = fields.acl;
    this.czxid = fields.czxid;
    this.mzxid = fields.mzxid;
    this.pzxid = fields.pzxid;
    this.ctime = fields.ctime;
    this.mtime = fields.mtime;
    this.version = fields.version;
    this.cversion = fields.cversion;
    this.aversion = fields.aversion;
    this.owner = fields.owner;
  }

  get children(): ReadonlySet<string> {
    return this.#children ?? NO_CHILDREN;
  }

  get childCount(): number {
    return this.#children?.size ?? 0;
  }

  addChild(name: string): void {
    this.#children ??= new Set();
    this.#children.add(name);
  }

  removeChild(name: string): void {
    this.#children?.delete(name);
    if (this.#children?.size === 0) this.#children = undefined;
  }

  /** A copy without children, for a snapshot that was begun before a change. */
  copy(): ZNode {
    return new ZNode(this);
  }

  /**
   * What clients see. `cversion` counts creations and deletions there, which is twice the creations
   * less the children that are left; the owner of containers and TTL nodes is hidden.
   */
  stat(): Stat {
    return {
      czxid: this.czxid,
      mzxid: this.mzxid,
      ctime: this.ctime,
      mtime: this.mtime,
      version: this.version,
      cversion: (this.cversion * 2 - this.childCount) | 0,
      aversion: this.aversion,
      ephemeralOwner: isEphemeral(this.owner) ? this.owner : 0n,
      dataLength: this.data?.length ?? 0,
      numChildren: this.childCount,
      pzxid: this.pzxid,
    };
  }
}
