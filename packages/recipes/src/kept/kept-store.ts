import { randomUUID } from 'node:crypto';
import {
  CreateMode,
  isZooKeeperError,
  joinPath,
  parentOf,
  type Stat,
  type TransactionOp,
  type ZooKeeper,
} from '@meshkeeper/zookeeper';
import { acrossSessions } from '../znode/across-sessions.ts';
import {
  CLAIMS,
  claimName,
  encodeRecord,
  type Kept,
  type KeptKey,
  type KeptNode,
  type KeptRecord,
  parseRecord,
  RECORDS,
} from './kept-record.ts';

/** A znode to be created with a lease. */
export interface NewNode {
  /** Sequential: without its number. */
  readonly path: string;
  readonly data: Buffer | string;
  readonly sequential?: boolean;
  /** What is missing above it is made as. Default `container`. */
  readonly parents?: 'container' | 'persistent';
}

/** A lease to be created. */
export interface NewLease extends KeptKey {
  /** Part of its znodes' names, and of nobody else's: see `newLeaseId`. */
  readonly id: string;
  readonly ttl: number;
  readonly state: KeptRecord['state'];
  readonly nodes: readonly NewNode[];
  readonly more?: KeptRecord['more'];
}

/** What became of the attempt to create a lease. */
export type Creation =
  | { readonly type: 'created'; readonly kept: Kept }
  /** The holder has one already, or somebody creates it for him at the same time. */
  | { readonly type: 'claimed' }
  /** One of the znodes is there already. */
  | { readonly type: 'taken'; readonly path: string };

/** What became of a write to a lease. */
export type Written =
  | { readonly type: 'written'; readonly kept: Kept }
  /** Somebody else has written it since it was read. */
  | { readonly type: 'changed' }
  /** It has ended, or one of its znodes was deleted, which ends it. */
  | { readonly type: 'gone' };

/** What may be changed of a lease. */
export interface Change extends Partial<Pick<KeptRecord, 'state' | 'more' | 'ttl'>> {
  /** What its znodes are to say, in their order. */
  readonly data?: readonly Buffer[];
  /**
   * Looks whether the znodes are its own still: where their names are nobody's alone, another's may
   * stand in the place of one that was deleted. Default false, and true with `data`.
   */
  readonly verify?: boolean;
}

/** The id of a new lease: of none before, so that nothing meant for another can hit it. */
export function newLeaseId(): string {
  return randomUUID();
}

/**
 * The records of leases in ZooKeeper. A record, the claim to it and the lease's znodes come and go in
 * one transaction; every write is of one version of the record. Calls go on over lost connections and
 * expired sessions, and find out what became of a write whose answer was lost: bound them by a signal.
 */
export class KeptStore {
  readonly #zk: ZooKeeper;

  constructor(zk: ZooKeeper) {
    this.#zk = zk;
  }

  /** The lease that a holder has. */
  async find(key: KeptKey, signal?: AbortSignal): Promise<Kept | undefined> {
    const path = joinPath(CLAIMS, claimName(key));
    const found = await present(this.#again(() => this.#zk.get(path, { signal }), signal));
    return found === undefined ? undefined : this.read(String(found.data), signal);
  }

  /** As `find`, and sees what anybody has written before the call. */
  async findNewest(key: KeptKey, signal?: AbortSignal): Promise<Kept | undefined> {
    await this.#again(() => this.#zk.sync(CLAIMS, { signal }), signal);
    return this.find(key, signal);
  }

  async read(id: string, signal?: AbortSignal): Promise<Kept | undefined> {
    const path = joinPath(RECORDS, id);
    const found = await present(this.#again(() => this.#zk.get(path, { signal }), signal));
    const record = found && parseRecord(found.data);
    return record && { id, record, stat: found.stat };
  }

  /** Creates a lease, with its znodes. Not to be abandoned: what it creates is there to be ended. */
  async create(lease: NewLease): Promise<Creation> {
    const { id, nodes: wanted, kind, subject, holder, ttl, state, more } = lease;
    const claim = joinPath(CLAIMS, claimName(lease));
    const nodes = wanted.map(
      ({ path, sequential }): KeptNode => (sequential ? { path, numbered: true } : { path }),
    );
    const record: KeptRecord = {
      ...{ kind, subject, holder, ttl, state, nodes, stamp: randomUUID() },
      ...(more && { more }),
    };
    for (;;) {
      try {
        const [, made, ...created] = await this.#zk.multi([
          { op: 'create', path: claim, data: id },
          { op: 'create', path: joinPath(RECORDS, id), data: encodeRecord(record) },
          ...wanted.map(({ path, data, sequential }) => ({
            ...{ op: 'create' as const, path, data },
            mode: sequential ? CreateMode.PERSISTENT_SEQUENTIAL : CreateMode.PERSISTENT,
          })),
        ]);
        const known = created.map(({ path }): KeptNode => ({ path }));
        return {
          type: 'created',
          kept: { id, record: { ...record, nodes: known }, stat: made.stat },
        };
      } catch (error) {
        if (isZooKeeperError(error, 'NODE_EXISTS'))
          return error.path === claim
            ? { type: 'claimed' }
            : { type: 'taken', path: error.path ?? '' };
        if (isZooKeeperError(error, 'NO_NODE')) {
          await this.#again(() => this.#makeParents(wanted));
          continue;
        }
        if (!isUnknown(error)) throw error;
      }
      const kept = await this.#outcome(id);
      if (kept !== undefined) return { type: 'created', kept: await this.named(kept) };
    }
  }

