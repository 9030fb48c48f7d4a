import type { UpstreamFailure } from '../failure.ts';
import type { OutgoingHead, StreamOptions, StreamReceiver, UpstreamStream } from '../stream.ts';
import type { Connection } from './connection.ts';

/** Who keeps streams that wait for a connection. */
export interface StreamQueue {
  /** The stream wants no connection any more. */
  forget(stream: Http1Stream): void;
}

/** One request over HTTP/1.1: in its pool's queue, then on a connection that is its own until the end. */
export class Http1Stream implements UpstreamStream {
  readonly head: OutgoingHead;
  readonly receiver: StreamReceiver;
  /** Milliseconds of silence after which it fails; 0 is never. */
  readonly idleTimeout: number;
  readonly #queue: StreamQueue;
  #connection: Connection | undefined;

  constructor(
    head: OutgoingHead,
    receiver: StreamReceiver,
    { idleTimeout }: StreamOptions,
    queue: StreamQueue,
  ) {
    this.head = head;
    this.receiver = receiver;
    this.idleTimeout = idleTimeout;
    this.#queue = queue;
  }

  /** Goes out on a connection that is free. */
  sendOn(connection: Connection): void {
    this.#connection = connection;
    connection.begin(this);
    this.receiver.opened(this);
  }

  /** There is no connection for it. */
  fail(failure: UpstreamFailure): void {
    this.receiver.failed(failure);
  }

  write(piece: Buffer): boolean {
    const connection = this.#connectionOfMine;
    if (!connection) return true;
    if (this.head.body.type !== 'chunked') return connection.write(piece);
    if (piece.length === 0) return true;
    connection.cork();
    connection.write(`${piece.length.toString(16)}\r\n`);
    connection.write(piece);
    const more = connection.write('\r\n');
    connection.uncork();
    return more;
  }

  finish(trailers: readonly string[] = []): void {
    const connection = this.#connectionOfMine;
    if (!connection) return;
    if (this.head.body.type === 'chunked') {
      let last = '0\r\n';
      for (let i = 0; i < trailers.length; i += 2) last += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
      connection.write(`${last}\r\n`);
    }
    connection.finish();
  }

  pause(): void {
    this.#connectionOfMine?.pause();
  }

  resume(): void {
    this.#connectionOfMine?.resume();
  }

  cancel(): void {
    if (!this.#connection) this.#queue.forget(this);
    else this.#connectionOfMine?.destroy();
  }

  /** The connection while it carries this request: later it may carry another. */
  get #connectionOfMine(): Connection | undefined {
    return this.#connection?.carries(this) ? this.#connection : undefined;
  }
}
