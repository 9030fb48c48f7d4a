import { isZooKeeperError, joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { Fencing } from '../lease/fencing.ts';
import { retrying } from '../znode/retry.ts';

/** A znode that holds a lock or waits for it. */
export interface LockMember {
  /** Whole: for `attemptRevoke`. */
  readonly path: string;
  /** `lease`: one of a semaphore's. */
  readonly kind: 'exclusive' | 'read' | 'lease';
  /** Its place in the queue, from 0, holders included. */
  readonly position: number;
  /** When it was created, by the server's clock: since when it waits, or has waited and holds. */
  readonly since: Date;
  /** What its owner says of itself: often an address. */
  readonly data: Buffer;
  /** The session that owns it. 0 for one that isn't ephemeral: kazoo's can be so. */
  readonly sessionId: bigint;
  /** What its holder shows to the resource. */
  readonly fencing: Fencing;
}

/** A member before its place is known. */
export interface Found {
  readonly name: string;
  readonly shown: Omit<LockMember, 'kind' | 'position'>;
}

/** A znode's children's names; none when it is not there. */
export async function childrenOf(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const answer = await present(retrying(() => zk.children(path, { signal }), signal));
  return answer?.children ?? [];
}

/** Reads znodes, all at once; those that are gone by now are left out. */
export async function readMembers(
  zk: ZooKeeper,
  parent: string,
  names: readonly string[],
  generation: bigint,
  signal: AbortSignal | undefined,
): Promise<Found[]> {
  const read = async (name: string): Promise<Found | undefined> => {
    const path = joinPath(parent, name);
    const node = await present(retrying(() => zk.get(path, { signal }), signal));
    if (node === undefined) return undefined;
    const { ctime, ephemeralOwner, czxid } = node.stat;
    const since = new Date(Number(ctime));
    const fencing = { generation, czxid };
    return { name, shown: { path, since, data: node.data, sessionId: ephemeralOwner, fencing } };
  };
  const found = await Promise.all(names.map(read));
  return found.filter((member) => member !== undefined);
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
