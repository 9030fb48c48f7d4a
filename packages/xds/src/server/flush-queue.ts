import type { Connection } from './connection.ts';

/** Connections that are flushed in one go before others get their turn. */
const BATCH = 200;

/**
 * The connections that have something to send. Requests that have arrived are handled before them,
 * and, where they are many, in between: who has just unsubscribed isn't sent what it no longer wants.
 */
export class FlushQueue implements Disposable {
  readonly #waiting = new Set<Connection>();
  #next: NodeJS.Immediate | undefined;

  /** Flushes it once the requests that have arrived are handled. */
  add(connection: Connection): void {
    this.#waiting.add(connection);
    this.#next ??= setImmediate(() => this.#run());
  }

  /** Flushes all of them. */
  addAll(connections: Iterable<Connection>): void {
    for (const connection of connections) this.add(connection);
  }

  /** It is gone. */
  delete(connection: Connection): void {
    this.#waiting.delete(connection);
  }

  [Symbol.dispose](): void {
    clearImmediate(this.#next);
    this.#waiting.clear();
  }

  #run(): void {
    this.#next = undefined;
    let budget = BATCH;
    for (const connection of this.#waiting) {
      this.#waiting.delete(connection);
      connection.flush();
      if (--budget === 0) break;
    }
    if (this.#waiting.size > 0) this.#next = setImmediate(() => this.#run());
  }
}
