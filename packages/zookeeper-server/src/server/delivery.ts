import type { Clock } from '../clock.ts';
import type { Applied } from '../engine/engine.ts';
import type { Event } from '../engine/outcome.ts';
import type { Storage } from '../storage/storage.ts';
import { type CommitListener, CommitQueue } from './commit-queue.ts';
import type { Connection, Outlet } from './connection.ts';
import { Latency } from './latency.ts';
import type { ServerStats } from './stats.ts';

/**
 * The way out: transactions into storage, replies and events to clients, the latter when what they
 * depend on is durable.
 */
export class Delivery implements Outlet {
  readonly #clock: Clock;
  readonly #commits: CommitQueue;
  /** Connections with something to send. */
  readonly #dirty = new Set<Connection>();
  readonly #latency = new Latency();
  #turn: NodeJS.Immediate | undefined;
  #batchSince = 0;

  /** `listener` hears of a batch after what waited for it has been sent. */
  constructor(storage: Storage, clock: Clock, listener: CommitListener) {
    this.#clock = clock;
    this.#commits = new CommitQueue(storage, {
      durable: (batch) => {
        this.#latency.add(clock.monotonic() - this.#batchSince);
        this.flush();
        listener.durable(batch);
      },
      failed: (cause) => listener.failed(cause),
    });
  }

  get currentBatch(): number {
    return this.#commits.current;
  }

  get durableBatch(): number {
    return this.#commits.durable;
  }

  /** Milliseconds from a batch's first write until it was durable. */
  get latency(): ServerStats['latency'] {
    return this.#latency.figures;
  }

  /** Makes a transaction durable, and sends its events when it is. */
  commit({ txn, events }: Applied<Connection>): void {
    if (this.#commits.waiting === 0) this.#batchSince = this.#clock.monotonic();
    this.#commits.add(txn);
    this.notify(events);
    this.#schedule();
  }

  /** Sends events that may be of transactions on their way to storage. */
  notify(events: readonly Event<Connection>[]): void {
    for (const event of events) event.watcher.notify(event);
  }

  dirty(connection: Connection): void {
    this.#dirty.add(connection);
    this.#schedule();
  }

  /** Sends nothing more on a connection. */
  forget(connection: Connection): void {
    this.#dirty.delete(connection);
  }

  /** Sends what may be sent. */
  flush(): void {
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    for (const connection of dirty) connection.flush();
    // Those whose output has to wait for a batch are flushed again when it is durable.
    if (this.currentBatch > this.durableBatch)
      for (const connection of dirty) if (connection.waiting) this.#dirty.add(connection);
  }

  /** Resolves when no transaction waits any more, or never will be durable. */
  drain(): Promise<void> {
    return this.#commits.drain();
  }

  close(): void {
    clearImmediate(this.#turn);
  }

  /** Once a turn of the event loop: everything that its frames led to goes out together. */
  #schedule(): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#commits.kick();
      this.flush();
    });
  }
}
