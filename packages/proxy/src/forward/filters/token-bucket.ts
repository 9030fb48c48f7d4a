import type { BucketSize } from '../../config/filters/rate-limit-policy.ts';

/** Tokens that fill steadily, up to a limit. Pure: the time is given, in milliseconds. */
export class TokenBucket {
  readonly #size: BucketSize;
  #tokens: number;
  #at: number;

  constructor(size: BucketSize, now: number) {
    this.#size = size;
    this.#tokens = size.max;
    this.#at = now;
  }

  /** Takes one; false when there is none. */
  tryTake(now: number): boolean {
    const { max, rate } = this.#size;
    this.#tokens = Math.min(max, this.#tokens + (now - this.#at) * rate);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
