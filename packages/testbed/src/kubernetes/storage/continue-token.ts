import { badRequest } from '../api-error.ts';

/** Where a list goes on. */
export interface ContinueToken {
  /** The revision that all of the list is of; -1 for whatever is there now. */
  readonly revision: number;
  /** The key that was told last. */
  readonly after: string;
}

export function encodeToken({ revision, after }: ContinueToken): string {
  return Buffer.from(
    JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: `${after}\u0000` }),
  ).toString('base64url');
}

/**
 * @throws ApiError 400
 */
export function decodeToken(token: string): ContinueToken {
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (typeof rv === 'number' && typeof start === 'string')
      return { revision: rv, after: start.slice(0, -1) };
  } catch {
    // The same as a token of another shape.
  }
  throw badRequest('invalid continue token: continue key is not valid: unable to decode the token');
}
