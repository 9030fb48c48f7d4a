import type { WatchEvent, Watcher } from '@meshkeeper/zookeeper';

/** Events of many one-shot watches in one line. Bounded by the number of znodes watched. */
export class EventQueue {
  #pending: WatchEvent[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  /** The watcher to leave everywhere: one function, so that a path is watched once. */
  readonly watcher: Watcher = (event) => {
    this.#pending.push(event);
    this.#wake?.();
  };

  /** The events in the batches in which they came, until it is closed. */
  async *batches(): AsyncGenerator<readonly WatchEvent[]> {
    while (!this.#closed) {
      const batch = this.#pending;
      this.#pending = [];
      if (batch.length > 0) yield batch;
      if (this.#pending.length > 0) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.();
  }
}
