import { isZooKeeperError } from '@meshkeeper/zookeeper';
import { ApiError } from './problem.ts';

/**
 * Runs what a caller asks for: a name that no znode can have is the caller's fault.
 * @throws ApiError `invalid-request`
 */
export async function asked<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isZooKeeperError(error, 'INVALID_ARGUMENT')) throw error;
    throw new ApiError('invalid-request', error.message.replace(/ \(INVALID_ARGUMENT\)$/, ''));
  }
}
