/**
 * Runs `action` when it is asked to: at once, unless it ran less than `interval` milliseconds ago, then
 * as soon as that is over, once for all who asked.
 */
export class Throttle implements Disposable {
  readonly #interval: number;
  readonly #action: () => void;
  #timer: NodeJS.Timeout | undefined;
  #ranAt = Number.NEGATIVE_INFINITY;

  constructor(interval: number, action: () => void) {
    this.#interval = interval;
    this.#action = action;
  }

  /** Asks for a run. */
  request(): void {
    if (this.#timer !== undefined) return;
    const wait = this.#ranAt + this.#interval - performance.now();
    if (wait <= 0) this.#run();
    else this.#timer = setTimeout(() => this.#run(), wait).unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #run(): void {
    this.#timer = undefined;
    this.#ranAt = performance.now();
    this.#action();
  }
}
