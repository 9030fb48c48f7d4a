import type { Socket } from 'node:net';
import { HttpSyntaxError } from '../../http1/header-lines.ts';
import type { ResponseHead } from '../../http1/response-head.ts';
import { ResponseParser, type ResponseSink } from '../../http1/response-parser.ts';
import type { UpstreamFailure } from '../failure.ts';
import { openSocket } from '../open-socket.ts';
import type { PoolOptions } from '../pool-options.ts';
import type { Http1Stream } from './http1-stream.ts';
import { requestText } from './request-text.ts';

/** Who keeps a connection. */
export interface ConnectionOwner {
  /** It is connected. */
  opened(connection: Connection): void;
  /** Its request is over and it can take another. */
  released(connection: Connection): void;
  /** It is gone; `failure` when it never was connected. */
  closed(connection: Connection, failure: UpstreamFailure | undefined): void;
}

/** One HTTP/1.1 connection to an endpoint; carries one request at a time. */
export class Connection implements ResponseSink {
  /** Milliseconds since the epoch until which the server keeps it open idle, as far as it said. */
  keptUntil = Number.POSITIVE_INFINITY;
  /** Milliseconds since the epoch when it last became idle. */
  idleSince = 0;
  /** When it was opened. */
  readonly begun = Date.now();
  /** Requests that it has carried. */
  requests = 0;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #parser = new ResponseParser();
  #stream: Http1Stream | undefined;
  /** Something of the response has come. */
  #answered = false;
  #connected = false;
  #keepAlive = true;
  #requestDone = false;
  #idleTimeout = 0;
  #upgrade: ResponseHead | undefined;
  #error: Error | undefined;

