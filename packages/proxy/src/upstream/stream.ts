import type { Socket } from 'node:net';
import type { UpstreamFailure } from './failure.ts';

/** How the end of a request's body is known. */
export type BodyFraming =
  | { readonly type: 'none' }
  /** As `content-length` says. */
  | { readonly type: 'length'; readonly length: string }
  /** When it ends. */
  | { readonly type: 'chunked' };

/**
 * A request as an endpoint is to get it, whichever version of HTTP that speaks. What frames the
 * message or belongs to a connection is not in `fields`: the stream writes it.
 */
export interface OutgoingHead {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** `host` of HTTP/1, `:authority` of HTTP/2. */
  readonly authority: string;
  /** `:scheme` of HTTP/2. */
  readonly scheme: 'http' | 'https';
  /**
   * The end-to-end fields, names and values in turns, in any case; without `host`, `connection`,
   * `content-length`, `transfer-encoding`, `upgrade`, `te` and the like.
   */
  readonly fields: readonly string[];
  readonly body: BodyFraming;
  /** The protocol to upgrade to, lower case. */
  readonly upgrade: string | undefined;
  /** `te: trailers`. */
  readonly trailers: boolean;
}

/** The head of an endpoint's response. */
export interface IncomingHead {
  readonly status: number;
  /** Empty when the endpoint gave none, as with HTTP/2. */
  readonly reason: string;
  /** Names and values in turns. Fields of the connection may be among them. */
  readonly fields: readonly string[];
}

/**
 * Who has sent a request: `opened`, then `head`, pieces and an end, or `upgraded`; or `failed` at any
 * time. After the last piece, `end`, `upgraded` or `failed`, and after a cancel, nothing more is called.
 * Of all this only `opened` may be called before the call that opens the stream returns.
 */
export interface StreamReceiver {
  /** The head is on its way; the body may be written now. */
  opened(stream: UpstreamStream): void;
  /** The response's head; `last` when no body follows. */
  head(head: IncomingHead, last: boolean): void;
  /** A piece of the body; `last` when the response is known to end with it. */
  body(piece: Buffer, last: boolean): void;
  /** The end of a body whose last piece was not marked; names and values in turns. */
  end(trailers: readonly string[]): void;
  /** For the time being there is no more of the response. */
  flush(): void;
  /** The endpoint agreed to the other protocol: `socket` is the receiver's, `first` came already. */
  upgraded(head: IncomingHead, socket: Socket, first: Buffer): void;
  /** After a write that gave false: the stream takes more. */
  writable(): void;
  /** The response will not come, or not to its end. */
  failed(failure: UpstreamFailure): void;
}

/**
 * Why a stream is given up. `timeout` is the endpoint's fault, and is counted as a failure of it;
 * `unwanted` is not: the client has gone, or has been answered.
 */
export type CancelReason = 'timeout' | 'unwanted';

/** A request on its way to an endpoint. Its cluster counts it, and takes note of what became of it. */
export interface UpstreamStream {
  /** Sends a piece of the body, as it is: framing is the stream's. False: wait for `writable`. */
  write(piece: Buffer): boolean;
  /** The request has been sent to its end. Without a body: once, at the beginning. */
  finish(trailers?: readonly string[]): void;
  /** Stops reading the response, for a reader that is slower. */
  pause(): void;
  /** Ends a {@link pause}. */
  resume(): void;
  /** Gives it up, in whatever state; the receiver hears no more. Idempotent, and nothing once it is over. */
  cancel(reason: CancelReason): void;
}

/** How a stream is opened. */
export interface StreamOptions {
  /** The stream fails after so many milliseconds in which no byte of it moves; 0 is never. */
  readonly idleTimeout: number;
}
