/** Why a testbed operation failed. */
export type TestbedErrorCode =
  /** A component (ZooKeeper, Envoy, …) is not installed; the message says how to get it. */
  | 'component-missing'
  /** A process ended, or never became ready, while starting; the message holds its log's tail. */
  | 'start-failed'
  /** A condition did not come true in time. */
  | 'timeout'
  /** A command or a request to a component was answered with a failure. */
  | 'command-failed'
  /** The resource was closed, or its process is gone. */
  | 'closed';

/** The one error class of the testbed. Only `timeout` is worth trying again. */
export class TestbedError extends Error {
  override readonly name = 'TestbedError';
  /** Which failure it is. */
  readonly code: TestbedErrorCode;
  /** Whether the same call may succeed if it is made again. */
  readonly retryable: boolean;

  constructor(code: TestbedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryable = code === 'timeout';
  }
}
