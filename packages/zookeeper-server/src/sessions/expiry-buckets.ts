/**
 * Deadlines rounded up to the next tick, so that extending one is two lookups and expiring is
 * taking a bucket: the original's `ExpiryQueue`. Times are milliseconds of any one clock.
 */
export class ExpiryBuckets<K> {
  readonly #tick: number;
  readonly #deadlines = new Map<K, number>();
  readonly #buckets = new Map<number, Set<K>>();

  constructor(tick: number) {
    this.#tick = tick;
  }

  /** Sets or moves the deadline to `timeout` ms from now. */
  extend(key: K, now: number, timeout: number): void {
    const deadline = (Math.floor((now + timeout) / this.#tick) + 1) * this.#tick;
    const before = this.#deadlines.get(key);
    if (before === deadline) return;
    if (before !== undefined) this.#leave(key, before);
    this.#deadlines.set(key, deadline);
    const bucket = this.#buckets.get(deadline);
    if (bucket) bucket.add(key);
    else this.#buckets.set(deadline, new Set([key]));
  }

  delete(key: K): void {
    const deadline = this.#deadlines.get(key);
    if (deadline === undefined) return;
    this.#deadlines.delete(key);
    this.#leave(key, deadline);
  }

  /** Takes out everything whose deadline has passed. */
  expire(now: number): K[] {
    const due = [...this.#buckets.keys()]
      .filter((deadline) => deadline <= now)
      .sort((a, b) => a - b);
    const expired = due.flatMap((deadline) => [...this.#buckets.get(deadline)!]);
    for (const key of expired) this.delete(key);
    return expired;
  }

  #leave(key: K, deadline: number): void {
    const bucket = this.#buckets.get(deadline);
    bucket?.delete(key);
    if (bucket?.size === 0) this.#buckets.delete(deadline);
  }
}
