/** Why a control plane can't start or go on. */
export type ControlPlaneErrorCode =
  | 'INVALID_CONFIG'
  /** The folder for data can't be used. */
  | 'DATA_DIR'
  /** The port of a listener is taken, or its address isn't this machine's. */
  | 'LISTEN_FAILED'
  /** No server of the ensemble answered in time. */
  | 'ZOOKEEPER_UNREACHABLE';

/** A failure that its user can do something about: the message says what. */
export class ControlPlaneError extends Error {
  override readonly name = 'ControlPlaneError';
  readonly code: ControlPlaneErrorCode;

  constructor(code: ControlPlaneErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
