/** Why something about identities could not be done. */
export type IdentityErrorCode =
  /** There is no such certificate, authority, or nothing was issued yet. */
  | 'NOT_FOUND'
  /** What was asked for can't be certified: the message says what is wrong with it. */
  | 'NOT_VALID'
  /** It doesn't go together with what is there: the message says with what. */
  | 'CONFLICT'
  /** What was read before is no longer what is there: read it again. */
  | 'STALE'
  /** So many certificates expire in the same hour that no more are kept. */
  | 'FULL'
  /** The key that an authority's is sealed with isn't here, or is another. */
  | 'NO_KEY'
  /** What is in ZooKeeper is not what this package writes. */
  | 'MALFORMED';

/** Something about identities could not be done; the message says what to do. It never holds a key. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
  readonly code: IdentityErrorCode;

  constructor(code: IdentityErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** True when the same may succeed later. */
  get retryable(): boolean {
    return this.code === 'FULL';
  }
}

/** True of an IdentityError with this code. */
export function isIdentityError(error: unknown, code: IdentityErrorCode): error is IdentityError {
  return error instanceof IdentityError && error.code === code;
}
