import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import type { UpstreamFailure } from '../failure.ts';
import type { OutgoingHead, StreamOptions, StreamReceiver, UpstreamStream } from '../stream.ts';
import type { Http2Connection } from './http2-connection.ts';
import { requestHeaders } from './request-headers.ts';

/** Who keeps streams that wait for a connection. */
export interface StreamQueue {
  /** The stream wants no connection any more. */
  forget(stream: Http2Stream): void;
}

const { NGHTTP2_CANCEL, NGHTTP2_FLAG_END_STREAM, NGHTTP2_HTTP_1_1_REQUIRED, NGHTTP2_NO_ERROR } =
  constants;
const { NGHTTP2_REFUSED_STREAM } = constants;

/** One request over HTTP/2: in its pool's queue, then a stream of a connection. */
export class Http2Stream implements UpstreamStream {
  readonly #head: OutgoingHead;
  readonly receiver: StreamReceiver;
  readonly #idleTimeout: number;
  readonly #queue: StreamQueue;
  #connection: Http2Connection | undefined;
  #stream: ClientHttp2Stream | undefined;
  /** The request has been sent to its end. */
  #sent = false;
  /** Something of the response has come. */
  #answered = false;
  /** The connection was idle when the request went out. */
  #reused = false;
  #bodyBegun = false;
  /** What the response's body has to have, as far as it said so. */
  #left: number | undefined;
  #trailers: readonly string[] = [];
  #error: Error | undefined;
  #over = false;

  constructor(
    head: OutgoingHead,
    receiver: StreamReceiver,
    { idleTimeout }: StreamOptions,
    queue: StreamQueue,
  ) {
    this.#head = head;
    this.receiver = receiver;
    this.#idleTimeout = idleTimeout;
    this.#queue = queue;
  }

  /** Goes out on a connection with room for it. False: that can't be sent over HTTP/2. */
  sendOn(connection: Http2Connection, session: ClientHttp2Session, reused: boolean): boolean {
    const { body } = this.#head;
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(requestHeaders(this.#head), {
        endStream: body.type === 'none',
        waitForTrailers: body.type === 'chunked',
      });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.fail({ reason: 'protocol', detail });
      return false;
    }
    this.#connection = connection;
    this.#stream = stream;
    this.#reused = reused;
    this.#sent = body.type === 'none';
    this.#listen(stream);
    this.receiver.opened(this);
    return true;
  }

  write(piece: Buffer): boolean {
    if (this.#over || !this.#stream) return true;
    return this.#stream.write(piece);
  }

  finish(trailers: readonly string[] = []): void {
    const stream = this.#stream;
    if (this.#over || this.#sent || !stream) return;
    this.#sent = true;
    if (this.#head.body.type === 'chunked') {
      stream.once('wantTrailers', () => stream.sendTrailers(trailerRecord(trailers)));
    }
    stream.end();
  }

  pause(): void {
    if (!this.#over) this.#stream?.pause();
  }

  resume(): void {
    if (!this.#over) this.#stream?.resume();
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#stream) this.#stream.close(NGHTTP2_CANCEL);
    else this.#queue.forget(this);
  }

  /** Ends it without a response, or without the rest of one. */
  fail(failure: UpstreamFailure): void {
    if (this.#over) return;
    this.#over = true;
    this.receiver.failed(failure);
  }

  #listen(stream: ClientHttp2Stream): void {
    if (this.#idleTimeout > 0) {
      stream.setTimeout(this.#idleTimeout, () => {
        this.fail({ reason: 'timeout', detail: 'no byte for too long' });
        stream.close(NGHTTP2_CANCEL);
      });
    }
    // The third argument is not in the type of the event.
    const response = (_: unknown, flags: number, raw: readonly string[]) =>
      this.#response(flags, raw);
    stream.on('response', response as Parameters<typeof stream.on>[1]);
    const trailers = (_: unknown, __: number, raw: readonly string[]) => {
      this.#trailers = raw;
    };
    stream.on('trailers', trailers as Parameters<typeof stream.on>[1]);
    stream.on('data', (piece: Buffer) => this.#body(piece));
    stream.on('end', () => this.#end());
    stream.on('drain', () => {
      if (!this.#over) this.receiver.writable();
    });
    stream.on('error', (error) => {
      this.#error ??= error;
    });
    stream.on('close', () => this.#close(stream));
  }

  #response(flags: number, raw: readonly string[]): void {
    if (this.#over) return;
    this.#answered = true;
    const fields: string[] = [];
    let status = 0;
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i]!;
      if (name === ':status') status = Number(raw[i + 1]);
      else if (!name.startsWith(':')) fields.push(name, raw[i + 1]!);
      if (name === 'content-length') this.#left = Number(raw[i + 1]);
    }
    const last = (flags & NGHTTP2_FLAG_END_STREAM) !== 0;
    if (last) this.#complete();
    this.receiver.head({ status, reason: '', fields }, last);
    if (last) return;
    if (this.#head.method === 'HEAD') this.#left = undefined;
    // What follows at once is sent on with the head.
    setImmediate(() => {
      if (!this.#over && !this.#bodyBegun) this.receiver.flush();
    });
  }

  #body(piece: Buffer): void {
    if (this.#over) return;
    this.#bodyBegun = true;
    if (this.#left !== undefined) this.#left -= piece.length;
    this.receiver.body(piece, false);
  }

  #end(): void {
    if (this.#over || !this.#answered) return;
    if (this.#left !== undefined && this.#left !== 0) {
      this.fail({ reason: 'reset', detail: 'the stream ended within a response' });
      return;
    }
    this.#complete();
    this.receiver.end(this.#trailers);
  }

  /** The response has come to its end: what is left of the request is of no use. */
  #complete(): void {
    this.#over = true;
    if (!this.#sent) this.#stream?.close(NGHTTP2_NO_ERROR);
    this.#leave();
  }

  /** The connection has room for another. */
  #leave(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.ended();
  }

  #close(stream: ClientHttp2Stream): void {
    this.#leave();
    const code = stream.rstCode;
    const detail = this.#error?.message ?? `the stream was closed with code ${code}`;
    if (code === NGHTTP2_REFUSED_STREAM) this.fail({ reason: 'refused', detail });
    else if (code === NGHTTP2_HTTP_1_1_REQUIRED) this.fail({ reason: 'protocol', detail });
    else this.fail({ reason: 'reset', detail, reused: this.#reused && !this.#answered });
  }
}

function trailerRecord(trailers: readonly string[]): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = {};
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i]!.toLowerCase();
    const former = record[name];
    record[name] = former === undefined ? trailers[i + 1]! : [former, trailers[i + 1]!].flat();
  }
  return record;
}
