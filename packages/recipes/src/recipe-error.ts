/** Why a recipe could not do what it was asked, or has to be given up. */
export type RecipeErrorCode =
  /** The session expired: what it held is gone. */
  | 'LOST'
  /** The connection is away; by the standard policy nothing held can be trusted meanwhile. */
  | 'SUSPENDED'
  /** The lease was released: it protects nothing any more. */
  | 'RELEASED'
  /** Somebody deleted the znode that stood for the lease. */
  | 'REVOKED'
  /** Somebody asks for the lease: it is held until it is released. */
  | 'REVOKE_ASKED'
  /** The wait took longer than it was allowed. */
  | 'TIMEOUT'
  /** What is in ZooKeeper is not what this recipe writes. */
  | 'MALFORMED'
  /** The call makes no sense now: the message says why. */
  | 'ILLEGAL_STATE';

/** A recipe failed; the message says what to do. */
export class RecipeError extends Error {
  override readonly name = 'RecipeError';
  readonly code: RecipeErrorCode;

  constructor(code: RecipeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
