import type { Http2Config } from '../../config/connection-config.ts';
import type { UpstreamFailure } from '../failure.ts';
import type { PoolOptions } from '../pool-options.ts';
import type { OutgoingHead, StreamOptions, StreamReceiver, UpstreamStream } from '../stream.ts';
import type { StreamPool } from '../stream-pool.ts';
import { WaitingStreams } from '../waiting-streams.ts';
import { isWornOut } from '../worn-out.ts';
import { Http2Connection, type Http2Owner } from './http2-connection.ts';
import { Http2Stream, type StreamQueue } from './http2-stream.ts';

/** HTTP/2 connections to one endpoint: one, as long as it has room for all streams. */
export class Http2Pool implements StreamPool, Http2Owner, StreamQueue {
  #options: PoolOptions;
  readonly #config: Http2Config;
  readonly #all = new Set<Http2Connection>();
  readonly #waiting: WaitingStreams<Http2Stream>;
  #retired = false;

  constructor(options: PoolOptions, config: Http2Config) {
    this.#options = options;
    this.#config = config;
    this.#waiting = new WaitingStreams(options.breaker);
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
      else if (this.#waiting.add(stream)) this.#connectFor();
    }
    return stream;
  }

  forget(stream: Http2Stream): void {
    this.#waiting.forget(stream);
  }

  sweep(now: number): void {
    const { idleTimeout } = this.#options.config;
    for (const connection of this.#all) {
      const idle = connection.idle && idleTimeout > 0 && now - connection.idleSince > idleTimeout;
      if (idle || isWornOut(connection, this.#options.config, now)) connection.wearOut();
    }
  }

  drain(): void {
    for (const connection of this.#all) connection.wearOut();
  }

  retire(): void {
    this.#retired = true;
    this.#waiting.failAll({ reason: 'retired', detail: 'the endpoint is gone' });
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
    if (isWornOut(connection, this.#options.config, Date.now())) connection.wearOut();
    while (connection.hasRoom) {
      const stream = this.#waiting.take();
      if (stream === undefined) break;
      connection.carry(stream);
    }
    this.#connectFor();
  }

  closed(connection: Http2Connection, failure: UpstreamFailure | undefined): void {
    this.#all.delete(connection);
    this.#options.breaker.release('connections');
    if (failure) this.#waiting.failAll(failure);
    else this.#connectFor();
  }

  #withRoom(): Http2Connection | undefined {
    for (const connection of this.#all) {
      if (!connection.hasRoom) continue;
      if (!isWornOut(connection, this.#options.config, Date.now())) return connection;
      connection.wearOut();
    }
    return undefined;
  }

  /** Opens a connection when streams wait for one and none is being opened; the first always may be. */
  #connectFor(): void {
    const { breaker } = this.#options;
    if (this.#waiting.size === 0 || this.#retired) return;
    for (const connection of this.#all) if (!connection.connected) return;
    if (this.#all.size === 0) breaker.acquire('connections');
    else if (!breaker.tryAcquire('connections')) return;
    this.#all.add(new Http2Connection(this.#options, this.#config, this));
  }
}
