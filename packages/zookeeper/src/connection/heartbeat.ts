/** What a heartbeat does when it is due. */
export interface HeartbeatActions {
  ping(): void;
  /** Nothing was heard for the read timeout; `idle` in milliseconds. */
  dead(idle: number): void;
}

/** At most so long without a ping, as the original. */
const MAX_PING_INTERVAL = 10_000;

/**
 * Keeps a session alive and notices a dead peer: pings when nothing was sent for a third of the
 * session timeout, gives up when nothing was heard for two thirds. Measured by the monotonic clock,
 * which a change of the wall clock does not touch.
 */
export class Heartbeat {
  readonly #readTimeout: number;
  readonly #pingAfter: number;
  readonly #interval: number;
  readonly #actions: HeartbeatActions;
  readonly #timer: NodeJS.Timeout;
  #lastSent = performance.now();
  #lastHeard = performance.now();
  #lastCheck = performance.now();

  /** `timeout`: the session's, in milliseconds. */
  constructor(timeout: number, actions: HeartbeatActions) {
    this.#readTimeout = (timeout * 2) / 3;
    this.#pingAfter = Math.min(this.#readTimeout / 2, MAX_PING_INTERVAL);
    this.#interval = Math.max(10, this.#pingAfter / 4);
    this.#actions = actions;
    this.#timer = setInterval(() => this.#check(), this.#interval);
  }

  /** When something was last heard, of `performance.now()`. */
  get lastHeard(): number {
    return this.#lastHeard;
  }

  sent(): void {
    this.#lastSent = performance.now();
  }

  heard(): void {
    this.#lastHeard = performance.now();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const now = performance.now();
    const late = now - this.#lastCheck > this.#interval * 3;
    this.#lastCheck = now;
    if (now - this.#lastSent >= this.#pingAfter) this.#actions.ping();
    // When it was this process that stood still, what the peer sent is yet to be read: ask again later.
    const idle = now - this.#lastHeard;
    if (idle >= this.#readTimeout && !late) this.#actions.dead(idle);
  }
}
