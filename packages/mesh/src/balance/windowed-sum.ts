/** A sum that forgets what is older than its window, a slice at a time. The clock's time is given. */
export class WindowedSum {
  readonly #slices: Float64Array;
  readonly #length: number;
  /** The number of the slice of time that was written last. */
  #last = Number.NEGATIVE_INFINITY;
  #sum = 0;

  /** `window` in milliseconds. */
  constructor(window: number, slices = 10) {
    this.#slices = new Float64Array(slices);
    this.#length = window / slices;
  }

  add(amount: number, now: number): void {
    const slice = this.#turn(now);
    this.#slices[slice]! += amount;
    this.#sum += amount;
  }

  value(now: number): number {
    this.#turn(now);
    return this.#sum;
  }

  /** Empties the slices whose time is over; gives the present one. */
  #turn(now: number): number {
    const slices = this.#slices;
    const present = Math.floor(now / this.#length);
    const over = Math.min(slices.length, present - this.#last);
    for (let i = 0; i < over; i++) {
      const slice = modulo(present - i, slices.length);
      this.#sum -= slices[slice]!;
      slices[slice] = 0;
    }
    this.#last = Math.max(this.#last, present);
    return modulo(this.#last, slices.length);
  }
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
