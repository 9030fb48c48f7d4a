import { checkLines, HttpSyntaxError, parseFields } from './header-lines.ts';

/** The longest chunk-size line with its extensions, in bytes. */
const MAX_SIZE_LINE = 1024;
const SIZE_LINE = /^([0-9a-fA-F]{1,12})(?:[ \t]*;[^\r\n]*)?$/;
const CR = 0x0d;
const LF = 0x0a;

type State =
  | { readonly type: 'size' }
  | { readonly type: 'data'; left: number }
  | { readonly type: 'data-end' }
  | { readonly type: 'trailers' }
  | { readonly type: 'done' };

/** What a decoder hands out. */
export interface ChunkSink {
  /** A piece of the body; a view into what was pushed. */
  data(piece: Buffer): void;
}

/** Decodes a chunked body (RFC 9112, 7.1), strictly: CRLF only, sizes of at most twelve digits. */
export class ChunkedBody {
  #state: State = { type: 'size' };
  /** The beginning of a line that ends in a later piece. */
  #held = '';
  /** The trailer section's fields, names and values in turns, once {@link done}. */
  trailers: readonly string[] = [];
  readonly #maxTrailerBytes: number;

  constructor(maxTrailerBytes: number) {
    this.#maxTrailerBytes = maxTrailerBytes;
  }

  /** True when the last chunk and the trailer section have been read. */
  get done(): boolean {
    return this.#state.type === 'done';
  }

  /**
   * Decodes `bytes` from `at`; returns where it stopped, which is before the end when the body ended.
   *
   * @throws HttpSyntaxError
   */
  push(bytes: Buffer, at: number, sink: ChunkSink): number {
    while (at < bytes.length) {
      switch (this.#state.type) {
        case 'data': {
          const piece = bytes.subarray(at, at + this.#state.left);
          at += piece.length;
          this.#state.left -= piece.length;
          if (this.#state.left === 0) this.#state = { type: 'data-end' };
          sink.data(piece);
          break;
        }
        case 'done':
          return at;
        default:
          at = this.#line(bytes, at);
      }
    }
    return at;
  }

  #line(bytes: Buffer, at: number): number {
    const lf = bytes.indexOf(LF, at);
    const end = lf < 0 ? bytes.length : lf + 1;
    const limit = this.#state.type === 'trailers' ? this.#maxTrailerBytes : MAX_SIZE_LINE;
    if (this.#held.length + end - at > limit) throw new HttpSyntaxError('a chunk line too long');
    this.#held += bytes.toString('latin1', at, end);
    if (lf < 0) return end;
    if (this.#held.charCodeAt(this.#held.length - 2) !== CR) {
      throw new HttpSyntaxError('a chunk line that does not end in CRLF');
    }
    if (this.#state.type === 'trailers') this.#trailerLine();
    else this.#chunkLine(this.#held.slice(0, -2));
    return end;
  }

  #chunkLine(line: string): void {
    this.#held = '';
    if (this.#state.type === 'data-end') {
      if (line !== '') throw new HttpSyntaxError('a chunk longer than its size');
      this.#state = { type: 'size' };
      return;
    }
    checkLines(line);
    const digits = SIZE_LINE.exec(line)?.[1];
    if (digits === undefined) throw new HttpSyntaxError('a malformed chunk size');
    const size = Number.parseInt(digits, 16);
    this.#state = size === 0 ? { type: 'trailers' } : { type: 'data', left: size };
  }

  /** The lines of the trailer section gather in `#held` until the empty one. */
  #trailerLine(): void {
    if (this.#held !== '\r\n' && !this.#held.endsWith('\r\n\r\n')) return;
    const section = this.#held.slice(0, -2);
    if (section !== '') {
      const text = section.slice(0, -2);
      checkLines(text);
      this.trailers = parseFields(text, 0);
    }
    this.#held = '';
    this.#state = { type: 'done' };
  }
}
