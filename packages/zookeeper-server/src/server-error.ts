/** Why the server did not start, or went down. */
export type ZooKeeperServerErrorCode =
  /** Somebody else listens on the port. */
  | 'port-busy'
  /** The port could not be bound for another reason. */
  | 'listen-failed'
  /** A live server holds the data directory. */
  | 'data-locked'
  /** A log or snapshot holds what no server wrote. */
  | 'data-corrupt'
  /** The data directory could not be read or written: disk full, permissions, I/O error. */
  | 'storage-failed'
  /** An option is out of its range. */
  | 'bad-option';

/** Every error that this package throws. Its message ends with what to do. */
export class ZooKeeperServerError extends Error {
  override readonly name = 'ZooKeeperServerError';
  readonly code: ZooKeeperServerErrorCode;
  /** Whether the same call may succeed later without anybody doing something. */
  readonly retryable: boolean;

  constructor(code: ZooKeeperServerErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.retryable = code === 'port-busy' || code === 'data-locked';
  }
}
