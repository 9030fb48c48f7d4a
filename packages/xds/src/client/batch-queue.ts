import type { XdsBatch } from './batch.ts';

/**
 * Batches on their way to the one consumer. Bounded by the protocol: the server sends no push while
 * it waits for our judgement of the one before.
 */
export class BatchQueue {
  readonly #batches: XdsBatch[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  push(batch: XdsBatch): void {
    this.#batches.push(batch);
    this.#wake?.();
  }

  /** Ends the iteration. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** The batches as they come; ends on {@link close}, or when the signal aborts. */
  async *iterate(signal: AbortSignal | undefined): AsyncGenerator<XdsBatch, void, void> {
    const wake = () => this.#wake?.();
    signal?.addEventListener('abort', wake);
    try {
      while (!this.#closed && !signal?.aborted) {
        const batch = this.#batches.shift();
        if (batch !== undefined) yield batch;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      signal?.removeEventListener('abort', wake);
    }
  }
}
