import type { Socket } from 'node:net';
import type { ClientFacts } from '../config/request-view.ts';

/** Who takes what comes of a request after its head. */
export interface ClientReceiver {
  /** A piece of the request's body. */
  data(piece: Buffer): void;
  /** The end of the body; trailers are names and values in turns. */
  ended(trailers: readonly string[]): void;
  /** After a write that gave false: the client takes more. */
  drained(): void;
  /** It is over: the response was sent, or the client has gone. */
  closed(): void;
}

/** A request of a client and the way back to it, whichever version of HTTP that speaks. */
export interface ClientStream {
  /** The connection that it came by. */
  readonly client: ClientFacts;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
  /** The status that was sent; 0 before. */
  readonly status: number;
  /** Milliseconds that the client has to take what is left of a response that has ended; 0: for ever. */
  flushTimeout: number;
  /** Whom to tell. It can be another one later; the last one counts. */
  receiver: ClientReceiver;
  /** Calls when it is over, whoever the receiver is. */
  whenClosed(callback: () => void): void;
  /** Delivers the body from now on. */
  read(): void;
  /** Keeps the rest of the body back. */
  pause(): void;
  /** Asks the client for the body: `100 Continue`. */
  continue(): void;
  /** The response is the last one of its connection. Before {@link respond}. */
  lastOfConnection(): void;
  /** The response's head, which may wait for the body: names and values in turns. */
  respond(status: number, reason: string, fields: readonly string[]): void;
  /** Sends a head that waits. */
  flush(): void;
  /** A piece of the response's body. False: wait for `drained`. */
  write(piece: Buffer): boolean;
  /** The end of the response; names and values in turns. */
  end(piece?: Buffer, trailers?: readonly string[]): void;
  /**
   * Says why there is no response of an endpoint, with the status that a client elsewhere would get. A
   * stream without it is answered with that status and sentence.
   */
  fail?(status: number, message: string): void;
  /** Breaks the response off, so that the client can't take it for complete. */
  reset(): void;
  /** Answers with 101: what follows, in both directions, is the other protocol's. */
  switchProtocols(protocol: string, fields: readonly string[]): Socket | undefined;
}

/** Takes nothing: for a request that is answered at once. */
export const NO_RECEIVER: ClientReceiver = { data() {}, ended() {}, drained() {}, closed() {} };
