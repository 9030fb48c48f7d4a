import { type Acl, OPEN_ACL, READ_ACL, type Stat } from '@meshkeeper/jute';
import { AclPool } from './acl-pool.ts';
import type { TreeView } from './node-view.ts';
import { ownerOf } from './owner.ts';
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
  readonly #ephemerals = new Map<bigint, Set<string>>();
  readonly #containers = new Set<string>();
  readonly #ttls = new Set<string>();
  readonly #quotas = new QuotaIndex();
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
    let count = 0;
    for (const paths of this.#ephemerals.values()) count += paths.size;
    return count;
  }

  /** The ephemerals of a session, in the order of their creation. */
  ephemeralsOf(sessionId: bigint): Iterable<string> {
    return this.#ephemerals.get(sessionId) ?? [];
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
    for (const path of this.#containers) {
      const node = this.#nodes.get(path);
      if (node && node.childCount === 0 && node.cversion > 0) yield path;
    }
    for (const path of this.#ttls) {
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
    this.#noteQuota(path, parentPath, data?.length ?? 0);
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
    this.#dataSize -= path.length + (node.data?.length ?? 0);
    this.#disown(path, node.owner);
    if (nameOf(path) === LIMITS && parentPath.startsWith(PROC_PATH))
      this.#quotas.delete(quotaSubject(parentPath));
    this.#use(path, -(node.data?.length ?? 0), -1);
    listener?.deleted(path, node.acl);
    listener?.childrenChanged(parentPath || '/', parent.acl);
  }

  #setData(change: NodeChange & { type: 'setData' }, stamp: Stamp, listener?: TreeListener): Stat {
    const node = this.#touch(change.path);
    const data = change.data && Buffer.from(change.data);
    const grown = (data?.length ?? 0) - (node.data?.length ?? 0);
    this.#dataSize += grown;
    node.data = data;
    node.version = change.version;
    node.mtime = stamp.time;
    node.mzxid = stamp.zxid;
    const stat = node.stat();
    this.#use(change.path, grown, 0);
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
    this.#ephemerals.clear();
    this.#containers.clear();
    this.#ttls.clear();
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
      if (nameOf(path) === LIMITS && path.startsWith(`${QUOTA_PATH}/`))
        this.#quotas.add(quotaSubject(parentOf(path)));
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
    this.#dataSize += path.length + (node.data?.length ?? 0);
    if (node.owner === 0n) return;
    const owner = ownerOf(node.owner);
    if (owner.kind === 'container') this.#containers.add(path);
    else if (owner.kind === 'ttl') this.#ttls.add(path);
    else if (owner.kind === 'session') {
      const paths = this.#ephemerals.get(owner.sessionId);
      if (paths) paths.add(path);
      else this.#ephemerals.set(owner.sessionId, new Set([path]));
    }
  }

  #disown(path: string, stored: bigint): void {
    if (stored === 0n) return;
    this.#containers.delete(path);
    this.#ttls.delete(path);
    const paths = this.#ephemerals.get(stored);
    paths?.delete(path);
    if (paths?.size === 0) this.#ephemerals.delete(stored);
  }

  #noteQuota(path: string, parentPath: string, bytes: number): void {
    if (parentPath.startsWith(QUOTA_PATH)) {
      const name = nameOf(path);
      const subject = quotaSubject(parentPath);
      if (name === LIMITS) this.#quotas.add(subject);
      if (name === STATS) this.#recount(subject);
    }
    this.#use(path, bytes, 1);
  }

  /** Counts a quota's use when its counter is created. */
  #recount(subject: string): void {
    const prefix = `${subject}/`;
    let [count, bytes] = [0, 0];
    for (const [path, node] of this.#nodes) {
      if (path !== subject && !path.startsWith(prefix)) continue;
      count++;
      bytes += node.data?.length ?? 0;
    }
    const stats = this.#nodes.get(statsPath(subject));
    if (stats) this.#setStats(subject, stats, new Map(Object.entries({ count, bytes })));
  }

  #use(path: string, bytes: number, count: number): void {
    const subject = this.#quotas.covering(path);
    const node = subject === undefined ? undefined : this.#nodes.get(statsPath(subject));
    if (subject === undefined || node === undefined) return;
    const stats = parseStats(node.data);
    stats.set('count', (stats.get('count') ?? -1) + count);
    stats.set('bytes', (stats.get('bytes') ?? -1) + bytes);
    this.#setStats(subject, node, stats);
  }

  #setStats(subject: string, node: ZNode, stats: ReadonlyMap<string, number>): void {
    this.beforeChange?.(statsPath(subject), node);
    const data = formatStats(stats);
    this.#dataSize += data.length - (node.data?.length ?? 0);
    node.data = data;
  }
}
