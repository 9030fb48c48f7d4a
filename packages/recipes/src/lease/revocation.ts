import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { retrying } from '../znode/retry.ts';

/** What a holder's znode is set to, to ask for it; the same as Curator's. */
const REVOKE = Buffer.from('__REVOKE__');

/**
 * Asks the holder or waiter whose znode this is to give the lock up: its lease's `revocation` aborts
 * (a waiter's, once it is a holder). It is up to the holder to do so. Does nothing when the znode is
 * gone. Curator's `Revoker.attemptRevoke`; a holder of Curator's hears it if it was made revocable.
 * @param path whole: `Lease.path`, or from `listLock`
 */
export async function attemptRevoke(zk: ZooKeeper, path: string): Promise<void> {
  try {
    await retrying(() => zk.set(path, REVOKE));
  } catch (error) {
    if (!isZooKeeperError(error, 'NO_NODE')) throw error;
  }
}

/** Whether this is the data of a znode that somebody asks for. */
export function isRevoked(data: Uint8Array): boolean {
  return REVOKE.equals(data);
}
