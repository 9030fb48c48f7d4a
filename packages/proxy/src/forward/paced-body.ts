/** Where a paced body goes. */
export interface PacedSink {
  /** False: wait for {@link PacedBody.writable}. */
  write(piece: Buffer): boolean;
  end(trailers: readonly string[]): void;
  /** All that had to wait is on its way. */
  drained(): void;
}

/** Milliseconds between two slices. */
const SLICE = 50;

/** Lets a body through at a bounded rate, in slices; Envoy's `response_rate_limit`. */
export class PacedBody {
  readonly #sink: PacedSink;
  readonly #perSlice: number;
  readonly #waiting: Buffer[] = [];
  #trailers: readonly string[] | undefined;
  #left: number;
  #blocked = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(bytesPerSecond: number, sink: PacedSink) {
    this.#sink = sink;
    this.#perSlice = Math.max(1, Math.floor((bytesPerSecond * SLICE) / 1000));
    this.#left = this.#perSlice;
  }

  /** Takes a piece; false when the next one should wait for `drained`. */
  write(piece: Buffer): boolean {
    this.#waiting.push(piece);
    this.#pass();
    return this.#waiting.length === 0;
  }

  /** The body ends, once all of it is through. */
  end(trailers: readonly string[]): void {
    this.#trailers = trailers;
    this.#pass();
  }

  /** The sink takes more. */
  writable(): void {
    this.#blocked = false;
    this.#goOn();
  }

  /** Drops what waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.length = 0;
    this.#trailers = undefined;
  }

  #goOn(): void {
    const waited = this.#waiting.length > 0;
    const ending = this.#trailers !== undefined;
    this.#pass();
    if (waited && !ending && this.#waiting.length === 0) this.#sink.drained();
  }

  #pass(): void {
    while (this.#left > 0 && !this.#blocked && this.#waiting.length > 0) {
      const [first] = this.#waiting as [Buffer];
      const piece = first.subarray(0, this.#left);
      if (piece.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(piece.length);
      this.#left -= piece.length;
      this.#blocked = !this.#sink.write(piece);
    }
    const trailers = this.#trailers;
    if (trailers && this.#waiting.length === 0) {
      this.stop();
      this.#sink.end(trailers);
    } else if (this.#left < this.#perSlice) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#left = this.#perSlice;
        this.#goOn();
      }, SLICE);
    }
  }
}
