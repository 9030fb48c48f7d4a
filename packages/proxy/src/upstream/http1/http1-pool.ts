import type { UpstreamFailure } from '../failure.ts';
import type { PoolOptions } from '../pool-options.ts';
import type { OutgoingHead, StreamOptions, StreamReceiver, UpstreamStream } from '../stream.ts';
import type { StreamPool } from '../stream-pool.ts';
import { WaitingStreams } from '../waiting-streams.ts';
import { isWornOut } from '../worn-out.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { Http1Stream, type StreamQueue } from './http1-stream.ts';

/** HTTP/1.1 connections to one endpoint: kept alive, reused newest first, bounded. */
export class Http1Pool implements StreamPool, ConnectionOwner, StreamQueue {
  #options: PoolOptions;
  readonly #all = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #waiting: WaitingStreams<Http1Stream>;
  #connecting = 0;
  #retired = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#waiting = new WaitingStreams(options.breaker);
  }

  get size(): number {
    return this.#all.size;
  }

  get idle(): number {
    return this.#idle.length;
  }

  configure(options: PoolOptions): void {
    this.#options = options;
  }

  open(head: OutgoingHead, receiver: StreamReceiver, options: StreamOptions): UpstreamStream {
    const stream = new Http1Stream(head, receiver, options, this);
    const idle = this.#takeIdle();
    if (idle) stream.sendOn(idle);
    else if (this.#retired) stream.fail({ reason: 'retired', detail: 'the endpoint is gone' });
    else if (this.#waiting.add(stream)) this.#connectFor();
    return stream;
  }

  forget(stream: Http1Stream): void {
    this.#waiting.forget(stream);
  }

  sweep(now: number): void {
    for (let i = this.#idle.length - 1; i >= 0; i--) {
      const connection = this.#idle[i]!;
      if (!this.#expired(connection, now)) continue;
      this.#idle.splice(i, 1);
      connection.destroy();
    }
  }

  drain(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
    for (const connection of this.#all) connection.wearOut();
  }

  retire(): void {
    this.#retired = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
    this.#waiting.failAll({ reason: 'retired', detail: 'the endpoint is gone' });
    for (const connection of this.#all) if (!connection.connected) connection.destroy();
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
    this.#options.breaker.release('connections');
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    if (failure) {
      this.#connecting--;
      // As Envoy: whoever waits can go elsewhere, instead of waiting for the next connection to fail.
      this.#waiting.failAll(failure);
    } else this.#connectFor();
  }

  #takeIdle(): Connection | undefined {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.usable && !this.#expired(idle, Date.now())) return idle;
      idle.destroy();
    }
    return undefined;
  }

  /** Opens a connection when one is missing and there may be one; the first of an endpoint always may. */
  #connectFor(): void {
    const { breaker } = this.#options;
    if (this.#waiting.size <= this.#connecting || this.#retired) return;
    if (this.#all.size === 0) breaker.acquire('connections');
    else if (!breaker.tryAcquire('connections')) return;
    this.#connecting++;
    this.#all.add(new Connection(this.#options, this));
  }

  #give(connection: Connection): void {
    const usable = !this.#retired && !isWornOut(connection, this.#options.config, Date.now());
    const stream = usable ? this.#waiting.take() : undefined;
    if (stream) stream.sendOn(connection);
    else if (usable && connection.usable) {
      connection.idleSince = Date.now();
      this.#idle.push(connection);
    } else connection.destroy();
  }

  #expired(connection: Connection, now: number): boolean {
    const { config } = this.#options;
    const { idleTimeout } = config;
    if (now >= connection.keptUntil || isWornOut(connection, config, now)) return true;
    return idleTimeout > 0 && now - connection.idleSince > idleTimeout;
  }
}
