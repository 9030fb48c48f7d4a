import { JuteError } from './jute-error.ts';

const LENGTH_SIZE = 4;
const NOTHING = Buffer.alloc(0);

/**
 * Cuts a byte stream into frames. A frame that lies within one chunk is a view of it; only one that
 * crosses chunks is copied, once, into a buffer of its size.
 *
 * `push` hands over all frames of a chunk; who has to be able to stop between two of them gives the
 * chunk to `add` and takes the frames with `next`.
 */
export class FrameSplitter {
  readonly #maxFrame: number;
  #chunk: Buffer = NOTHING;
  #offset = 0;
  readonly #header = Buffer.alloc(LENGTH_SIZE);
  #headerFilled = 0;
  #body: Buffer | undefined;
  #bodyFilled = 0;

  /** `maxFrame`: bytes; a longer frame is refused as soon as its length is known. */
  constructor(maxFrame: number) {
    this.#maxFrame = maxFrame;
  }

  /**
   * Calls `frame` with each frame that `chunk` completes, in order.
   * @throws JuteError when a length is negative or above the limit: the stream can't be read further.
   */
  push(chunk: Buffer, frame: (payload: Buffer) => void): void {
    this.add(chunk);
    for (let payload = this.next(); payload; payload = this.next()) frame(payload);
  }

  /** Gives the next chunk, once `next` has said that the one before is used up. */
  add(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#offset = 0;
  }

  /**
   * The next whole frame; undefined when the chunk is used up.
   * @throws JuteError when a length is negative or above the limit: the stream can't be read further.
   */
  next(): Buffer | undefined {
    const frame = this.#body === undefined ? this.#begin() : this.#complete(this.#body);
    // An idle stream holds no chunk.
    if (frame === undefined) this.#chunk = NOTHING;
    return frame;
  }

  #begin(): Buffer | undefined {
    const length = this.#length();
    if (length === undefined) return undefined;
    const end = this.#offset + length;
    if (end <= this.#chunk.length) {
      const payload = this.#chunk.subarray(this.#offset, end);
      this.#offset = end;
      return payload;
    }
    this.#body = Buffer.allocUnsafe(length);
    this.#bodyFilled = 0;
    return this.#complete(this.#body);
  }

  #complete(body: Buffer): Buffer | undefined {
    const copied = this.#chunk.copy(body, this.#bodyFilled, this.#offset);
    this.#offset += copied;
    this.#bodyFilled += copied;
    if (this.#bodyFilled < body.length) return undefined;
    this.#body = undefined;
    return body;
  }

  #length(): number | undefined {
    const chunk = this.#chunk;
    let length: number;
    if (this.#headerFilled === 0 && chunk.length - this.#offset >= LENGTH_SIZE) {
      length = chunk.readInt32BE(this.#offset);
      this.#offset += LENGTH_SIZE;
    } else {
      const copied = chunk.copy(this.#header, this.#headerFilled, this.#offset);
      this.#offset += copied;
      this.#headerFilled += copied;
      if (this.#headerFilled < LENGTH_SIZE) return undefined;
      this.#headerFilled = 0;
      length = this.#header.readInt32BE(0);
    }
    if (length < 0)
      throw new JuteError('negative-length', `a frame of length ${length}`, this.#offset);
    if (length > this.#maxFrame)
      throw new JuteError(
        'too-long',
        `a frame of ${length} bytes, at most ${this.#maxFrame}`,
        this.#offset,
      );
    return length;
  }
}
