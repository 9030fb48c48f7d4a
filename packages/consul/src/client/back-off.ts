import { setTimeout as pause } from 'node:timers/promises';

const FIRST = 200;
const LONGEST = 30_000;

/** Pauses that grow with each failure in a row, with chance in them so that not all come back at once. */
export class BackOff {
  readonly #random: () => number;
  #failures = 0;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Milliseconds until the next try: between half of the step and all of it. */
  next(): number {
    const step = Math.min(LONGEST, FIRST * 2 ** Math.min(this.#failures++, 20));
    return step / 2 + this.#random() * (step / 2);
  }

  /** It went well. */
  reset(): void {
    this.#failures = 0;
  }

  /** Waits for the next try. Rejects when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    await pause(this.next(), undefined, { signal });
  }
}
