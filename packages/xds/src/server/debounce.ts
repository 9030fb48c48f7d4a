/**
 * Runs `action` once things have been quiet for `quiet` milliseconds, or `max` milliseconds after the
 * first {@link Debounce.request} when they never are.
 */
export class Debounce implements Disposable {
  readonly #quiet: number;
  readonly #max: number;
  readonly #action: () => void;
  #timer: NodeJS.Timeout | undefined;
  #first = 0;

  constructor(options: { readonly quiet: number; readonly max: number }, action: () => void) {
    this.#quiet = options.quiet;
    this.#max = options.max;
    this.#action = action;
  }

  /** Asks for a run. */
  request(): void {
    const now = performance.now();
    if (this.#timer === undefined) this.#first = now;
    else clearTimeout(this.#timer);
    const wait = Math.max(0, Math.min(this.#quiet, this.#first + this.#max - now));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#action();
    }, wait);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
