/** What can go wrong with a registry that its user has to know of. */
export type RegistryErrorCode =
  /** The dialect has no way to say it. */
  | 'UNWRITABLE'
  /** The dialect has no root of its own, and none was named. */
  | 'NO_ROOT'
  /** Another session's znode is there. */
  | 'NOT_OURS'
  /** A plug-in can't be used. */
  | 'BAD_PLUGIN';

/** An error of this package; the message says what to do. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;

  constructor(code: RegistryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
