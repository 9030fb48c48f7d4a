import { setTimeout as pause } from 'node:timers/promises';

/** What is asked at once after a rest. */
const BURST = 2;

/** Lets so many through each second, in the order in which they come. */
export class TokenBucket {
  readonly #interval: number;
  readonly #now: () => number;
  /** When the bucket was empty, if it had filled evenly since. */
  #empty = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds, monotonic */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#interval = 1000 / perSecond;
    this.#now = now;
  }

  /** Milliseconds that the next has to wait; it counts as taken. */
  reserve(): number {
    const now = this.#now();
    this.#empty = Math.max(this.#empty, now - BURST * this.#interval) + this.#interval;
    return Math.max(0, this.#empty - now);
  }

  /** Waits for its turn. Rejects when the signal aborts. */
  async take(signal: AbortSignal): Promise<void> {
    const wait = this.reserve();
    if (wait > 0) await pause(wait, undefined, { signal });
    else signal.throwIfAborted();
  }
}
