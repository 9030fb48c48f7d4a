import { type ErrorName, errorName } from '@meshkeeper/jute';

/** ZooKeeper's own error names, and those of this client. */
export type ZooKeeperErrorCode =
  | ErrorName
  /** The client was closed. */
  | 'CLOSED'
  /** An argument is wrong: the message says which and what to write instead. */
  | 'INVALID_ARGUMENT'
  /** Too many calls wait: this one was not sent. See `ConnectOptions.maxWaiting`. */
  | 'QUEUE_FULL'
  /** A server sent a code that this client doesn't know. */
  | 'UNKNOWN_ERROR';

/** Errors after which the same call may succeed; whether it took effect is not known for a write. */
const retryable: ReadonlySet<ZooKeeperErrorCode> = new Set([
  'CONNECTION_LOSS',
  'OPERATION_TIMEOUT',
  'REQUEST_TIMEOUT',
  'SESSION_MOVED',
  'THROTTLED_OP',
]);

const explanations: Partial<Record<ZooKeeperErrorCode, string>> = {
  NO_NODE: 'the znode does not exist',
  NODE_EXISTS: 'the znode exists already',
  NOT_EMPTY: 'the znode has children: delete those first',
  BAD_VERSION: 'the znode was changed meanwhile: read it again',
  NO_AUTH: "the znode's ACL does not allow it: authenticate with addAuth()",
  INVALID_ACL: 'the ACL is empty or not valid for this session',
  NO_CHILDREN_FOR_EPHEMERALS: 'an ephemeral znode can not have children',
  CONNECTION_LOSS:
    'the connection broke before the answer came; a write may have taken effect or not',
  SESSION_EXPIRED: 'the session expired: its ephemeral znodes and watches are gone',
  AUTH_FAILED: 'the server refused the credentials',
  SESSION_CLOSED_REQUIRE_SASL_AUTH:
    'the server wants clients to authenticate first: give sasl, or call addAuth() before anything else',
  UNIMPLEMENTED: 'the server does not know this operation',
  NOT_READONLY: 'the server is read-only now: it has lost its quorum',
  CLOSED: 'the client is closed',
};

/** What the operation was about, for the error's message. */
export interface ErrorContext {
  readonly operation?: string | undefined;
  readonly path?: string | undefined;
  readonly detail?: string | undefined;
  readonly cause?: unknown;
}

/** A call to ZooKeeper failed. */
export class ZooKeeperError extends Error {
  override readonly name = 'ZooKeeperError';
  readonly code: ZooKeeperErrorCode;
  /** The operation, by its name in the protocol (`setData`). */
  readonly operation: string | undefined;
  readonly path: string | undefined;

  constructor(code: ZooKeeperErrorCode, context: ErrorContext = {}) {
    const subject = [context.operation, context.path]
      .filter((part) => part !== undefined)
      .join(' ');
    const text = context.detail ?? explanations[code] ?? 'the server refused';
    super(`${subject === '' ? '' : `${subject}: `}${text} (${code})`, { cause: context.cause });
    this.code = code;
    this.operation = context.operation;
    this.path = context.path;
  }

  /** True when the same call may succeed later. */
  get retryable(): boolean {
    return retryable.has(this.code);
  }

  /** The error that a reply's code stands for. */
  static ofReply(err: number, context: ErrorContext): ZooKeeperError {
    const name = errorName(err);
    return name === undefined
      ? new ZooKeeperError('UNKNOWN_ERROR', { ...context, detail: `the server sent error ${err}` })
      : new ZooKeeperError(name, context);
  }
}

/** True for a ZooKeeperError with this code. */
export function isZooKeeperError(
  error: unknown,
  code: ZooKeeperErrorCode,
): error is ZooKeeperError {
  return error instanceof ZooKeeperError && error.code === code;
}
