import { setTimeout } from 'node:timers/promises';
import type { ZooKeeper } from './client.ts';
import { ZooKeeperError } from './zookeeper-error.ts';

/** Before something is asked again, in milliseconds. */
const PAUSE = 20;

/**
 * Asks again what the connection broke under, or the session, where another follows. Only for what may
 * be done twice.
 * @throws what is wrong otherwise; the signal's reason
 */
export async function persistently<T>(
  zk: ZooKeeper,
  ask: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!mayFollow(zk, error)) throw error;
      await setTimeout(PAUSE, undefined, { signal });
    }
  }
}

/** True of an error after which the same may be asked again. */
export function mayFollow(zk: ZooKeeper, error: unknown): boolean {
  if (!(error instanceof ZooKeeperError) || zk.ended) return false;
  return error.retryable || error.code === 'SESSION_EXPIRED';
}
