import type { Connection } from '../connection/connection.ts';
import type { Request } from '../connection/request.ts';
import { ZooKeeperError } from '../zookeeper-error.ts';

/**
 * A session's requests on their way to whichever connection there is. At most so many are in flight;
 * the others, and all of them while there is no connection, wait in the order of their calls. One
 * whose signal aborts leaves the queue; one for which there is no room in it fails at once.
 */
export class Outbox {
  readonly #maxInFlight: number;
  readonly #maxWaiting: number;
  /** Those that wait, oldest first, each with what ends the watching of its signal. */
  readonly #waiting = new Map<Request, (() => void) | undefined>();
  /** Where the queue begins. One iterator over its life: a new one would walk over removed entries. */
  #head = this.#waiting.entries();
  #connection: Connection | undefined;

  constructor(maxInFlight: number, maxWaiting: number) {
    this.#maxInFlight = maxInFlight;
    this.#maxWaiting = maxWaiting;
  }

  /** Requests that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  send(request: Request, signal?: AbortSignal): void {
    const connection = this.#connection;
    if (
      connection !== undefined &&
      this.#waiting.size === 0 &&
      connection.inFlight < this.#maxInFlight
    ) {
      connection.send(request);
      return;
    }
    if (this.#waiting.size >= this.#maxWaiting) {
      request.fail(this.#full(request));
      return;
    }
    if (signal === undefined) {
      this.#waiting.set(request, undefined);
      return;
    }
    const leave = () => {
      if (this.#waiting.delete(request)) request.dropped?.();
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#waiting.set(request, () => signal.removeEventListener('abort', leave));
  }

  /** What waits goes out here, and what comes from now on. */
  attach(connection: Connection): void {
    this.#connection = connection;
    this.flush();
  }

  /** From now on everything waits. */
  detach(): void {
    this.#connection = undefined;
  }

  /** Sends what may go out; called whenever an answer has made room. */
  flush(): void {
    if (this.#waiting.size === 0) return;
    while (this.#connection !== undefined && this.#connection.inFlight < this.#maxInFlight) {
      const request = this.#take();
      if (request === undefined) return;
      this.#connection.send(request);
    }
  }

  /** Fails what waits. */
  fail(errorOf: (request: Request) => ZooKeeperError): void {
    const waiting = [...this.#waiting.keys()];
    for (const stop of this.#waiting.values()) stop?.();
    this.#waiting.clear();
    for (const request of waiting) request.fail(errorOf(request));
  }

  #full({ operation, path }: Request): ZooKeeperError {
    const why = this.#connection === undefined ? 'for a connection' : 'for answers to earlier ones';
    const detail = `${this.#waiting.size} calls wait already ${why} (maxWaiting): wait for some of them first`;
    return new ZooKeeperError('QUEUE_FULL', { operation, path, detail });
  }

  #take(): Request | undefined {
    if (this.#waiting.size === 0) return undefined;
    let next = this.#head.next();
    if (next.done) {
      // It had reached the end before the present requests came.
      this.#head = this.#waiting.entries();
      next = this.#head.next();
    }
    if (next.done) return undefined;
    const [request, stop] = next.value;
    this.#waiting.delete(request);
    stop?.();
    return request;
  }
}
