/** How many streams may begin. */
export interface AdmissionLimit {
  /** On the average. */
  readonly perSecond: number;
  /** At once. */
  readonly burst: number;
}

/**
 * Says which streams may begin, so that a herd of proxies that reconnect together doesn't keep
 * those from being served that are connected: a bucket of `burst` that fills at `perSecond`. Pure.
 */
export class Admission {
  readonly #limit: AdmissionLimit;
  #tokens: number;
  #filledAt: number | undefined;

  constructor(limit: AdmissionLimit) {
    this.#limit = limit;
    this.#tokens = limit.burst;
  }

  /** Takes one in: 0, or the milliseconds until there is room. */
  admit(now: number): number {
    const { perSecond, burst } = this.#limit;
    const passed = Math.max(0, now - (this.#filledAt ?? now));
    this.#tokens = Math.min(burst, this.#tokens + (passed * perSecond) / 1000);
    this.#filledAt = now;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1000) / perSecond);
    this.#tokens--;
    return 0;
  }
}
