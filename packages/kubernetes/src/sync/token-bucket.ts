import { setTimeout as wait } from 'node:timers/promises';

/** Lets so many things happen a second, and at first as many at once. */
export class TokenBucket {
  readonly #rate: number;
  readonly #burst: number;
  #tokens: number;
  #at = performance.now();

  /** @param rate a second */
  constructor(rate: number, burst: number) {
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Waits for its turn. */
  async take(signal: AbortSignal): Promise<void> {
    const now = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) * this.#rate) / 1_000);
    this.#at = now;
    this.#tokens -= 1;
    if (this.#tokens < 0) await wait((-this.#tokens / this.#rate) * 1_000, undefined, { signal });
  }
}
