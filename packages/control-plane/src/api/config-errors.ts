import { ConfigError, type ConfigErrorCode } from '@meshkeeper/config';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError, type ApiErrorCode } from './problem.ts';
import { timeView } from './proxy-views.ts';

const CODES: Readonly<Record<ConfigErrorCode, ApiErrorCode>> = {
  BUSY: 'conflict',
  CONFLICT: 'conflict',
  FORBIDDEN: 'forbidden',
  MALFORMED: 'internal',
  NO_KEY: 'no-secret-key',
  NOT_FOUND: 'unknown-config',
  NOT_VALID: 'invalid-config',
  NOTHING_CHANGED: 'nothing-changed',
  STALE: 'precondition-failed',
  TOO_LARGE: 'too-large',
  UNAVAILABLE: 'zookeeper-unavailable',
};

/** What the store answers; what it refuses is the API's error. */
export async function configured<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw configProblem(error);
  }
}

/** The problem that the store's refusal is. */
export function configProblem({
  code,
  message,
  faults,
  by,
  at,
  release,
  keys,
}: ConfigError): ApiError {
  return new ApiError(CODES[code], message, {
    ...(faults.length > 0 && { faults }),
    ...(by !== undefined && { by }),
    ...(at !== undefined && { at: timeView(at) }),
    ...(release !== undefined && { release }),
    ...(keys.length > 0 && { keys }),
  });
}

/** What `If-Match` has: one tag, or `*`; undefined without it. */
export function ifMatch({ headers }: FastifyRequest): string | undefined {
  const stated = headers['if-match']?.trim();
  return stated?.replace(/^"(.*)"$/, '$1');
}

/** As `ifMatch`. @throws ApiError `precondition-required` */
export function mustMatch(request: FastifyRequest): string {
  const tag = ifMatch(request);
  if (tag !== undefined) return tag;
  throw new ApiError(
    'precondition-required',
    'say what you have seen: send its ETag as If-Match, or * for whatever is there',
  );
}

/** Says what an answer is of. */
export function tagged(reply: FastifyReply, tag: string): void {
  void reply.header('etag', `"${tag}"`);
}
