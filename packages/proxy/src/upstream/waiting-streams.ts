import type { CircuitBreaker } from '@meshkeeper/mesh';
import type { UpstreamFailure } from './failure.ts';

/** A request that may have to wait for a connection. */
export interface WaitingStream {
  /** There won't be any. */
  fail(failure: UpstreamFailure): void;
}

/** Requests that wait for a connection to an endpoint, in their order; no more than the cluster may have. */
export class WaitingStreams<Stream extends WaitingStream> {
  readonly #breaker: CircuitBreaker;
  readonly #waiting: Stream[] = [];

  constructor(breaker: CircuitBreaker) {
    this.#breaker = breaker;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Has it wait; false when it has failed, because too many do. */
  add(stream: Stream): boolean {
    const may = this.#breaker.tryAcquire('pending');
    if (may) this.#waiting.push(stream);
    else stream.fail({ reason: 'overflow', detail: 'max_pending_requests' });
    return may;
  }

  /** The one that has waited longest, which waits no longer. */
  take(): Stream | undefined {
    const stream = this.#waiting.shift();
    if (stream) this.#breaker.release('pending');
    return stream;
  }

  /** It waits no longer, if it did. */
  forget(stream: Stream): void {
    const at = this.#waiting.indexOf(stream);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    this.#breaker.release('pending');
  }

  /** None of them gets a connection. */
  failAll(failure: UpstreamFailure): void {
    for (const stream of this.#waiting.splice(0)) {
      this.#breaker.release('pending');
      stream.fail(failure);
    }
  }
}
