/** Stable codes of the API's errors. */
export type ApiErrorCode =
  | 'not-found'
  | 'unknown-service'
  | 'unknown-endpoint'
  | 'unknown-proxy'
  /** The past is not kept that far back. */
  | 'not-recorded'
  | 'invalid-request'
  /** ZooKeeper is away: what is served stays, but nothing can be written. */
  | 'zookeeper-unavailable'
  | 'internal';

const STATUS: Readonly<Record<ApiErrorCode, number>> = {
  'not-found': 404,
  'unknown-service': 404,
  'unknown-endpoint': 404,
  'unknown-proxy': 404,
  'not-recorded': 404,
  'invalid-request': 400,
  'zookeeper-unavailable': 503,
  internal: 500,
};

/** An error that the API answers with, as an RFC 9457 problem document. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;

  constructor(code: ApiErrorCode, detail: string) {
    super(detail);
    this.code = code;
  }

  get status(): number {
    return STATUS[this.code];
  }

  /** The body of the answer. */
  document() {
    return {
      type: 'about:blank',
      title: this.code.replaceAll('-', ' '),
      status: this.status,
      code: this.code,
      detail: this.message,
    };
  }
}
