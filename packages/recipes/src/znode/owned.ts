import { isZooKeeperError, type Stat, type ZooKeeper } from '@meshkeeper/zookeeper';
import { deleteGuaranteed, retrying } from './retry.ts';

/** True as long as the session that owns an ephemeral znode is the client's present one. */
export function isOwned(zk: ZooKeeper, { ephemeralOwner }: Stat): boolean {
  const { state } = zk;
  const alive = state.type === 'connected' || state.type === 'disconnected';
  return alive && state.sessionId === ephemeralOwner;
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
