import { isZooKeeperError, type Stat, type ZooKeeper } from '@meshkeeper/zookeeper';
import { RecipeError } from '../recipe-error.ts';
import { deleteGuaranteed, retrying } from './retry.ts';

/** True as long as the session that owns an ephemeral znode is the client's present one. */
export function isOwned(zk: ZooKeeper, { ephemeralOwner }: Stat): boolean {
  const { state } = zk;
  const alive = state.type === 'connected' || state.type === 'disconnected';
  return alive && state.sessionId === ephemeralOwner;
}

/** True unless it is an ephemeral znode of another session than the client's present one. */
export function isAlive(zk: ZooKeeper, stat: Stat): boolean {
  return stat.ephemeralOwner === 0n || isOwned(zk, stat);
}

/**
 * Runs a wait that is of use only as long as the session that owns a znode lives. In the next session
 * the znode lingers until the servers notice, and nobody tells of its end.
 * @throws RecipeError LOST when the session is gone; what the wait throws; the signal's reason
 */
export async function whileAlive<T>(
  zk: ZooKeeper,
  { path, stat }: { readonly path: string; readonly stat: Stat },
  signal: AbortSignal | undefined,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const gone = new AbortController();
  const look = () => {
    const { type } = zk.state;
    // Then the wait's own calls tell.
    if (type === 'closed' || type === 'auth-failed') return;
    if (!isAlive(zk, stat)) gone.abort(new RecipeError('LOST', `the session of ${path} is gone`));
  };
  const stop = zk.onState(look);
  try {
    look();
    return await wait(signal === undefined ? gone.signal : AbortSignal.any([signal, gone.signal]));
  } finally {
    stop();
  }
}

/**
 * Deletes an ephemeral znode whose name others may use too, for sure, in the background if need be:
 * only in the session that owns it, so that never another's node of that name is hit.
 */
export async function deleteOwned(
  zk: ZooKeeper,
  { path, stat }: { readonly path: string; readonly stat: Stat },
): Promise<void> {
  if (stat.ephemeralOwner === 0n) return deleteGuaranteed(zk, path);
  await inSession(zk, stat, () => zk.delete(path));
}

/**
 * Runs a call that is sent by an ephemeral's owner or not at all, again after every loss of the
 * connection. NO_NODE is success: for a call that deletes. False when the session is gone.
 */
export async function inSession(
  zk: ZooKeeper,
  stat: Stat,
  call: () => Promise<unknown>,
): Promise<boolean> {
  for (;;) {
    try {
      // Waits for a connection. What is sent in the same turn as the check goes out on it.
      if (zk.state.type !== 'connected') await retrying(() => zk.exists('/'));
      if (!isOwned(zk, stat)) return false;
      if (zk.state.type !== 'connected') continue;
      await call();
      return true;
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return true;
      if (isZooKeeperError(error, 'SESSION_EXPIRED') || isZooKeeperError(error, 'CLOSED'))
        return false;
      if (!isZooKeeperError(error, 'CONNECTION_LOSS')) throw error;
    }
  }
}
