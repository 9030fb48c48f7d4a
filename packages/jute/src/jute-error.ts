/** Why bytes could not be read, or a value not written. */
export type JuteErrorCode =
  /** The buffer ends before the value does. */
  | 'truncated'
  /** A length or count exceeds what the buffer or the limit can hold. */
  | 'too-long'
  /** A negative length or count other than -1, the null marker. */
  | 'negative-length'
  /** A null where the protocol wants a value. */
  | 'unexpected-null'
  /** A multi with an operation that can't stand in one, or without its end. */
  | 'bad-multi';

/** The bytes are not what the protocol says; the connection they came from can't be trusted further. */
export class JuteError extends Error {
  override readonly name = 'JuteError';
  readonly code: JuteErrorCode;
  /** Offset in the buffer at which reading failed. */
  readonly offset: number;

  constructor(code: JuteErrorCode, message: string, offset: number) {
    super(`${message} (at byte ${offset})`);
    this.code = code;
    this.offset = offset;
  }
}
