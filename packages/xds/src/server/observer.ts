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

/** Is told what the data planes do. Must not throw, and is called in the middle of the work. */
export interface XdsObserver {
  connected?(proxy: ConnectedProxy): void;
  disconnected?(proxy: ConnectedProxy): void;
  /** The proxy has applied it. */
  acked?(event: Judged & { readonly ackedAt: number }): void;
  /** The proxy has rejected it and keeps what it had; `message` is its own. */
  nacked?(event: Judged & { readonly nackedAt: number; readonly message: string }): void;
}
