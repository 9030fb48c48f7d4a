/** How long changes are waited for that belong together. */
export interface QuietPeriodOptions {
  /** Milliseconds without a change after which it is over. */
  readonly min: number;
  /** Milliseconds after the first change after which it is over in any case. */
  readonly max: number;
}

/**
 * Waits until changes have come to rest, but not for ever: as consul-template's `wait`. It has no clock of
 * its own; moments are milliseconds.
 */
export class QuietPeriod {
  readonly #min: number;
  readonly #max: number;
  #first: number | undefined;
  #last = 0;

  constructor({ min, max }: QuietPeriodOptions) {
    this.#min = min;
    this.#max = Math.max(min, max);
  }

  /** Something has changed. */
  changed(now: number): void {
    this.#first ??= now;
    this.#last = now;
  }

  /** When it is over; undefined while nothing has changed. */
  get due(): number | undefined {
    if (this.#first === undefined) return undefined;
    return Math.min(this.#last + this.#min, this.#first + this.#max);
  }

  /** What has changed is dealt with. */
  over(): void {
    this.#first = undefined;
  }
}
