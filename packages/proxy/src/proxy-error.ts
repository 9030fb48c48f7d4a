/**
 * `port-busy`, `bind-failed`: the address of a listener. `not-ready`: no usable configuration came
 * in time.
 */
export type ProxyErrorCode = 'port-busy' | 'bind-failed' | 'not-ready';

/** What this package throws. The message says what to do. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code: ProxyErrorCode;

  constructor(code: ProxyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** True when the same call may succeed later. */
  get retryable(): boolean {
    return this.code === 'not-ready' || this.code === 'port-busy';
  }
}
