/**
 * `INVALID_ARGUMENT`: an option or a URL that makes no sense. `NOT_CONNECTED`: no control plane answers, and
 * nothing is known from before. `NO_SERVICE`: the mesh has no such service, or it takes no HTTP. `NO_ROUTE`: no
 * route of the service is for the request. `UNAVAILABLE`: no endpoint took the request, or too many are on their
 * way. `TIMEOUT`: it was not answered, or not to be had, in time. `BAD_RESPONSE`: what answered spoke no proper
 * HTTP. `BROKEN_OFF`: the response ended before its end. `REDIRECT`: a redirect that is not followed.
 * `REFUSED`: the control plane does not allow it, or can't do it. `LOST`: a lease is gone. `CLOSED`: `close()` was
 * called.
 */
export type SdkErrorCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_CONNECTED'
  | 'NO_SERVICE'
  | 'NO_ROUTE'
  | 'UNAVAILABLE'
  | 'TIMEOUT'
  | 'BAD_RESPONSE'
  | 'BROKEN_OFF'
  | 'REDIRECT'
  | 'REFUSED'
  | 'LOST'
  | 'CLOSED';

const RETRYABLE: ReadonlySet<SdkErrorCode> = new Set([
  ...(['NOT_CONNECTED', 'NO_SERVICE', 'UNAVAILABLE', 'TIMEOUT', 'BROKEN_OFF'] as const),
  'LOST',
]);

/** What this package throws. The message says what to do. */
export class SdkError extends Error {
  override readonly name = 'SdkError';
  readonly code: SdkErrorCode;

  constructor(code: SdkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /**
   * True when the same may succeed later. Whether it may be done twice is the caller's to know: a request that
   * timed out or broke off may have been carried out.
   */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}
