import type { UpstreamFailure } from '../failure.ts';
import type { OutgoingHead, StreamOptions, StreamReceiver, UpstreamStream } from '../stream.ts';
import type { StreamPool } from '../stream-pool.ts';
import { Connection, type ConnectionOptions, type ConnectionOwner } from './connection.ts';
import { Http1Stream, type StreamQueue } from './http1-stream.ts';

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
export class Http1Pool implements StreamPool, ConnectionOwner, StreamQueue {
  #options: PoolOptions;
  readonly #all = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #waiting: Http1Stream[] = [];
  #connecting = 0;
  #retired = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#all.size;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** New bounds and times; open connections keep theirs. */
  configure(options: PoolOptions): void {
    this.#options = options;
  }

  open(head: OutgoingHead, receiver: StreamReceiver, options: StreamOptions): UpstreamStream {
    const stream = new Http1Stream(head, receiver, options, this);
    const idle = this.#takeIdle();
    if (idle) stream.sendOn(idle);
    else if (this.#retired) {
      receiver.failed({ reason: 'retired', detail: 'the endpoint is gone' });
    } else if (this.#all.size < this.#options.maxConnections) {
      this.#waiting.push(stream);
      this.#add();
    } else if (this.#waiting.length < this.#options.maxPending) this.#waiting.push(stream);
    else receiver.failed({ reason: 'overflow', detail: 'too many requests wait' });
    return stream;
  }

  forget(stream: Http1Stream): void {
    const at = this.#waiting.indexOf(stream);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  sweep(now: number): void {
    for (let i = this.#idle.length - 1; i >= 0; i--) {
      const connection = this.#idle[i]!;
      if (!this.#expired(connection, now)) continue;
      this.#idle.splice(i, 1);
      connection.destroy();
    }
  }

  retire(): void {
    this.#retired = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
    this.#failWaiting({ reason: 'retired', detail: 'the endpoint is gone' });
    if (this.#connecting === 0) return;
    for (const connection of this.#all) if (!connection.usable) connection.destroy();
  }

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
      else this.#waiting.shift()?.receiver.failed(failure);
    } else if (this.#waiting.length > this.#connecting && !this.#retired) {
      this.#add();
    }
  }

  #takeIdle(): Connection | undefined {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.usable && !this.#expired(idle, Date.now())) return idle;
      idle.destroy();
    }
    return undefined;
  }

  #add(): void {
    this.#connecting++;
    this.#all.add(new Connection(this.#options, this));
  }

  #give(connection: Connection): void {
    const stream = this.#waiting.shift();
    if (stream) stream.sendOn(connection);
    else if (this.#retired) connection.destroy();
    else {
      connection.idleSince = Date.now();
      this.#idle.push(connection);
    }
  }

  #failWaiting(failure: UpstreamFailure): void {
    for (const { receiver } of this.#waiting.splice(0)) receiver.failed(failure);
  }

  #expired(connection: Connection, now: number): boolean {
    return now >= connection.keptUntil || now - connection.idleSince > this.#options.keepAlive;
  }
}
