import { setTimeout } from 'node:timers/promises';
import { isZooKeeperError, ZooKeeperError } from '@meshkeeper/zookeeper';

/** Before another try, in milliseconds. */
const PAUSE = 50;

/** Calls until the answer is none that says "try again": the connection was lost, or the session. */
export async function retried<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      signal.throwIfAborted();
      return await call();
    } catch (error) {
      const again =
        error instanceof ZooKeeperError &&
        (error.retryable || isZooKeeperError(error, 'SESSION_EXPIRED'));
      if (!again || signal.aborted) throw error;
      await setTimeout(PAUSE, undefined, { signal });
    }
  }
}
