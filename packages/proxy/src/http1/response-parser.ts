import { ChunkedBody, type ChunkSink } from './chunked-body.ts';
import { HttpSyntaxError } from './header-lines.ts';
import { parseResponseHead, type ResponseHead } from './response-head.ts';

/** What a {@link ResponseParser} tells, in this order: heads of 1xx, the head, pieces, the end. */
export interface ResponseSink {
  /** An informational response (1xx but 101). */
  informational(head: ResponseHead): void;
  /** The final response, or 101. `last` when no body follows. */
  head(head: ResponseHead, last: boolean): void;
  /** A piece of the body. `last` when it is known to be the last one. */
  body(piece: Buffer, last: boolean): void;
  /** The end of a body whose last piece was not marked; trailers are names and values in turns. */
  end(trailers: readonly string[]): void;
}

type State = 'head' | 'length' | 'chunked' | 'close' | 'done';

/**
 * Reads the one response to a request from the bytes of a connection; {@link begin} makes it ready
 * for the next. Pure: bytes in, calls of the sink out. It refuses whatever two parsers could read
 * differently, because a disagreement between proxy and server is how requests are smuggled.
 */
export class ResponseParser implements ChunkSink {
  readonly #maxHeadBytes: number;
  #sink: ResponseSink | undefined;
  #state: State = 'done';
  #bodiless = false;
  #held: Buffer | undefined;
  #left = 0;
  #chunked: ChunkedBody | undefined;

  constructor(maxHeadBytes = 64 * 1024) {
    this.#maxHeadBytes = maxHeadBytes;
  }

  /** Expects a response. `bodiless` says that the request is a HEAD. */
  begin(sink: ResponseSink, bodiless: boolean): void {
    this.#sink = sink;
    this.#bodiless = bodiless;
    this.#state = 'head';
    this.#held = undefined;
    this.#chunked = undefined;
  }

  /** True when the response has ended, or none is expected. */
  get done(): boolean {
    return this.#state === 'done';
  }

  /**
   * Takes bytes; returns how many belong to the response. What is left over after a 101 is the new
   * protocol's; after anything else the server broke the protocol.
   *
   * @throws HttpSyntaxError
   */
  push(bytes: Buffer): number {
    let at = 0;
    const taken = this.#held?.length ?? 0;
    while (this.#state === 'head' && at < bytes.length + taken) {
      const used = this.#head(this.#held ? Buffer.concat([this.#held, bytes]) : bytes, at);
      if (used === undefined) return bytes.length;
      at = used;
    }
    if (this.#state === 'head') this.#held = undefined;
    // From here on `at` counts from the beginning of `bytes`.
    at -= taken;
    if (at >= bytes.length) return bytes.length;
    switch (this.#state) {
      case 'length':
        return this.#length(bytes, at);
      case 'chunked':
        return this.#chunks(bytes, at);
      case 'close':
        this.#sink!.body(at === 0 ? bytes : bytes.subarray(at), false);
        return bytes.length;
      default:
        return at;
    }
  }

  /**
   * The server has closed its side.
   *
   * @throws HttpSyntaxError when the response is not complete.
   */
  eof(): void {
    if (this.#state === 'done') return;
    if (this.#state !== 'close') throw new HttpSyntaxError('the server closed within a response');
    this.#state = 'done';
    this.#sink!.end([]);
  }

  /** A piece of a chunked body: {@link ChunkSink}. */
  data(piece: Buffer): void {
    this.#sink!.body(piece, false);
  }

  #head(bytes: Buffer, at: number): number | undefined {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1');
    if ((end < 0 ? bytes.length : end) - at > this.#maxHeadBytes) {
      throw new HttpSyntaxError(`a response head of more than ${this.#maxHeadBytes} bytes`);
    }
    if (end < 0) {
      this.#held = at === 0 ? bytes : bytes.subarray(at);
      return undefined;
    }
    const head = parseResponseHead(bytes.toString('latin1', at, end), this.#bodiless);
    if (head.status < 200 && head.status !== 101) {
      this.#sink!.informational(head);
      return end + 4;
    }
    this.#held = undefined;
    this.#enter(head);
    return end + 4;
  }

  #enter(head: ResponseHead): void {
    const { framing } = head;
    this.#state = framing.type === 'none' ? 'done' : framing.type;
    if (framing.type === 'length') this.#left = framing.length;
    if (framing.type === 'chunked') this.#chunked = new ChunkedBody(this.#maxHeadBytes);
    this.#sink!.head(head, framing.type === 'none');
  }

  #length(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    const last = this.#left === 0;
    if (last) this.#state = 'done';
    this.#sink!.body(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end), last);
    return end;
  }

  #chunks(bytes: Buffer, at: number): number {
    const decoder = this.#chunked!;
    const end = decoder.push(bytes, at, this);
    if (decoder.done) {
      this.#state = 'done';
      this.#sink!.end(decoder.trailers);
    }
    return end;
  }
}
