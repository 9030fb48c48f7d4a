/** Of the session's timeout: after so long without a server it is gone, whatever one would say. */
const SHARE = 4 / 3;

/**
 * Tells that a session must have expired, by the process's monotonic clock: setting the wall clock
 * does nothing to it.
 */
export class ExpiryTimer {
  readonly #expired: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(expired: () => void) {
    this.#expired = expired;
  }

  /** Starts. `lastHeard`: of `performance.now()`; `timeout`: the session's, in milliseconds. */
  start(lastHeard: number, timeout: number): void {
    this.stop();
    const left = lastHeard + timeout * SHARE - performance.now();
    this.#timer = setTimeout(this.#expired, Math.max(0, left));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