  constructor(options: PoolOptions, owner: ConnectionOwner) {
    const { address, port, config, tls } = options;
    this.#owner = owner;
    const at = { address, port, tls, tcpKeepalive: config.tcpKeepalive };
    const socket = openSocket(at, () => {
      this.#connected = true;
      socket.setTimeout(0);
      owner.opened(this);
    });
    this.#socket = socket;
    socket.setTimeout(config.connectTimeout);
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('end', () => this.#eof());
    socket.on('drain', () => this.#stream?.receiver.writable());
    socket.on('timeout', () => this.#timeout());
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('close', () => this.#close());
  }

  /** False while it is being opened. */
  get connected(): boolean {
    return this.#connected;
  }

  /** False once it is of no more use. */
  get usable(): boolean {
    return this.#connected && this.#keepAlive && !this.#socket.destroyed;
  }

  /** Sends the head of a request, which gets the response. */
  begin(stream: Http1Stream): void {
    const { head, idleTimeout } = stream;
    if (this.#idleTimeout !== idleTimeout) {
      this.#idleTimeout = idleTimeout;
      this.#socket.setTimeout(idleTimeout);
    }
    this.#stream = stream;
    this.requests++;
    this.#requestDone = false;
    this.#answered = false;
    this.#parser.begin(this, head.method === 'HEAD');
    this.#socket.write(requestText(head), 'latin1');
  }

  /** True while the request is this one. */
  carries(stream: Http1Stream): boolean {
    return this.#stream === stream;
  }

  /** Sends a piece of the request's body; false when it is time to wait for `writable`. */
  write(piece: Buffer | string): boolean {
    return this.#socket.write(piece, 'latin1');
  }

  /** Keeps writes back until {@link uncork}, to send them in one. */
  cork(): void {
    this.#socket.cork();
  }

  /** Ends a {@link cork}. */
  uncork(): void {
    this.#socket.uncork();
  }

  /** The request has been sent to its end. */
  finish(): void {
    this.#requestDone = true;
  }

  /** Stops reading, for a reader that is slower. */
  pause(): void {
    this.#socket.pause();
  }

  /** Ends a {@link pause}. */
  resume(): void {
    this.#socket.resume();
  }

  /** Takes no request after the one that it has. */
  wearOut(): void {
    this.#keepAlive = false;
    if (this.#connected && !this.#stream) this.#socket.destroy();
  }

  /** Drops it; its request hears no more. */
  destroy(): void {
    this.#stream = undefined;
    this.#socket.destroy();
  }

  informational(): void {
    // 100 is what the proxy says itself; the others are hints that may be left out.
  }

  head(head: ResponseHead, last: boolean): void {
    this.#keepAlive &&= head.keepAlive;
    if (head.idleTimeout !== undefined) {
      // A second early, so that the server's close doesn't cross our next request.
      this.keptUntil = Date.now() + Math.max(0, head.idleTimeout - 1) * 1000;
    }
    if (head.status === 101) this.#upgrade = head;
    else this.#stream?.receiver.head(head, last);
  }

  body(piece: Buffer, last: boolean): void {
    this.#stream?.receiver.body(piece, last);
  }

  end(trailers: readonly string[]): void {
    this.#stream?.receiver.end(trailers);
  }

  /** The server may have closed it as idle while the request was on its way. */
  get #raced(): boolean {
    return this.requests > 1 && !this.#answered;
  }

  #read(bytes: Buffer): void {
    if (this.#parser.done) {
      // Bytes that nobody asked for, even while a request is being sent: not to be trusted.
      this.#fail({ reason: 'protocol', detail: 'bytes after the end of a response' });
      return;
    }
    this.#answered = true;
    try {
      const used = this.#parser.push(bytes);
      if (!this.#parser.done) {
        this.#stream?.receiver.flush();
        return;
      }
      if (this.#upgrade) this.#handOver(this.#upgrade, bytes.subarray(used));
      else if (used < bytes.length) this.#keepAlive = false;
      this.#release();
    } catch (error) {
      if (!(error instanceof HttpSyntaxError)) throw error;
      this.#fail({ reason: 'protocol', detail: error.message });
    }
  }

  #eof(): void {
    this.#keepAlive = false;
    if (this.#parser.done) {
      if (!this.#stream) this.#socket.destroy();
      return;
    }
    try {
      this.#parser.eof();
      this.#release();
    } catch (error) {
      if (!(error instanceof HttpSyntaxError)) throw error;
      this.#fail({
        reason: 'reset',
        detail: error.message,
        reused: this.#raced,
      });
    }
  }

  #release(): void {
    if (!this.#stream) return;
    this.#stream = undefined;
    // Answered before the whole request was sent: what follows would be taken for the next one.
    if (!this.#keepAlive || !this.#requestDone) this.#socket.destroy();
    if (this.#socket.destroyed) return;
    this.#owner.released(this);
  }

  #handOver(head: ResponseHead, first: Buffer): void {
    const receiver = this.#stream?.receiver;
    this.#stream = undefined;
    this.#keepAlive = false;
    const socket = this.#socket;
    for (const event of ['data', 'end', 'drain', 'timeout']) socket.removeAllListeners(event);
    socket.setTimeout(0);
    if (receiver) receiver.upgraded(head, socket, first);
    else socket.destroy();
  }

  #timeout(): void {
    // An idle connection is the owner's to close.
    if (this.#connected && !this.#stream) return;
    const detail = this.#connected ? 'no byte for too long' : 'connecting took too long';
    this.#fail({ reason: this.#connected ? 'timeout' : 'connect', detail });
  }

  #fail(failure: UpstreamFailure): void {
    const receiver = this.#stream?.receiver;
    this.#stream = undefined;
    this.#keepAlive = false;
    this.#error ??= new Error(failure.detail);
    this.#socket.destroy();
    receiver?.failed(failure);
  }

  #close(): void {
    const detail = this.#error?.message ?? 'the connection was closed';
    const receiver = this.#stream?.receiver;
    this.#stream = undefined;
    const reused = this.#raced;
    this.#owner.closed(this, this.#connected ? undefined : { reason: 'connect', detail });
    receiver?.failed({ reason: 'reset', detail, reused });
  }
}
