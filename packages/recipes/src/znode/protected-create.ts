import { randomUUID } from 'node:crypto';
import {
  type CreateMode,
  type Data,
  isZooKeeperError,
  joinPath,
  type Stat,
  type ZooKeeper,
} from '@meshkeeper/zookeeper';
import { deleteGuaranteed, outcomeKnown, retrying } from './retry.ts';

/** A znode that was created under protection. */
export interface Created {
  readonly path: string;
  readonly stat: Stat;
}

/**
 * Creates a znode whose name begins with `_c_<uuid>-`, as Curator's protected creation: when the
 * connection breaks before the answer, the prefix tells whether it was created after all. A node
 * found so is taken only if the present session owns it; one of an earlier session is deleted, or it
 * would vanish under its holder (CURATOR-498, CURATOR-604).
 *
 * A caller that gives up leaves nothing behind: what comes of the call is deleted in the background.
 * @param parent made if it is missing, as a container
 * @param name what follows the prefix: `lock-`
 */
export async function createProtected(
  zk: ZooKeeper,
  parent: string,
  name: string,
  data: Data,
  mode: CreateMode,
  signal?: AbortSignal,
): Promise<Created> {
  signal?.throwIfAborted();
  const prefix = `_c_${randomUUID()}-`;
  const creating = create(zk, parent, prefix, name, data, mode);
  if (signal === undefined) return creating;
  const { promise: abandoned, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([creating, abandoned]);
  } catch (error) {
    creating.then(({ path }) => deleteGuaranteed(zk, path)).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function create(
  zk: ZooKeeper,
  parent: string,
  prefix: string,
  name: string,
  data: Data,
  mode: CreateMode,
): Promise<Created> {
  const path = joinPath(parent, prefix + name);
  for (;;) {
    try {
      return await zk.create(path, data, { mode, parents: true });
    } catch (error) {
      if (!isZooKeeperError(error, 'CONNECTION_LOSS')) throw error;
    }
    await outcomeKnown(zk, path);
    const found = await retrying(() => findProtected(zk, parent, prefix));
    if (found === undefined) continue;
    const { state } = zk;
    const owned = state.type === 'connected' && found.stat.ephemeralOwner === state.sessionId;
    if (found.stat.ephemeralOwner === 0n || owned) return found;
    await deleteGuaranteed(zk, found.path);
  }
}

/** The child with this prefix, if it is there. */
async function findProtected(
  zk: ZooKeeper,
  parent: string,
  prefix: string,
): Promise<Created | undefined> {
  try {
    const { children } = await zk.children(parent);
    const name = children.find((child) => child.startsWith(prefix));
    if (name === undefined) return undefined;
    const path = joinPath(parent, name);
    const stat = await zk.exists(path);
    return stat === null ? undefined : { path, stat };
  } catch (error) {
    if (isZooKeeperError(error, 'NO_NODE')) return undefined;
    throw error;
  }
}
