import type { WatchEvent, Watcher } from './watch-event.ts';

/** Events that a slow consumer may be behind by; after that it is told to read again. */
const MAX_PENDING = 65_536;

/**
 * A watch: its events in order, until it is closed or the session ends; a one-shot watch has one. A
 * consumer that falls too far behind, and one whose connection was away, gets a `reset` in place of
 * what it missed. One consumer.
 */
export class Watch implements AsyncIterable<WatchEvent>, AsyncDisposable {
  /** The watched path. */
  readonly path: string;
  readonly #remove: (watcher: Watcher) => Promise<void>;
  readonly #listener: Watcher | undefined;
  #pending: WatchEvent[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  /**
   * `remove`: takes the watcher off the client and the server. `listener`: is called with each event
   * at once; the iteration then has none.
   */
  constructor(
    path: string,
    remove: (watcher: Watcher) => Promise<void>,
    listener: Watcher | undefined,
  ) {
    this.path = path;
    this.#remove = remove;
    this.#listener = listener;
  }

  /** What the client's table calls. */
  readonly watcher: Watcher = (event) => {
    if (this.#closed) return;
    if (this.#listener !== undefined) return this.#listener(event);
    // A reset makes everything before it needless: the consumer reads anew anyway.
    if (event.type === 'reset' || this.#pending.length >= MAX_PENDING)
      this.#pending = [{ type: 'reset' }];
    else this.#pending.push(event);
    this.#wake?.();
  };

  /** Ends the iteration once what is pending was taken. */
  end(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** The events in the batches in which they came. */
  async *batches(): AsyncGenerator<readonly WatchEvent[]> {
    try {
      for (;;) {
        const batch = this.#pending;
        this.#pending = [];
        if (batch.length > 0) yield batch;
        if (this.#pending.length > 0) continue;
        if (this.#closed) return;
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
        this.#wake = undefined;
      }
    } finally {
      await this.close();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchEvent> {
    for await (const batch of this.batches()) yield* batch;
  }

  /** Takes the watch off. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.end();
    this.#pending = [];
    await this.#remove(this.watcher);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
