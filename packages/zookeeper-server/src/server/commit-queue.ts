import type { Storage } from '../storage/storage.ts';
import type { Txn } from '../tree/txn.ts';

/** What the queue tells its server. */
export interface CommitListener {
  /** All batches up to this one are durable. */
  durable(batch: number): void;
  /** Storage failed: nothing more will become durable. */
  failed(cause: unknown): void;
}

/**
 * Group commit: while one batch is being written, everything that arrives becomes the next one.
 * Batches are numbered; whoever answers a client asks {@link current} what the answer waits for.
 */
export class CommitQueue {
  readonly #storage: Storage;
  readonly #listener: CommitListener;
  #open: Txn[] = [];
  #openBatch = 1;
  #durable = 0;
  #writing: Promise<void> | undefined;
  #broken = false;

  constructor(storage: Storage, listener: CommitListener) {
    this.#storage = storage;
    this.#listener = listener;
  }

  /** The last batch that has a transaction: what is seen now depends on it. */
  get current(): number {
    return this.#open.length > 0 ? this.#openBatch : this.#openBatch - 1;
  }

  /** The last durable batch. */
  get durable(): number {
    return this.#durable;
  }

  /** Transactions that are not durable yet and not being written. */
  get waiting(): number {
    return this.#open.length;
  }

  add(txn: Txn): void {
    this.#open.push(txn);
  }

  /** Begins to write what has gathered, unless a write is under way. Call once a turn. */
  kick(): void {
    if (this.#writing || this.#open.length === 0 || this.#broken) return;
    this.#writing = this.#write();
  }

  /** Resolves when nothing waits any more, or never will. */
  async drain(): Promise<void> {
    this.kick();
    while (this.#writing) await this.#writing;
  }

  async #write(): Promise<void> {
    const txns = this.#open;
    const batch = this.#openBatch;
    this.#open = [];
    this.#openBatch++;
    try {
      await this.#storage.append(txns);
    } catch (cause) {
      this.#broken = true;
      this.#writing = undefined;
      this.#listener.failed(cause);
      return;
    }
    this.#durable = batch;
    this.#writing = undefined;
    this.#listener.durable(batch);
    this.kick();
  }
}
