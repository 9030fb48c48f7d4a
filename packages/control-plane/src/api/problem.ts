/** Stable codes of the API's errors. */
export type ApiErrorCode =
  | 'not-found'
  /** It is there for other methods: `Allow` says which. */
  | 'method-not-allowed'
  | 'unknown-service'
  | 'unknown-endpoint'
  | 'unknown-proxy'
  | 'unknown-policy'
  /** It has expired, was released, or has never been. */
  | 'unknown-lease'
  /** The past is not kept that far back. */
  | 'not-recorded'
  | 'invalid-request'
  /** Who calls is not known, or shows something that is not good any more. */
  | 'unauthenticated'
  /** Who calls is known, and may not do this. */
  | 'forbidden'
  /** It is called by a name that is not its own: see `allowedHosts`. */
  | 'wrong-host'
  /** A page of another origin calls: see `allowedOrigins`. */
  | 'cross-site'
  /** The body is of a type that this does not take. */
  | 'unsupported-media-type'
  | 'unknown-token'
  | 'unknown-overlay'
  /** The key of the request was used for another one. */
  | 'idempotency-key-reused'
  /** It has begun, and whether it was done is not known. */
  | 'outcome-unknown'
  /** So many follow events that there is no room for more. */
  | 'too-many-streams'
  /** A client asks more than it may: `Retry-After` says when again. */
  | 'rate-limited'
  /** The issuer of the caller's token is away, and its keys are not known. */
  | 'issuer-unavailable'
  /** What was sent are no valid policies: `issues` says what is wrong with each. */
  | 'invalid-policy'
  /** Somebody else has changed the same meanwhile: `conflicts` says who and when. */
  | 'conflict'
  /** It is of a source of the catalog, and changed there. */
  | 'kept-elsewhere'
  /** Somebody else has it: `holders` says who. */
  | 'held'
  /** There is no such application, namespace, release, draft or gray release. */
  | 'unknown-config'
  /** What was sent is no valid configuration: `faults` says what is wrong with each key. */
  | 'invalid-config'
  /** It would change nothing. */
  | 'nothing-changed'
  /** What was seen is not what is there any more. */
  | 'precondition-failed'
  /** It has to be said what was seen, by `If-Match`. */
  | 'precondition-required'
  /** No certificate has that serial, or it has expired long ago. */
  | 'unknown-certificate'
  /** No authority that is trusted has that id, or there is none yet. */
  | 'unknown-authority'
  /** What was asked for can't be certified. */
  | 'invalid-certificate-request'
  /** So many certificates expire at one time, or were revoked, that no more are kept. */
  | 'too-many-certificates'
  /** The key that secrets are encrypted with isn't here. */
  | 'no-secret-key'
  /** It is more than ZooKeeper keeps. */
  | 'too-large'
  /** ZooKeeper is away: what is served stays, but nothing can be written. */
  | 'zookeeper-unavailable'
  /** It takes too long: it is given up, and may have been done all the same. */
  | 'timeout'
  /** The request did not arrive whole in time. */
  | 'request-timeout'
  /** The address and the headers take more than a request may. */
  | 'headers-too-large'
  | 'internal';

const STATUS: Readonly<Record<ApiErrorCode, number>> = {
  'not-found': 404,
  'method-not-allowed': 405,
  'unknown-service': 404,
  'unknown-endpoint': 404,
  'unknown-proxy': 404,
  'unknown-policy': 404,
  'not-recorded': 404,
  'invalid-request': 400,
  'invalid-policy': 400,
  unauthenticated: 401,
  forbidden: 403,
  'wrong-host': 421,
  'cross-site': 403,
  'unsupported-media-type': 415,
  'unknown-token': 404,
  'unknown-overlay': 404,
  'idempotency-key-reused': 422,
  'outcome-unknown': 409,
  'too-many-streams': 503,
  'rate-limited': 429,
  'issuer-unavailable': 503,
  'unknown-lease': 404,
  'unknown-config': 404,
  'invalid-config': 422,
  'nothing-changed': 409,
  'precondition-failed': 412,
  'precondition-required': 428,
  'unknown-certificate': 404,
  'unknown-authority': 404,
  'invalid-certificate-request': 422,
  'too-many-certificates': 409,
  'no-secret-key': 409,
  held: 409,
  conflict: 409,
  'kept-elsewhere': 409,
  'too-large': 413,
  'zookeeper-unavailable': 503,
  timeout: 504,
  'request-timeout': 408,
  'headers-too-large': 431,
  internal: 500,
};

/** The HTTP status of a code. */
export function statusOf(code: ApiErrorCode): number {
  return STATUS[code];
}

/** An error that the API answers with, as an RFC 9457 problem document. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly #more: Readonly<Record<string, unknown>>;

  /** @param more members of the document besides the usual */
  constructor(code: ApiErrorCode, detail: string, more: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.code = code;
    this.#more = more;
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
      ...this.#more,
    };
  }
}
