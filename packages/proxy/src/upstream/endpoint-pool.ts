import { Connection, type ConnectionOptions, type ConnectionOwner } from './connection.ts';
import type { UpstreamFailure } from './failure.ts';

/** A request that waits for a connection. Exactly one of the two is called, once. */
export interface Waiter {
  ready(connection: Connection): void;
  unavailable(failure: UpstreamFailure): void;
}

/** Bounds and times of a pool. Times in milliseconds. */
export interface PoolOptions extends ConnectionOptions {
  /** Connections, open or being opened. */
  readonly maxConnections: number;
  /** Requests that wait while all connections are busy. */
  readonly maxPending: number;
  /** How long an idle connection is kept. */
  readonly keepAlive: number;
}

/** The connections to one endpoint: kept alive, reused newest first, bounded. */
export class EndpointPool implements ConnectionOwner {
  #options: PoolOptions;
  readonly #all = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #waiting: Waiter[] = [];
  #connecting = 0;
  #retired = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Connections that are open or being opened. */
  get size(): number {
    return this.#all.size;
  }

  /** Connections without a request on them. */
  get idle(): number {
    return this.#idle.length;
  }

  /** New bounds and times; open connections keep theirs. */
  configure(options: PoolOptions): void {
    this.#options = options;
  }

  /** An idle connection at once, or undefined, and then the waiter is called, maybe before this returns. */
  checkout(waiter: Waiter): Connection | undefined {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.usable && !this.#expired(idle, Date.now())) return idle;
      idle.destroy();
    }
    if (this.#retired) waiter.unavailable({ reason: 'retired', detail: 'the endpoint is gone' });
    else if (this.#all.size < this.#options.maxConnections) this.#open(waiter);
    else if (this.#waiting.length < this.#options.maxPending) this.#waiting.push(waiter);
    else waiter.unavailable({ reason: 'overflow', detail: 'too many requests wait' });
    return undefined;
  }

  /** The waiter wants no connection any more. */
  cancel(waiter: Waiter): void {
    const at = this.#waiting.indexOf(waiter);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** Closes what has been idle for too long. */
  sweep(now: number): void {
    for (let i = this.#idle.length - 1; i >= 0; i--) {
      const connection = this.#idle[i]!;
      if (!this.#expired(connection, now)) continue;
      this.#idle.splice(i, 1);
      connection.destroy();
    }
  }

  /** Takes no more requests and closes idle connections; requests on their way are finished. */
  retire(): void {
    this.#retired = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
    this.#failWaiting({ reason: 'retired', detail: 'the endpoint is gone' });
    if (this.#connecting === 0) return;
    for (const connection of this.#all) if (!connection.usable) connection.destroy();
  }

  /** Drops every connection, with the requests on them. */
  destroy(): void {
    this.retire();
    for (const connection of this.#all) connection.destroy();
  }

  opened(connection: Connection): void {
    this.#connecting--;
    this.#give(connection);
  }

  released(connection: Connection): void {
    this.#give(connection);
  }

  closed(connection: Connection, failure: UpstreamFailure | undefined): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    if (failure) {
      this.#connecting--;
      if (this.#all.size === 0) this.#failWaiting(failure);
      else this.#waiting.shift()?.unavailable(failure);
    } else if (this.#waiting.length > this.#connecting && !this.#retired) {
      this.#add();
    }
  }

  #open(waiter: Waiter): void {
    this.#waiting.push(waiter);
    this.#add();
  }

  #add(): void {
    this.#connecting++;
    this.#all.add(new Connection(this.#options, this));
  }

  #give(connection: Connection): void {
    const waiter = this.#waiting.shift();
    if (waiter) waiter.ready(connection);
    else if (this.#retired) connection.destroy();
    else {
      connection.idleSince = Date.now();
      this.#idle.push(connection);
    }
  }

  #failWaiting(failure: UpstreamFailure): void {
    for (const waiter of this.#waiting.splice(0)) waiter.unavailable(failure);
  }

  #expired(connection: Connection, now: number): boolean {
    return now >= connection.keptUntil || now - connection.idleSince > this.#options.keepAlive;
  }
}
