/** What a heartbeat does when it is due. */
export interface HeartbeatActions {
  ping(): void;
  /** Nothing was heard for the read timeout; `idle` in milliseconds. */
  dead(idle: number): void;
}

/** At most so long without a ping, as the original. */
const MAX_PING_INTERVAL = 10_000;
/** Share of the session timeout; the rest is for timers that are late. */
const TRUST = 0.9;

/**
 * Keeps a session alive and notices a dead peer: pings when nothing was sent for a third of the
 * session timeout, gives up when nothing was heard for two thirds. Measured by the monotonic clock,
 * which a change of the wall clock does not touch.
 *
 * It also gives up before the server may have ended the session: that is a session timeout after it
 * last heard us, which is not before we sent what it has answered last. Watch events don't say that it
 * hears us, and what is read late was sent earlier.
 */
export class Heartbeat {
  /** So long after the last request that was answered, the session may be trusted. */
  readonly #trust: number;
  readonly #readTimeout: number;
  readonly #pingAfter: number;
  readonly #interval: number;
  readonly #actions: HeartbeatActions;
  readonly #timer: NodeJS.Timeout;
  #secondLook: NodeJS.Immediate | undefined;
  #lastSent = performance.now();
  #lastHeard = performance.now();
  #lastCheck = performance.now();
  /** When the newest request that is answered was sent. */
  #confirmed = performance.now();

  /** `timeout`: the session's, in milliseconds. */
  constructor(timeout: number, actions: HeartbeatActions) {
    this.#trust = timeout * TRUST;
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

  /** Something was sent; gives when. */
  sent(): number {
    this.#lastSent = performance.now();
    return this.#lastSent;
  }

  /** What was sent at that time is answered. */
  answered(sentAt: number): void {
    if (sentAt > this.#confirmed) this.#confirmed = sentAt;
  }

  heard(): void {
    this.#lastHeard = performance.now();
  }

  stop(): void {
    clearInterval(this.#timer);
    clearImmediate(this.#secondLook);
  }

  #check(): void {
    const now = performance.now();
    const late = now - this.#lastCheck > this.#interval * 3;
    this.#lastCheck = now;
    if (now - this.#lastSent >= this.#pingAfter) this.#actions.ping();
    const unconfirmed = now - this.#confirmed;
    // No lease may be trusted for another moment, whatever is yet to be read.
    if (unconfirmed >= this.#trust) {
      this.#actions.dead(unconfirmed);
      return;
    }
    const idle = now - this.#lastHeard;
    if (idle < this.#readTimeout) return;
    if (!late) this.#actions.dead(idle);
    // It was this process that stood still: what the peer sent meanwhile is read before another look.
    else this.#secondLook ??= setImmediate(() => this.#lookAgain());
  }

  #lookAgain(): void {
    this.#secondLook = undefined;
    const idle = performance.now() - this.#lastHeard;
    if (idle >= this.#readTimeout) this.#actions.dead(idle);
  }
}
