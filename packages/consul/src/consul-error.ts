/** What can go wrong with Consul; the list is closed. */
export type ConsulErrorCode =
  /** No answer: the agent is away, or the connection broke. Of a write nobody knows whether it was done. */
  | 'unreachable'
  /** The token is missing, unknown, or may not do this (403). */
  | 'forbidden'
  /** There is no such thing, or no such API (404). */
  | 'not-found'
  /** Too many connections or requests (429). */
  | 'throttled'
  /** Consul could not do it, or not take it: it answers both with 500. */
  | 'failed'
  /** More than Consul takes at once (413). */
  | 'too-large'
  /** The settings can't be used. */
  | 'invalid-settings';

/** A failure that has to do with Consul. Its message never has a token in it. */
export class ConsulError extends Error {
  readonly code: ConsulErrorCode;

  constructor(code: ConsulErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConsulError';
    this.code = code;
  }

  /** Whether the same may go well later. Of `failed` nobody knows. */
  get retryable(): boolean {
    return this.code === 'unreachable' || this.code === 'throttled' || this.code === 'failed';
  }
}

/** The code of an answer's status. */
export function codeOf(status: number): ConsulErrorCode {
  switch (status) {
    case 401:
    case 403:
      return 'forbidden';
    case 404:
      return 'not-found';
    case 413:
      return 'too-large';
    case 429:
      return 'throttled';
    default:
      return 'failed';
  }
}
