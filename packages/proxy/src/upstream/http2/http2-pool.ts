import type { Http2Config } from '../../config/connection-config.ts';
import type { UpstreamFailure } from '../failure.ts';
import type { PoolOptions } from '../pool-options.ts';
import type { OutgoingHead, StreamOptions, StreamReceiver, UpstreamStream } from '../stream.ts';
import type { StreamPool } from '../stream-pool.ts';
import { Http2Connection, type Http2Owner } from './http2-connection.ts';
import { Http2Stream, type StreamQueue } from './http2-stream.ts';

/** HTTP/2 connections to one endpoint: one, as long as it has room for all streams. */
export class Http2Pool implements StreamPool, Http2Owner, StreamQueue {
  #options: PoolOptions;
  readonly #config: Http2Config;
  readonly #all = new Set<Http2Connection>();
  readonly #waiting: Http2Stream[] = [];
  #retired = false;

  constructor(options: PoolOptions, config: Http2Config) {
    this.#options = options;
    this.#config = config;
  }

  get size(): number {
    return this.#all.size;
  }

  get idle(): number {
    let count = 0;
    for (const connection of this.#all) if (connection.idle) count++;
    return count;
  }

  configure(options: PoolOptions): void {
    this.#options = options;
  }

  open(head: OutgoingHead, receiver: StreamReceiver, options: StreamOptions): UpstreamStream {
    const stream = new Http2Stream(head, receiver, options, this);
    if (head.upgrade !== undefined) {
      stream.fail({ reason: 'protocol', detail: 'no upgrades over HTTP/2' });
    } else if (this.#retired) {
      stream.fail({ reason: 'retired', detail: 'the endpoint is gone' });
    } else {
      const connection = this.#withRoom();
      if (connection) connection.carry(stream);
      else if (this.#options.breaker.tryAcquire('pending')) {
        this.#waiting.push(stream);
        this.#connectFor();
      } else stream.fail({ reason: 'overflow', detail: 'max_pending_requests' });
    }
    return stream;
  }

  forget(stream: Http2Stream): void {
    const at = this.#waiting.indexOf(stream);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    this.#options.breaker.release('pending');
  }

  sweep(now: number): void {
    const { idleTimeout } = this.#options.config;
    for (const connection of this.#all) {
      const idle = connection.idle && idleTimeout > 0 && now - connection.idleSince > idleTimeout;
      if (idle || this.#wornOut(connection, now)) connection.wearOut();
    }
  }

  drain(): void {
    for (const connection of this.#all) connection.wearOut();
  }

  retire(): void {
    this.#retired = true;
    this.#failWaiting({ reason: 'retired', detail: 'the endpoint is gone' });
    for (const connection of this.#all) {
      if (connection.connected) connection.wearOut();
      else connection.destroy();
    }
  }

  destroy(): void {
    this.retire();
    for (const connection of this.#all) connection.destroy();
  }

  changed(connection: Http2Connection): void {
    if (this.#wornOut(connection, Date.now())) connection.wearOut();
    while (this.#waiting.length > 0 && connection.hasRoom) {
      // There is one.
      const stream = this.#waiting.shift()!;
      this.#options.breaker.release('pending');
      connection.carry(stream);
    }
    this.#connectFor();
  }

  closed(connection: Http2Connection, failure: UpstreamFailure | undefined): void {
    this.#all.delete(connection);
    this.#options.breaker.release('connections');
    if (failure) this.#failWaiting(failure);
    else this.#connectFor();
  }

  #withRoom(): Http2Connection | undefined {
    for (const connection of this.#all) {
      if (!connection.hasRoom) continue;
      if (!this.#wornOut(connection, Date.now())) return connection;
      connection.wearOut();
    }
    return undefined;
  }

  /** Opens a connection when streams wait for one and none is being opened; the first always may be. */
  #connectFor(): void {
    const { breaker } = this.#options;
    if (this.#waiting.length === 0 || this.#retired) return;
    for (const connection of this.#all) if (!connection.connected) return;
    if (this.#all.size === 0) breaker.acquire('connections');
    else if (!breaker.tryAcquire('connections')) return;
    this.#all.add(new Http2Connection(this.#options, this.#config, this));
  }

  #failWaiting(failure: UpstreamFailure): void {
    for (const stream of this.#waiting.splice(0)) {
      this.#options.breaker.release('pending');
      stream.fail(failure);
    }
  }

  /** It has carried all the requests that it may, or for as long as it may. */
  #wornOut(connection: Http2Connection, now: number): boolean {
    const { maxRequests, maxDuration } = this.#options.config;
    if (maxRequests > 0 && connection.requests >= maxRequests) return true;
    return maxDuration > 0 && now - connection.begun >= maxDuration;
  }
}
