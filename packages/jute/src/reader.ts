import { JuteError } from './jute-error.ts';

/** Makes a bigint of two numbers at once; Buffer's own way takes half a dozen on the way. */
const halves = new DataView(new ArrayBuffer(8));

/**
 * Reads jute's primitives from a frame, in place: buffers that it returns are views of the frame,
 * nothing is copied. Every length is checked against what is left before anything is allocated.
 */
export class Reader {
  readonly #buffer: Buffer;
  readonly #end: number;
  #offset: number;

  constructor(buffer: Buffer, offset = 0, end = buffer.length) {
    this.#buffer = buffer;
    this.#offset = offset;
    this.#end = end;
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#end - this.#offset;
  }

  get offset(): number {
    return this.#offset;
  }

  byte(): number {
    return this.#buffer.readUInt8(this.#take(1));
  }

  bool(): boolean {
    return this.byte() !== 0;
  }

  int(): number {
    return this.#buffer.readInt32BE(this.#take(4));
  }

  long(): bigint {
    const at = this.#take(8);
    halves.setInt32(0, this.#buffer.readInt32BE(at));
    halves.setInt32(4, this.#buffer.readInt32BE(at + 4));
    return halves.getBigInt64(0);
  }

  /** A long that counts milliseconds; exact up to 2^53, which time is. */
  time(): number {
    const at = this.#take(8);
    return this.#buffer.readInt32BE(at) * 0x1_0000_0000 + this.#buffer.readUInt32BE(at + 4);
  }

  /** A buffer, or null (length -1). A view of the frame. */
  buffer(): Buffer | null {
    const length = this.#length('buffer', 1);
    if (length === -1) return null;
    const at = this.#take(length);
    return this.#buffer.subarray(at, at + length);
  }

  string(): string | null {
    const length = this.#length('string', 1);
    if (length === -1) return null;
    const at = this.#take(length);
    return this.#buffer.toString('utf8', at, at + length);
  }

  /**
   * A vector's count, or -1 for null. `least` is the size in bytes of the smallest element: a count
   * that can't fit in what is left is refused before anything is allocated for it.
   */
  count(least: number): number {
    return this.#length('vector', least);
  }

  /** Passes over bytes. */
  skip(size: number): void {
    this.#take(size);
  }

  /** What was read from an earlier offset on. A view of the frame. */
  since(offset: number): Buffer {
    return this.#buffer.subarray(offset, this.#offset);
  }

  #length(what: string, least: number): number {
    const at = this.#offset;
    const length = this.int();
    if (length < -1) throw new JuteError('negative-length', `${what} of length ${length}`, at);
    if (length * least > this.remaining)
      throw new JuteError(
        'too-long',
        `${what} of length ${length}, ${this.remaining} bytes left`,
        at,
      );
    return length;
  }

  #take(size: number): number {
    const at = this.#offset;
    if (at + size > this.#end)
      throw new JuteError('truncated', `${size} bytes wanted, ${this.#end - at} left`, at);
    this.#offset = at + size;
    return at;
  }
}
