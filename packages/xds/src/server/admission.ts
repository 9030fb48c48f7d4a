/** How many streams may begin. */
export interface AdmissionLimit {
  /** On the average. */
  readonly perSecond: number;
  /** At once. */
  readonly burst: number;
}

/**
 * Says which streams may begin, so that a herd of proxies that reconnect together doesn't keep
 * those from being served that are connected: a bucket of `burst` that fills at `perSecond`. Each that
 * may not is told another time, as if they stood in a queue: told the same they would come back
 * together, again and again. Pure.
 */
export class Admission {
  readonly #limit: AdmissionLimit;
  #tokens: number;
  #filledAt: number | undefined;
  /** The last time that somebody was told. */
  #told = 0;

  constructor(limit: AdmissionLimit) {
    this.#limit = limit;
    this.#tokens = limit.burst;
  }

  /** Takes one in: 0, or the milliseconds until there is room for it. */
  admit(now: number): number {
    const { perSecond, burst } = this.#limit;
    const passed = Math.max(0, now - (this.#filledAt ?? now));
    this.#tokens = Math.min(burst, this.#tokens + (passed * perSecond) / 1000);
    this.#filledAt = now;
    if (this.#tokens < 1) {
      const room = now + ((1 - this.#tokens) * 1000) / perSecond;
      this.#told = Math.max(room, this.#told + 1000 / perSecond);
      return Math.ceil(this.#told - now);
    }
    this.#tokens--;
    return 0;
  }
}
