/** What went wrong, for programs. */
export type XdsErrorCode =
  /** A message that isn't what it says it is. */
  | 'malformed'
  /** The listener could not be opened. */
  | 'listen-failed'
  /** The server or client was closed. */
  | 'closed';

/** The one class of errors of this package. */
export class XdsError extends Error {
  override readonly name = 'XdsError';
  readonly code: XdsErrorCode;
  /** Whether the same call can succeed later. */
  readonly retryable: boolean;

  constructor(code: XdsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryable = code === 'listen-failed';
  }
}
