import { type Acl, OPEN_ACL, READ_ACL, type Stat } from '@meshkeeper/jute';
import { AclPool } from './acl-pool.ts';
import type { TreeView } from './node-view.ts';
import { OwnedNodes } from './owned-nodes.ts';
import { ownerOf } from './owner.ts';
import { nameOf, parentOf } from './path.ts';
import { QuotaUse } from './quota-use.ts';
import { CONFIG_PATH, PROC_PATH, QUOTA_PATH } from './special-paths.ts';
import type { NodeChange } from './txn.ts';
import { ZNode, type ZNodeFields } from './znode.ts';

/** Is told what happens to znodes, in the order in which watches have to fire. */
export interface TreeListener {
  created(path: string, acl: readonly Acl[]): void;
  deleted(path: string, acl: readonly Acl[]): void;
  dataChanged(path: string, acl: readonly Acl[]): void;
  childrenChanged(path: string, acl: readonly Acl[]): void;
}

/** Which transaction a change belongs to. */
export interface Stamp {
  readonly zxid: bigint;
  readonly time: number;
}

const NEW = { data: Buffer.alloc(0), version: 0, cversion: 0, aversion: 0, owner: 0n } as const;
const ORIGIN = { ...NEW, czxid: 0n, mzxid: 0n, pzxid: 0n, ctime: 0, mtime: 0 };

/**
 * The znodes. Changes come decided (`prepare.ts`) and are applied without questions, so that a
 * replayed log gives the same tree; one that does not fit throws, for then the log is not this tree's.
 */
