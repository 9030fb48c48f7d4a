const FIRST = 100;
const MOST = 10_000;

/** Milliseconds to wait before one more try: twice as long each time, and never two alike. */
export class Backoff {
  #next = FIRST;

  next(): number {
    const delay = this.#next * (0.5 + 0.5 * Math.random());
    this.#next = Math.min(MOST, this.#next * 2);
    return delay;
  }

  reset(): void {
    this.#next = FIRST;
  }
}
