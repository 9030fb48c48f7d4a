/** What a forwarding waits for. */
export type ForwardingTimer =
  /** The response, once the request was read. */
  | 'response'
  /** The rest of the request. */
  | 'request'
  /** The whole of it. */
  | 'whole'
  /** The response to one attempt. */
  | 'attempt'
  /** The next attempt. */
  | 'retry';

/** The timers of a forwarding, one of each kind. */
export class ForwardingTimers {
  readonly #running: { [Kind in ForwardingTimer]?: NodeJS.Timeout } = {};

  /** Calls `over` after that many milliseconds; 0 is never. One of the kind that runs is stopped first. */
  start(kind: ForwardingTimer, wait: number, over: () => void): void {
    this.stop(kind);
    if (wait > 0) this.#running[kind] = setTimeout(over, wait);
  }

  stop(kind: ForwardingTimer): void {
    clearTimeout(this.#running[kind]);
  }

  stopAll(): void {
    const { response, request, whole, attempt, retry } = this.#running;
    clearTimeout(response);
    clearTimeout(request);
    clearTimeout(whole);
    clearTimeout(attempt);
    clearTimeout(retry);
  }
}
