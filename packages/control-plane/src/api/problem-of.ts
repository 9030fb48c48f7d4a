import { ZooKeeperError } from '@meshkeeper/zookeeper';
import { ApiError, type ApiErrorCode } from './problem.ts';

/** Of what fastify refuses, by status; the rest is `invalid-request`. */
const CODES: Readonly<Record<number, ApiErrorCode>> = {
  413: 'too-large',
  415: 'unsupported-media-type',
};

/** The problem that an error is to whoever called. */
export function problemOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const away =
    (error instanceof ZooKeeperError && (error.retryable || error.code === 'SESSION_EXPIRED')) ||
    (error instanceof Error && error.name === 'TimeoutError');
  if (away) return new ApiError('zookeeper-unavailable', 'ZooKeeper is away: try again later');
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  const message = error instanceof Error ? error.message : String(error);
  if (status < 400 || status >= 500) return new ApiError('internal', message);
  return new ApiError(CODES[status] ?? 'invalid-request', message);
}
