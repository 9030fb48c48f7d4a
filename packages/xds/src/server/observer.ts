import type { Locality } from '@meshkeeper/mesh';
import type { ConnectedProxy } from './proxy-status.ts';

/** A response that a proxy judged. Times are milliseconds since the epoch. */
export interface Judged {
  readonly proxy: ConnectedProxy;
  readonly typeUrl: string;
  readonly version: string;
  /** Resources in the response, sent or removed. */
  readonly names: readonly string[];
  readonly sentAt: number;
}

/** Requests that a data plane sent somewhere since its last report. */
export interface RequestCounts {
  /** Begun. */
  readonly issued: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Not ended yet. */
  readonly inProgress: number;
}

/** What a data plane reports of the load that it puts on a cluster (LRS). */
export interface LoadReport {
  /** `node.id`. */
  readonly proxy: string;
  readonly cluster: string;
  /** Milliseconds since the last report. */
  readonly interval: number;
  /** Requests that it let nobody have. */
  readonly dropped: number;
  readonly localities: readonly (RequestCounts & {
    readonly locality: Locality;
    readonly priority: number;
    /** By address; those that it reports. */
    readonly endpoints: readonly (RequestCounts & {
      readonly address: string;
      readonly port: number;
    })[];
  })[];
}

/** A stream has applied a revision of the snapshot. */
export interface Applied {
  readonly proxy: ConnectedProxy;
  /** The newest of which it has accepted all that it subscribes to. */
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Is told what the data planes do. Must not throw, and is called in the middle of the work. */
export interface XdsObserver {
  connected?(proxy: ConnectedProxy): void;
  disconnected?(proxy: ConnectedProxy): void;
  /** A data plane has reported the load that it puts on the clusters. */
  loadReported?(reports: readonly LoadReport[]): void;
  /** The proxy has applied it. */
  acked?(event: Judged & { readonly ackedAt: number }): void;
  /** The proxy has rejected it and keeps what it had; `message` is its own. */
  nacked?(event: Judged & { readonly nackedAt: number; readonly message: string }): void;
  /**
   * The proxy got further, by an acknowledgement; or because nothing of a revision concerned it, which
   * is told up to 100 ms later.
   */
  applied?(event: Applied): void;
  /** All changes up to that revision were handed to the streams. */
  served?(revision: number): void;
}
