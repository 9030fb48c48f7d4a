/** What can go wrong with an API server. */
export type KubernetesErrorCode =
  /** There is no configuration, or it can't be read. */
  | 'NO_CONFIGURATION'
  /** The server could not be reached, or the connection broke. */
  | 'UNREACHABLE'
  /** It did not answer in time. */
  | 'TIMEOUT'
  /** It answered, and did not do it: `status` and `reason` say why. */
  | 'STATUS'
  /** What it said is not what an API server says. */
  | 'MALFORMED';

/** What an API server said when it did not do something. */
export interface Refusal {
  /** HTTP status. */
  readonly status: number;
  /** The API's word for it: `NotFound`, `AlreadyExists`, `Conflict`, `Expired`, `Forbidden`, `Invalid`. */
  readonly reason: string;
  /** How long to wait before it is asked again, in milliseconds, where it says so. */
  readonly retryAfter?: number | undefined;
  /** Where a list that has expired may go on all the same, inconsistently. */
  readonly continueToken?: string | undefined;
  /** What is wrong, by field. */
  readonly causes?: readonly { readonly field: string; readonly message: string }[] | undefined;
}

/** An error of this package; the message says what happened, and with what. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly code: KubernetesErrorCode;
  /** Of `STATUS`. */
  readonly refusal: Refusal | undefined;

  constructor(
    code: KubernetesErrorCode,
    message: string,
    { refusal, ...options }: ErrorOptions & { readonly refusal?: Refusal } = {},
  ) {
    super(message, options);
    this.code = code;
    this.refusal = refusal;
  }

  /** HTTP status; 0 where there was no answer. */
  get status(): number {
    return this.refusal?.status ?? 0;
  }

  /** The API's word; empty where there was no answer. */
  get reason(): string {
    return this.refusal?.reason ?? '';
  }

  /** How long the server wants to be left alone, in milliseconds. */
  get retryAfter(): number | undefined {
    return this.refusal?.retryAfter;
  }

  /** True when the same request may do later. */
  get retryable(): boolean {
    if (this.code === 'UNREACHABLE' || this.code === 'TIMEOUT') return true;
    const { status } = this;
    return status === 429 || status >= 500 || (status === 409 && this.reason === 'Conflict');
  }
}

/** True for an answer of that reason; 409 is told apart by it: `AlreadyExists` or `Conflict`. */
export function isRefused(error: unknown, reason: string): error is KubernetesError {
  return error instanceof KubernetesError && error.reason === reason;
}
