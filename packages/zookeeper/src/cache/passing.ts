import { ZooKeeperError } from '../zookeeper-error.ts';

/** Whether the same is worth another try: the session goes on, or its end is told by its state. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof ZooKeeperError)) return false;
  return error.retryable || error.code === 'SESSION_EXPIRED' || error.code === 'CLOSED';
}
