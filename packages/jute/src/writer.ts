const INITIAL = 256;

/** Takes a bigint apart at once; Buffer's own way makes half a dozen others on the way. */
const halves = new DataView(new ArrayBuffer(8));

/**
 * Writes jute's primitives into one buffer that grows by doubling. A frame is begun with `begin()`,
 * which leaves room for its length, and finished with `end()`, so that many frames written one
 * after the other go out in a single socket write.
 */
export class Writer {
  #buffer: Buffer;
  #offset = 0;

  constructor(size = INITIAL) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#offset;
  }

  /** Starts a frame; give what it returns to `end()`. */
  begin(): number {
    const start = this.#offset;
    this.int(0);
    return start;
  }

  /** Finishes the frame that began at `start` by filling in its length. */
  end(start: number): void {
    this.#buffer.writeInt32BE(this.#offset - start - 4, start);
  }

  /** Drops what was written since `length` was `offset`: a frame that turned out not to be writable. */
  truncate(offset: number): void {
    this.#offset = Math.min(this.#offset, offset);
  }

  /** What was written. The writer starts anew with a buffer of its own: the caller owns this one. */
  take(): Buffer {
    const written = this.#buffer.subarray(0, this.#offset);
    this.#buffer = Buffer.allocUnsafe(INITIAL);
    this.#offset = 0;
    return written;
  }

  bool(value: boolean): void {
    this.#reserve(1);
    this.#buffer[this.#offset++] = value ? 1 : 0;
  }

  int(value: number): void {
    this.#reserve(4);
    this.#offset = this.#buffer.writeInt32BE(value, this.#offset);
  }

  long(value: bigint): void {
    halves.setBigInt64(0, value);
    if (halves.getBigInt64(0) !== value) throw new RangeError(`${value} has more than 64 bits`);
    this.int(halves.getInt32(0));
    this.int(halves.getInt32(4));
  }

  /** A long that counts milliseconds. */
  time(value: number): void {
    const high = Math.floor(value / 0x1_0000_0000);
    this.int(high | 0);
    this.#reserve(4);
    this.#offset = this.#buffer.writeUInt32BE(value - high * 0x1_0000_0000, this.#offset);
  }

  buffer(value: Uint8Array | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    this.int(value.length);
    this.raw(value);
  }

  string(value: string | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    // UTF-8 needs at most three bytes a UTF-16 unit: reserve that, write once, then fill the length in.
    const at = this.#offset;
    this.#reserve(4 + value.length * 3);
    const size = this.#buffer.write(value, at + 4, 'utf8');
    this.#buffer.writeInt32BE(size, at);
    this.#offset = at + 4 + size;
  }

  /** Bytes as they are, without a length. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#offset);
    this.#offset += value.length;
  }

  #reserve(size: number): void {
    const needed = this.#offset + size;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#offset);
    this.#buffer = grown;
  }
}
