/** Why something about configuration could not be done. */
export type ConfigErrorCode =
  /** There is no such application, namespace, release, draft or gray release. */
  | 'NOT_FOUND'
  /** Somebody else was first: `by`, `at` and `release` say who, when and with what. */
  | 'CONFLICT'
  /** What was read before is no longer what is there: read it again. */
  | 'STALE'
  /** `faults` says what is wrong with it. */
  | 'NOT_VALID'
  /** The one who asks doesn't have the role for it, or may not be the same as somebody else. */
  | 'FORBIDDEN'
  /** It would change nothing. */
  | 'NOTHING_CHANGED'
  /** It is more than can be kept. */
  | 'TOO_LARGE'
  /** Others go on writing the same: try again. */
  | 'BUSY'
  /** The key that a secret was encrypted with isn't here. */
  | 'NO_KEY'
  /** A client can't reach anybody who knows, and has nothing from before. */
  | 'UNAVAILABLE'
  /** What is in ZooKeeper is not what this package writes. */
  | 'MALFORMED';

/** What is wrong with a value. It never holds a secret's text. */
export interface Fault {
  /** The key, if it is about one. */
  readonly key?: string;
  /** Where in the value, as a JSON pointer. */
  readonly path?: string;
  readonly message: string;
}

/** What is known about why it failed. */
export interface ConfigErrorDetails {
  readonly faults?: readonly Fault[];
  /** With CONFLICT: who was first. */
  readonly by?: string;
  /** With CONFLICT: when, in milliseconds since the epoch. */
  readonly at?: number;
  /** With CONFLICT: the release that is there now. */
  readonly release?: number;
  /** With CONFLICT: the keys that both have changed. */
  readonly keys?: readonly string[];
  readonly cause?: unknown;
}

/** Configuration could not be read or written as asked; the message says what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: ConfigErrorCode;
  readonly faults: readonly Fault[];
  readonly by: string | undefined;
  readonly at: number | undefined;
  readonly release: number | undefined;
  readonly keys: readonly string[];

  constructor(code: ConfigErrorCode, message: string, details: ConfigErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.faults = details.faults ?? [];
    this.by = details.by;
    this.at = details.at;
    this.release = details.release;
    this.keys = details.keys ?? [];
  }

  /** True when the same may succeed later. */
  get retryable(): boolean {
    return this.code === 'BUSY';
  }
}

/** True of a ConfigError with this code. */
export function isConfigError(error: unknown, code: ConfigErrorCode): error is ConfigError {
  return error instanceof ConfigError && error.code === code;
}

/** An error that lists what is wrong; the first few faults are in the message. */
export function notValid(what: string, faults: readonly Fault[]): ConfigError {
  const texts = faults.slice(0, 3).map(({ key, path, message }) => {
    const where = `${key ?? ''}${path ?? ''}`;
    return where === '' ? message : `${where}: ${message}`;
  });
  const more = faults.length > 3 ? `; and ${faults.length - 3} more` : '';
  return new ConfigError('NOT_VALID', `${what}: ${texts.join('; ')}${more}`, { faults });
}