export class DataTree implements TreeView {
  readonly #nodes = new Map<string, ZNode>();
  readonly #owned = new OwnedNodes();
  readonly #quotas = new QuotaUse({
    node: (path) => this.#nodes.get(path),
    entries: () => this.#nodes,
    store: (path, data) => this.#store(path, data),
  });
  readonly #acls = new AclPool();
  #dataSize = 0;
  /** Told of a znode before it changes: a snapshot that is being written keeps its old state. */
  beforeChange: ((path: string, node: ZNode | undefined) => void) | undefined;

  constructor() {
    this.#add('', new ZNode({ ...ORIGIN, acl: OPEN_ACL }));
    for (const path of [PROC_PATH, QUOTA_PATH])
      this.#add(path, new ZNode({ ...ORIGIN, acl: OPEN_ACL }));
    this.#add(CONFIG_PATH, new ZNode({ ...ORIGIN, acl: READ_ACL, aversion: -1 }));
  }

  /** The znode at a path; `''` and `/` are the root. */
  node(path: string): ZNode | undefined {
    return this.#nodes.get(path === '/' ? '' : path);
  }

  /** All znodes with the root as `''`. Live: it may be walked while the tree changes. */
  entries(): IterableIterator<[string, ZNode]> {
    return this.#nodes.entries();
  }

  /** Number of znodes, the original's own included. */
  get size(): number {
    return this.#nodes.size;
  }

  /** Bytes of paths and data. */
  get dataSize(): number {
    return this.#dataSize;
  }

  get ephemeralCount(): number {
    return this.#owned.ephemeralCount;
  }

  /** The ephemerals of a session, in the order of their creation. */
  ephemeralsOf(sessionId: bigint): Iterable<string> {
    return this.#owned.ephemeralsOf(sessionId);
  }

  /** All znodes below a path. */
  countBelow(path: string): number {
    if (path === '/') return this.#nodes.size - 1;
    const prefix = `${path}/`;
    let count = 0;
    for (const other of this.#nodes.keys()) if (other.startsWith(prefix)) count++;
    return count;
  }

  /** Containers that had children and have none, and znodes that outlived their time to live. */
  *reapable(now: number): Generator<string> {
    for (const path of this.#owned.containers) {
      const node = this.#nodes.get(path);
      if (node && node.childCount === 0 && node.cversion > 0) yield path;
    }
    for (const path of this.#owned.ttls) {
      const node = this.#nodes.get(path);
      if (node === undefined || node.childCount > 0) continue;
      const owner = ownerOf(node.owner);
      if (owner.kind === 'ttl' && owner.ttl > 0 && now - node.mtime > owner.ttl) yield path;
    }
  }

  /** Applies one change; gives the znode's stat right after it, where there is a znode left. */
  apply(change: NodeChange, stamp: Stamp, listener?: TreeListener): Stat | undefined {
    switch (change.type) {
      case 'create':
        return this.#create(change, stamp, listener);
      case 'delete':
        this.delete(change.path, stamp, listener);
        return undefined;
      case 'setData':
        return this.#setData(change, stamp, listener);
      case 'setACL': {
        const node = this.#touch(change.path);
        node.acl = this.#acls.intern(change.acl);
        node.aversion = change.version;
        return node.stat();
      }
      case 'check':
        return undefined;
    }
  }

  #create(change: NodeChange & { type: 'create' }, stamp: Stamp, listener?: TreeListener): Stat {
    const { path, owner } = change;
    const { zxid, time } = stamp;
    const parentPath = parentOf(path);
    if (this.#nodes.has(path)) throw new Error(`transaction ${zxid} creates ${path} again`);
    const parent = this.#touch(parentPath);
    this.beforeChange?.(path, undefined);
    if (change.parentCversion > parent.cversion) {
      parent.cversion = change.parentCversion;
      parent.pzxid = zxid;
    }
    // The data may be a view of a network buffer that is much larger: the tree keeps its own copy.
    const data = change.data && Buffer.from(change.data);
    const times = { czxid: zxid, mzxid: zxid, pzxid: zxid, ctime: time, mtime: time };
    const acl = this.#acls.intern(change.acl);
    const node = new ZNode({ ...NEW, ...times, data, acl, owner });
    this.#add(path, node);
    this.#quotas.created(path, sizeOf(data));
    listener?.created(path, acl);
    listener?.childrenChanged(parentPath || '/', parent.acl);
    return node.stat();
  }

  /** Removes a znode, also for a session that ends. */
  delete(path: string, stamp: Stamp, listener?: TreeListener): void {
    const node = this.#touch(path);
    const parentPath = parentOf(path);
    const parent = this.#touch(parentPath);
    parent.removeChild(nameOf(path));
    if (stamp.zxid > parent.pzxid) parent.pzxid = stamp.zxid;
    this.#nodes.delete(path);
    this.#dataSize -= path.length + sizeOf(node.data);
    this.#owned.delete(path, node.owner);
    this.#quotas.deleted(path, sizeOf(node.data));
    listener?.deleted(path, node.acl);
    listener?.childrenChanged(parentPath || '/', parent.acl);
  }

  #setData(change: NodeChange & { type: 'setData' }, stamp: Stamp, listener?: TreeListener): Stat {
    const node = this.#touch(change.path);
    const data = change.data && Buffer.from(change.data);
    const grown = sizeOf(data) - sizeOf(node.data);
    this.#dataSize += grown;
    node.data = data;
    node.version = change.version;
    node.mtime = stamp.time;
    node.mzxid = stamp.zxid;
    const stat = node.stat();
    this.#quotas.grown(change.path, grown);
    listener?.dataChanged(change.path, node.acl);
    return stat;
  }

  /** Puts a znode of a snapshot in its place; {@link link} makes the tree whole afterwards. */
  restore(path: string, fields: ZNodeFields): void {
    this.#nodes.set(path, new ZNode({ ...fields, acl: this.#acls.intern(fields.acl) }));
  }

  /** Forgets everything, before the znodes of a snapshot are put in. */
  clear(): void {
    this.#nodes.clear();
    this.#owned.clear();
    this.#dataSize = 0;
  }

  /** Connects restored znodes with their parents; gives a path whose parent is missing, if any. */
  link(): string | undefined {
    for (const [path, node] of this.#nodes) {
      if (path === '') continue;
      const parent = this.#nodes.get(parentOf(path));
      if (parent === undefined) return path;
      parent.addChild(nameOf(path));
      this.#own(path, node);
      this.#quotas.restored(path);
    }
    return this.#nodes.has('') ? undefined : '/';
  }

  /** The znode to change; a snapshot in progress gets to see it first. */
  #touch(path: string): ZNode {
    const node = this.node(path);
    if (node === undefined)
      throw new Error(`a transaction changes ${path || '/'}, which is missing`);
    this.beforeChange?.(path === '/' ? '' : path, node);
    return node;
  }

  #add(path: string, node: ZNode): void {
    this.#nodes.set(path, node);
    if (path !== '') this.#nodes.get(parentOf(path))?.addChild(nameOf(path));
    this.#own(path, node);
  }

  #own(path: string, node: ZNode): void {
    this.#dataSize += path.length + sizeOf(node.data);
    this.#owned.add(path, node.owner);
  }

  /** Replaces data that no client wrote. */
  #store(path: string, data: Buffer): void {
    const node = this.#touch(path);
    this.#dataSize += data.length - sizeOf(node.data);
    node.data = data;
  }
}

function sizeOf(data: Buffer | null): number {
  return data?.length ?? 0;
}
