import { JuteError } from './jute-error.ts';

const LENGTH_SIZE = 4;

/**
 * Cuts a byte stream into frames. A frame that lies within one chunk is a view of it; only one that
 * crosses chunks is copied, once, into a buffer of its size.
 */
export class FrameSplitter {
  readonly #maxFrame: number;
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
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#body !== undefined) {
        const copied = chunk.copy(this.#body, this.#bodyFilled, offset);
        offset += copied;
        this.#bodyFilled += copied;
        if (this.#bodyFilled < this.#body.length) return;
        const whole = this.#body;
        this.#body = undefined;
        frame(whole);
        continue;
      }
      let length: number;
      if (this.#headerFilled === 0 && chunk.length - offset >= LENGTH_SIZE) {
        length = chunk.readInt32BE(offset);
        offset += LENGTH_SIZE;
      } else {
        const copied = chunk.copy(this.#header, this.#headerFilled, offset);
        offset += copied;
        this.#headerFilled += copied;
        if (this.#headerFilled < LENGTH_SIZE) return;
        this.#headerFilled = 0;
        length = this.#header.readInt32BE(0);
      }
      if (length < 0) throw new JuteError('negative-length', `a frame of length ${length}`, offset);
      if (length > this.#maxFrame)
        throw new JuteError(
          'too-long',
          `a frame of ${length} bytes, at most ${this.#maxFrame}`,
          offset,
        );
      if (chunk.length - offset >= length) {
        const payload = chunk.subarray(offset, offset + length);
        offset += length;
        frame(payload);
      } else {
        this.#body = Buffer.allocUnsafe(length);
        this.#bodyFilled = 0;
      }
    }
  }
}
