import { setTimeout } from 'node:timers/promises';
import { isZooKeeperError, type ZooKeeper, ZooKeeperError } from '@meshkeeper/zookeeper';

/** Milliseconds until a client with too many calls is asked again whether it has room. */
const FULL_PAUSE = 50;

/**
 * Runs a call that may be run twice, again after every loss of the connection: the client holds it
 * back until it is connected, so that this does not spin. A client with too many calls is asked again
 * after a pause: the znodes of a recipe must not stay because its program does too much else.
 * @throws what the call throws and isn't worth a retry; the signal's reason
 */
export async function retrying<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (isZooKeeperError(error, 'QUEUE_FULL'))
        await setTimeout(FULL_PAUSE, undefined, { signal });
      else if (!(error instanceof ZooKeeperError) || !error.retryable) throw error;
    }
  }
}

/**
 * Waits until a write whose answer was lost has taken effect, or never will, so that a read can tell.
 * On an ensemble it may still be on its way through the quorum when the next connection reads; a sync
 * goes the same way behind it, and a server that the session has left since has its writes refused.
 */
export async function outcomeKnown(zk: ZooKeeper, path: string): Promise<void> {
  await retrying(() => zk.sync(path));
}

/**
 * Deletes a znode for sure, in the background if need be: tried again after every loss of the
 * connection, until it is gone. An ephemeral's end comes with its session's at the latest.
 */
export async function deleteGuaranteed(zk: ZooKeeper, path: string): Promise<void> {
  try {
    await retrying(() => zk.delete(path));
  } catch (error) {
    if (!(error instanceof ZooKeeperError)) throw error;
    // NO_NODE: done. SESSION_EXPIRED, CLOSED: it went with its session. Anything else can't be
    // helped by trying again.
    const over = ['NO_NODE', 'SESSION_EXPIRED', 'CLOSED'];
    if (!over.includes(error.code)) throw error;
  }
}
