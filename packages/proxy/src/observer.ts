import type { EjectionReason } from '@meshkeeper/mesh';
import type { UpstreamFailure } from './upstream/failure.ts';

/** A request that is over. */
export interface FinishedRequest {
  /** Undefined when no route was found. */
  readonly cluster: string | undefined;
  /** What the client got; 0 when it went away before. */
  readonly status: number;
  readonly durationMs: number;
  /** Attempts after the first one. */
  readonly retries: number;
  /** What went wrong upstream at last, also after the response had begun. */
  readonly failure: UpstreamFailure['reason'] | undefined;
}

/** Where metrics come from. Called on the hot path: do little, and don't throw. */
export interface ProxyObserver {
  requestFinished?(request: FinishedRequest): void;
  /** A connection to an endpoint could not be made. */
  connectFailed?(event: { cluster: string; endpoint: string; detail: string }): void;
  /** An endpoint is left aside for a while because it fails. */
  endpointEjected?(event: { cluster: string; endpoint: string; reason: EjectionReason }): void;
  /** It is no longer. */
  endpointReturned?(event: { cluster: string; endpoint: string }): void;
  /** Active checks have found something new; `detail` says what is wrong. */
  healthChanged?(event: {
    cluster: string;
    endpoint: string;
    healthy: boolean;
    detail: string | undefined;
  }): void;
  /**
   * A certificate of a listener can't be used. What was good last is shown; without any, clients are
   * turned away until there is one.
   */
  certificateFailed?(event: { listener: string; detail: string }): void;
  /** The control plane sent something that was rejected. */
  configRejected?(event: { type: string; message: string }): void;
}
