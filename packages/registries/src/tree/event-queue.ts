import type { WatchEvent } from '@meshkeeper/zookeeper';

/** Events that a slow consumer may be behind by; after that it is told to read again. */
const MAX_PENDING = 65_536;

/** Events from several places in one line. One consumer. */
export class EventQueue {
  #pending: WatchEvent[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #idle = true;

  /** Adds an event. One function, so that it can be left as a watcher, and once at each path. */
  readonly push = (event: WatchEvent): void => {
    if (this.#ended) return;
    // A reset makes everything before it needless: the consumer reads anew anyway.
    if (event.type === 'reset' || this.#pending.length >= MAX_PENDING)
      this.#pending = [{ type: 'reset' }];
    else this.#pending.push(event);
    this.#idle = false;
    this.#wake?.();
  };

  /** True while the consumer waits for the next event, having dealt with all before. */
  readonly idle = (): boolean => this.#idle;

  /** What is pending, which no batch brings any more. */
  take(): readonly WatchEvent[] {
    const taken = this.#pending;
    this.#pending = [];
    return taken;
  }

  /** Forgets what is pending: the consumer is about to read all of it. */
  clear(): void {
    this.#pending = [];
  }

  /** The events in the batches in which they came, until the end. */
  async *batches(): AsyncGenerator<readonly WatchEvent[]> {
    while (!this.#ended) {
      const batch = this.#pending;
      this.#pending = [];
      if (batch.length > 0) yield batch;
      if (this.#pending.length > 0) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#idle = true;
      if (!this.#ended) await promise;
    }
  }

  /** Ends the iteration; what is pending is dropped. Idempotent. */
  end(): void {
    this.#ended = true;
    this.#pending = [];
    this.#wake?.();
  }
}
