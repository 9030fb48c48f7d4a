import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { retrying } from './retry.ts';

/**
 * As `retrying`, and again in the next session when one has expired: for what doesn't depend on the
 * session. With a client that doesn't renew its session, the end of it is the end.
 * @throws what the call throws; ZooKeeperError SESSION_EXPIRED, CLOSED; the signal's reason
 */
export async function acrossSessions<T>(
  zk: ZooKeeper,
  call: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  for (;;) {
    try {
      return await retrying(call, signal);
    } catch (error) {
      if (!isZooKeeperError(error, 'SESSION_EXPIRED')) throw error;
      await renewed(zk, signal);
    }
  }
}

/**
 * Waits after an expiry until the client has a session again.
 * @throws ZooKeeperError SESSION_EXPIRED, CLOSED when it will have none; the signal's reason
 */
export async function renewed(zk: ZooKeeper, signal?: AbortSignal): Promise<void> {
  for (;;) {
    const { type } = zk.state;
    try {
      await retrying(() => zk.exists('/', { signal }), signal);
      return;
    } catch (error) {
      // What was sent before the expiry fails with it. What is sent after it fails only for good.
      if (!isZooKeeperError(error, 'SESSION_EXPIRED') || type === 'expired') throw error;
    }
  }
}
