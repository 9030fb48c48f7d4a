import type { IdentityErrorCode } from '@meshkeeper/identity';
import type { FastifyRequest } from 'fastify';
import { ifMatch } from './config-errors.ts';
import { ApiError, type ApiErrorCode } from './problem.ts';

const CODES: Readonly<Record<IdentityErrorCode, ApiErrorCode>> = {
  NOT_FOUND: 'unknown-certificate',
  NOT_VALID: 'invalid-certificate-request',
  CONFLICT: 'conflict',
  STALE: 'precondition-failed',
  FULL: 'too-many-certificates',
  NO_KEY: 'no-secret-key',
  MALFORMED: 'internal',
};

/**
 * What the authority answers; what it refuses is the API's error.
 * @param missing what there is not, when it is not found
 */
export async function certified<T>(
  call: () => Promise<T>,
  missing: 'unknown-certificate' | 'unknown-authority' = 'unknown-certificate',
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const { IdentityError } = await import('@meshkeeper/identity');
    if (!(error instanceof IdentityError)) throw error;
    const { code, message } = error;
    throw new ApiError(code === 'NOT_FOUND' ? missing : CODES[code], message);
  }
}

/** The version that `If-Match` has; undefined when any will do. */
export function matchedVersion(request: FastifyRequest): number | undefined {
  const tag = ifMatch(request);
  if (tag === undefined || tag === '*') return undefined;
  // One that is no version was never given out: it is not what is there.
  return /^\d{1,9}$/.test(tag) ? Number(tag) : -1;
}
