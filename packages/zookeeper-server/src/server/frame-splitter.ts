import { JuteError } from '@meshkeeper/jute';

/** One frame's payload: a range of a buffer. */
export interface Frame {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

const LENGTH = 4;

/**
 * Cuts a byte stream into frames. A frame that lies within one chunk is a range of that chunk; only
 * one that crosses chunks is copied, once, into a buffer of its own size.
 */
export class FrameSplitter {
  readonly #limit: number;
  #chunk: Buffer | undefined;
  #offset = 0;
  /** A frame that began in an earlier chunk, its length included. */
  #partial: Buffer | undefined;
  #filled = 0;

  /** `limit` is the largest payload in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Gives the next chunk, after `next()` said that the one before is used up. */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#offset = 0;
  }

  /** The first four bytes of the stream while nothing was taken; undefined before they are there. */
  peekWord(): string | undefined {
    if (this.#partial) return undefined;
    const chunk = this.#chunk;
    if (chunk === undefined || chunk.length - this.#offset < LENGTH) return undefined;
    return chunk.toString('latin1', this.#offset, this.#offset + LENGTH);
  }

  /**
   * The next whole frame, or undefined if more bytes are needed.
   *
   * @throws JuteError if a length is negative or over the limit.
   */
  next(): Frame | undefined {
    const chunk = this.#chunk;
    if (chunk === undefined) return undefined;
    if (this.#partial) return this.#complete(chunk);
    const start = this.#offset + LENGTH;
    if (start <= chunk.length) {
      const end = start + this.#checked(chunk.readInt32BE(this.#offset));
      if (end <= chunk.length) {
        this.#advance(chunk, end);
        return { buffer: chunk, start, end };
      }
      this.#partial = Buffer.allocUnsafe(end - this.#offset);
    } else if (this.#offset < chunk.length) this.#partial = Buffer.allocUnsafe(LENGTH);
    this.#filled = this.#partial ? chunk.copy(this.#partial, 0, this.#offset) : 0;
    this.#chunk = undefined;
    return undefined;
  }

  #complete(chunk: Buffer): Frame | undefined {
    const partial = this.#partial!;
    const copied = chunk.copy(partial, this.#filled, this.#offset);
    this.#filled += copied;
    this.#advance(chunk, this.#offset + copied);
    if (this.#filled < partial.length) return undefined;
    const size = LENGTH + this.#checked(partial.readInt32BE(0));
    if (partial.length === LENGTH && size > LENGTH) {
      // Only now the length is known.
      this.#partial = Buffer.allocUnsafe(size);
      partial.copy(this.#partial);
      return this.next();
    }
    this.#partial = undefined;
    return { buffer: partial, start: LENGTH, end: size };
  }

  #advance(chunk: Buffer, to: number): void {
    this.#offset = to;
    if (to >= chunk.length) this.#chunk = undefined;
  }

  #checked(length: number): number {
    if (length < 0 || length > this.#limit)
      throw new JuteError('too-long', `a frame of ${length} bytes`, this.#offset);
    return length;
  }
}
