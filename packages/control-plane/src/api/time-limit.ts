import { ApiError } from './problem.ts';

/** No wait for data planes is longer, in milliseconds. */
export const LONGEST_WAIT = 600_000;

/** Gives up what takes too long. What answers at once costs nothing. */
export class TimeLimit {
  readonly #limit: number;
  #late: AbortController | undefined;

  /** @param limit milliseconds */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Aborts when it has taken too long. */
  get signal(): AbortSignal {
    this.#late ??= new AbortController();
    return this.#late.signal;
  }

  /**
   * What `act` comes to. What it does when it was given up is not waited for.
   * @throws ApiError `timeout`
   */
  keep<T>(act: () => T | Promise<T>): T | Promise<T> {
    const result = act();
    return result instanceof Promise ? this.#race(result) : result;
  }

  async #race<T>(result: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const seconds = this.#limit / 1000;
      const error = new ApiError('timeout', `it took more than ${seconds} s: look what came of it`);
      reject(error);
      this.#late?.abort(error);
    }, this.#limit);
    try {
      return await Promise.race([result, promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