  /**
   * Writes a lease again, which keeps it alive, if nobody else has done so since it was read, and if its
   * znodes are all there.
   */
  async write(before: Kept, change: Change = {}, signal?: AbortSignal): Promise<Written> {
    const { id } = before;
    const { record: known, stat } = await this.named(before, signal);
    const { data, verify = data !== undefined, ...changed } = change;
    const record: KeptRecord = { ...known, ...changed, stamp: randomUUID() };
    const path = joinPath(RECORDS, id);
    const own = verify ? await this.#versions({ id, record: known, stat }, signal) : [];
    if (own === undefined)
      return (await this.end(before, signal)) ? { type: 'gone' } : { type: 'changed' };
    try {
      const [set] = await this.#zk.multi(
        [
          { op: 'set', path, data: encodeRecord(record), version: stat.version },
          ...record.nodes.map(({ path }, i): TransactionOp => {
            const says = data?.[i];
            return says === undefined
              ? { op: 'check', path, version: -1 }
              : { op: 'set', path, data: says, version: own[i] ?? -1 };
          }),
        ],
        { signal },
      );
      return { type: 'written', kept: { id, record, stat: set.stat } };
    } catch (error) {
      if (isZooKeeperError(error, 'BAD_VERSION')) return { type: 'changed' };
      if (isZooKeeperError(error, 'NO_NODE')) {
        // Without its znodes it protects nothing.
        if (error.path !== path && !(await this.end(before, signal))) return { type: 'changed' };
        return { type: 'gone' };
      }
      if (!isUnknown(error)) throw error;
    }
    const kept = await this.#outcome(id, signal);
    if (kept === undefined) return { type: 'gone' };
    if (kept.record.stamp === record.stamp) return { type: 'written', kept };
    // Not ours: either another's is there, or ours has never taken effect.
    return kept.stat.version === stat.version
      ? this.write(before, change, signal)
      : { type: 'changed' };
  }

  /**
   * Ends a lease as it was read: its record, its claim and its znodes go at once. False when somebody
   * has written it since. Whoever else was quicker has ended it: true.
   */
  async end({ id, record, stat }: Kept, signal?: AbortSignal): Promise<boolean> {
    const path = joinPath(RECORDS, id);
    const claim = joinPath(CLAIMS, claimName(record));
    for (let claimed = true; ; ) {
      const [own, nodes] = await Promise.all([
        present(this.#again(() => this.#zk.get(claim, { signal }), signal)),
        this.#ours({ id, record, stat }, signal),
      ]);
      // Only after somebody's clearing up can there be none, or another's.
      if (own !== undefined && String(own.data) !== id) claimed = false;
      const operations: TransactionOp[] = [
        { op: 'delete', path, version: stat.version },
        ...(claimed ? [{ op: 'delete' as const, path: claim }] : []),
        ...nodes.map(({ path }) => ({ op: 'delete' as const, path })),
      ];
      try {
        await this.#again(() => this.#zk.multi(operations, { signal }), signal);
        return true;
      } catch (error) {
        if (isZooKeeperError(error, 'BAD_VERSION')) return false;
        if (!isZooKeeperError(error, 'NO_NODE')) throw error;
        if (error.path === path) return true;
        if (error.path === claim) claimed = false;
      }
    }
  }

  /** The same with the whole names of its znodes; those of which there is none keep theirs. */
  async named(kept: Kept, signal?: AbortSignal): Promise<Kept> {
    const { record } = kept;
    if (!record.nodes.some(({ numbered }) => numbered)) return kept;
    const nodes = await Promise.all(
      record.nodes.map(async (node) => (await this.#named(kept, node, signal))?.node ?? node),
    );
    return { ...kept, record: { ...record, nodes } };
  }

  /** Those of its znodes that are there, and are its own. */
  async #ours(kept: Kept, signal: AbortSignal | undefined): Promise<KeptNode[]> {
    const found = await Promise.all(
      kept.record.nodes.map(async (node) => {
        if (node.numbered) return (await this.#named(kept, node, signal))?.node;
        const stat = await this.#stat(node.path, signal);
        return stat?.czxid === kept.stat.czxid ? node : undefined;
      }),
    );
    return found.filter((node) => node !== undefined);
  }

  /** A znode whose number nobody knows: that of its siblings that came with the record. */
  async #named(kept: Kept, node: KeptNode, signal: AbortSignal | undefined) {
    if (!node.numbered) return { node };
    const parent = parentOf(node.path);
    const name = node.path.slice(parent.length === 1 ? 1 : parent.length + 1);
    const list = await present(this.#again(() => this.#zk.children(parent, { signal }), signal));
    for (const child of list?.children ?? []) {
      if (!child.startsWith(name)) continue;
      const path = joinPath(parent, child);
      if ((await this.#stat(path, signal))?.czxid === kept.stat.czxid) return { node: { path } };
    }
    return undefined;
  }

  #stat(path: string, signal: AbortSignal | undefined): Promise<Stat | null> {
    return this.#again(() => this.#zk.exists(path, { signal }), signal);
  }

  /** The versions of its znodes; undefined when one is gone, or another's. */
  async #versions(kept: Kept, signal: AbortSignal | undefined): Promise<number[] | undefined> {
    const { nodes } = kept.record;
    const stats = await Promise.all(nodes.map(({ path }) => this.#stat(path, signal)));
    const own = stats.filter((stat) => stat?.czxid === kept.stat.czxid);
    return own.length === nodes.length ? own.map((stat) => stat!.version) : undefined;
  }

  /** What has become of a write whose answer was lost. */
  async #outcome(id: string, signal?: AbortSignal): Promise<Kept | undefined> {
    await this.#again(() => this.#zk.sync(RECORDS, { signal }), signal);
    return this.read(id, signal);
  }

  async #makeParents(nodes: readonly NewNode[]): Promise<void> {
    for (const path of [CLAIMS, RECORDS]) await this.#make(path, CreateMode.CONTAINER);
    for (const { path, parents } of nodes)
      await this.#make(
        parentOf(path),
        parents === 'persistent' ? CreateMode.PERSISTENT : CreateMode.CONTAINER,
      );
  }

  /** Creates a znode, and what is missing above it in the same way. */
  async #make(path: string, mode: CreateMode): Promise<void> {
    if (path === '/') return;
    try {
      await this.#again(() => this.#zk.create(path, null, { mode }));
    } catch (error) {
      if (isZooKeeperError(error, 'NODE_EXISTS')) return;
      if (!isZooKeeperError(error, 'NO_NODE')) throw error;
      await this.#make(parentOf(path), mode);
      await this.#make(path, mode);
    }
  }

  #again<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return acrossSessions(this.#zk, call, signal);
  }
}

/** Whether a write that failed so may have taken effect. */
function isUnknown(error: unknown): boolean {
  return (
    isZooKeeperError(error, 'CONNECTION_LOSS') ||
    isZooKeeperError(error, 'SESSION_EXPIRED') ||
    isZooKeeperError(error, 'OPERATION_TIMEOUT') ||
    isZooKeeperError(error, 'REQUEST_TIMEOUT') ||
    isZooKeeperError(error, 'SESSION_MOVED')
  );
}

/** Undefined for a znode that is not there. */
async function present<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isZooKeeperError(error, 'NO_NODE')) return undefined;
    throw error;
  }
}
