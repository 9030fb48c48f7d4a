import type { PoolOptions } from './pool-options.ts';
import type { OutgoingHead, StreamOptions, StreamReceiver, UpstreamStream } from './stream.ts';

/** The connections to one endpoint, whichever version of HTTP they speak. */
export interface StreamPool {
  /** Connections that are open or being opened. */
  readonly size: number;
  /** Connections without a request on them. */
  readonly idle: number;
  /** Sends a request on a connection that there is, or on one that is opened for it. */
  open(head: OutgoingHead, receiver: StreamReceiver, options: StreamOptions): UpstreamStream;
  /** New bounds and times; what belongs to a connection holds for new ones. */
  configure(options: PoolOptions): void;
  /** Closes what has been idle, or open, for too long. */
  sweep(now: number): void;
  /** Requests go out on new connections from now on; those on their way are finished. */
  drain(): void;
  /** Takes no more requests and closes idle connections; requests on their way are finished. */
  retire(): void;
  /** Drops every connection, with the requests on them. */
  destroy(): void;
}
