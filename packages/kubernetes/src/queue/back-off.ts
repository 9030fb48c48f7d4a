/** How long to wait after failures in a row; milliseconds. */
export interface BackOffOptions {
  /** After the first. Default 200. */
  readonly first?: number | undefined;
  /** At most. Default 30,000. */
  readonly longest?: number | undefined;
  /** For the chance in it. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** Pauses that double with each failure in a row, with chance in them so that not all come back at once. */
export class BackOff {
  readonly #first: number;
  readonly #longest: number;
  readonly #random: () => number;
  #failures = 0;

  constructor({ first = 200, longest = 30_000, random = Math.random }: BackOffOptions = {}) {
    this.#first = first;
    this.#longest = longest;
    this.#random = random;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Milliseconds until the next try: from half of the step to all of it; never less than `atLeast`,
   * which is what the server asked for.
   */
  next(atLeast = 0): number {
    const step = Math.min(this.#longest, this.#first * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    const pause = step * (0.5 + this.#random() / 2);
    // Those that were all told the same time don't come at the same time.
    return Math.max(pause, atLeast * (1 + this.#random() / 10));
  }

  /** It went well. */
  reset(): void {
    this.#failures = 0;
  }
}
