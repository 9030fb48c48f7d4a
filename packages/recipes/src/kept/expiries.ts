/** Something that lives by being written again, as it was observed. */
interface Clock {
  /** What tells one write of it from every other. */
  readonly mark: bigint;
  /** Milliseconds that it is left unwritten before it is due. */
  readonly lifetime: number;
  /** When this mark was seen first, or all clocks were started anew. */
  since: number;
}

/**
 * A tenth more than a lease's time to live, in milliseconds: clocks may run at rates that differ by as
 * much, and an answer that says how long a lease lasts may be that long on its way.
 */
export function lifetimeOf(ttl: number): number {
  return ttl + ttl / 10;
}

/**
 * When leases that live by keep-alive have expired, as one observer sees it. Pure: `now` is the
 * observer's own monotonic clock, in milliseconds; nobody else's is looked at.
 *
 * A lease is due when the same write of it was there for its lifetime, counted from when this observer
 * saw it first. Its holder counts from before it asked for that write: it has given up by then.
 */
export class Expiries {
  readonly #clocks = new Map<string, Clock>();
  #watching = false;

  /** A lease was read. One that was written since it was read last begins anew. */
  observe(id: string, mark: bigint, lifetime: number, now: number): void {
    if (this.#clocks.get(id)?.mark === mark) return;
    this.#clocks.set(id, { mark, lifetime, since: now });
  }

  /** A lease is gone. */
  forget(id: string): void {
    this.#clocks.delete(id);
  }

  /** What is written is not heard of from now on: nothing is due. */
  suspend(): void {
    this.#watching = false;
  }

  /**
   * All was read, and what is written from now on is heard of. Every clock starts anew: while this
   * observer was away, holders may have been, too.
   */
  resume(now: number): void {
    if (this.#watching) return;
    this.#watching = true;
    for (const clock of this.#clocks.values()) clock.since = now;
  }

  /** Those that have expired, by the write that was observed. */
  due(now: number): { readonly id: string; readonly mark: bigint }[] {
    if (!this.#watching) return [];
    return Array.from(this.#clocks)
      .filter(([, { since, lifetime }]) => now - since >= lifetime)
      .map(([id, { mark }]) => ({ id, mark }));
  }

  /** When the next one is due, if it isn't written until then; undefined while none can be. */
  get next(): number | undefined {
    if (!this.#watching || this.#clocks.size === 0) return undefined;
    let next = Number.POSITIVE_INFINITY;
    for (const { since, lifetime } of this.#clocks.values())
      next = Math.min(next, since + lifetime);
    return next;
  }

  /** Milliseconds until a lease is due; undefined for one that isn't known. */
  left(id: string, now: number): number | undefined {
    const clock = this.#clocks.get(id);
    return clock && Math.max(0, clock.since + clock.lifetime - now);
  }
}
