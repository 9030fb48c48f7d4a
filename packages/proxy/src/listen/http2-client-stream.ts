import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { ClientFacts } from '../config/request-view.ts';
import { type ClientReceiver, type ClientStream, NO_RECEIVER } from './client-stream.ts';

const NO_TRAILERS: readonly string[] = [];
const LAST_STATUS = 599;
const BAD_GATEWAY = 502;

/** A request over HTTP/2. */
export class Http2ClientStream implements ClientStream {
  receiver: ClientReceiver = NO_RECEIVER;
  flushTimeout = 0;
  readonly client: ClientFacts;
  readonly expectsContinue: boolean;
  readonly #stream: ServerHttp2Stream;
  #status = 0;
  /** The head, until it is sent: with the body it can be one packet. */
  #held: OutgoingHttpHeaders | undefined;
  #reading = false;
  #draining = false;
  #requestEnded = false;
  #requestTrailers = NO_TRAILERS;
  #trailers = NO_TRAILERS;

  constructor(stream: ServerHttp2Stream, client: ClientFacts, expectsContinue: boolean) {
    this.#stream = stream;
    this.client = client;
    this.expectsContinue = expectsContinue;
    stream.on('close', () => this.receiver.closed());
    stream.on('error', () => {
      // What follows is the close.
    });
  }

  get status(): number {
    return this.#status;
  }

  whenClosed(callback: () => void): void {
    this.#stream.once('close', callback);
  }

  read(): void {
    const stream = this.#stream;
    if (this.#reading) {
      stream.resume();
      return;
    }
    this.#reading = true;
    stream.on('trailers', (trailers) => {
      this.#requestTrailers = fieldsOf(trailers);
    });
    stream.on('data', (piece: Buffer) => this.receiver.data(piece));
    stream.on('end', () => {
      this.#requestEnded = true;
      // A stream that was reset ends, too.
      if (!stream.aborted) this.receiver.ended(this.#requestTrailers);
    });
  }

  pause(): void {
    if (this.#reading) this.#stream.pause();
  }

  continue(): void {
    if (!this.#stream.destroyed) this.#stream.additionalHeaders({ ':status': 100 });
  }

  lastOfConnection(): void {
    // The connection says itself when it is to end: a stream can't be out of step with it.
  }

  respond(status: number, _reason: string, fields: readonly string[]): void {
    // What is beyond HTTP's classes of statuses has no place here.
    this.#status = status <= LAST_STATUS ? status : BAD_GATEWAY;
    this.#held = headersOf(fields);
    this.#held[':status'] = this.#status;
  }

  flush(): void {
    const headers = this.#held;
    if (!headers) return;
    this.#held = undefined;
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    stream.on('wantTrailers', () => stream.sendTrailers(headersOf(this.#trailers)));
    stream.respond(headers, { waitForTrailers: true });
  }

  write(piece: Buffer): boolean {
    this.flush();
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return true;
    const more = stream.write(piece);
    if (!more && !this.#draining) {
      this.#draining = true;
      stream.once('drain', () => {
        this.#draining = false;
        this.receiver.drained();
      });
    }
    return more;
  }

  end(piece?: Buffer, trailers: readonly string[] = NO_TRAILERS): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    this.#trailers = trailers;
    if (this.#reading && !this.#requestEnded) {
      // RFC 9113, 8.1: the rest of the request is of no use.
      stream.on('finish', () => stream.close(constants.NGHTTP2_NO_ERROR));
    }
    if (this.#held && trailers.length === 0) {
      stream.respond(this.#held, { endStream: piece === undefined });
      this.#held = undefined;
      if (piece) stream.end(piece);
    } else {
      this.flush();
      if (piece) stream.end(piece);
      else stream.end();
    }
    if (this.flushTimeout > 0 && stream.writableLength > 0) {
      const timer = setTimeout(() => this.reset(), this.flushTimeout);
      stream.once('close', () => clearTimeout(timer));
    }
  }

  reset(): void {
    this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  switchProtocols(): undefined {
    return undefined;
  }
}

/** Fields, names and values in turns, as Node's HTTP/2 takes them. */
function headersOf(fields: readonly string[]): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = { __proto__: null } as never;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    const before = headers[name];
    const value = fields[i + 1]!;
    if (before === undefined) headers[name] = value;
    // Node refuses lists of what there can be only one of: the first one counts.
    else if (!SINGLE.has(name))
      headers[name] = Array.isArray(before) ? [...before, value] : [before, value];
  }
  return headers;
}

const SINGLE: ReadonlySet<string> = new Set([
  ...['access-control-allow-credentials', 'access-control-max-age', 'age', 'content-encoding'],
  ...['content-language', 'content-length', 'content-location', 'content-md5', 'content-range'],
  ...['content-type', 'date', 'dnt', 'etag', 'expires', 'last-modified', 'location', 'retry-after'],
  ...['tk', 'x-content-type-options', 'access-control-request-method', 'authorization', 'from'],
  ...['host', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since'],
  ...['max-forwards', 'proxy-authorization', 'range', 'referer', 'user-agent'],
  ...['upgrade-insecure-requests'],
]);

function fieldsOf(headers: Readonly<Record<string, unknown>>): string[] {
  const fields: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    for (const each of Array.isArray(value) ? value : [value]) fields.push(name, String(each));
  }
  return fields;
}
