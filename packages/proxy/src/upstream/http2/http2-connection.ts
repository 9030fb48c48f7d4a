import { type ClientHttp2Session, connect } from 'node:http2';
import type { Socket } from 'node:net';
import type { Http2Config } from '../../config/connection-config.ts';
import type { UpstreamFailure } from '../failure.ts';
import { openSocket } from '../open-socket.ts';
import type { PoolOptions } from '../pool-options.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Http2Stream } from './http2-stream.ts';

/** Who keeps a connection. */
export interface Http2Owner {
  /** It has become able to carry one more stream, or one less. */
  changed(connection: Http2Connection): void;
  /** It is gone; `failure` when it never was connected. */
  closed(connection: Http2Connection, failure: UpstreamFailure | undefined): void;
}

/** One HTTP/2 connection to an endpoint. */
export class Http2Connection {
  /** Milliseconds since the epoch. */
  readonly begun = Date.now();
  idleSince = Date.now();
  /** Requests that it has carried. */
  requests = 0;
  readonly #owner: Http2Owner;
  readonly #session: ClientHttp2Session;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #maxStreams: number;
  #peerStreams = 0;
  #active = 0;
  #state: 'connecting' | 'open' | 'worn-out' | 'closed' = 'connecting';
  #connected = false;
  #error: Error | undefined;

  constructor(options: PoolOptions, config: Http2Config, owner: Http2Owner) {
    const { address, port, tls, config: connections } = options;
    this.#owner = owner;
    this.#maxStreams = config.maxConcurrentStreams;
    const { tcpKeepalive, connectTimeout } = connections;
    const socket = openSocket({ address, port, tls, tcpKeepalive }, () => {});
    const session = connect('http://endpoint', {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: config.streamWindow },
    });
    this.#session = session;
    this.#heartbeat = config.ping && new Heartbeat(session, config.ping);
    this.#listen(session, socket, connectTimeout, config.connectionWindow);
  }

  /** False while it is being opened. */
  get connected(): boolean {
    return this.#connected;
  }

  /** No request is on it. */
  get idle(): boolean {
    return this.#connected && this.#active === 0;
  }

  /** It can carry one more stream. */
  get hasRoom(): boolean {
    const most = Math.min(this.#maxStreams, this.#peerStreams);
    return this.#state === 'open' && this.#active < most && !this.#session.closed;
  }

  /** Carries a stream; only while it {@link hasRoom}. */
  carry(stream: Http2Stream): void {
    this.#heartbeat?.beforeRequest(this.#active === 0 ? Date.now() - this.idleSince : 0);
    const reused = this.requests > 0 && this.#active === 0;
    this.#active++;
    this.requests++;
    if (!stream.sendOn(this, this.#session, reused)) this.ended();
  }

  /** A stream that it carried is over. */
  ended(): void {
    this.#active--;
    if (this.#active === 0) {
      this.idleSince = Date.now();
      if (this.#state === 'worn-out') this.#session.close();
    }
    if (this.#state !== 'closed') this.#owner.changed(this);
  }

  /** Takes no more streams; closes when those that it has are over. */
  wearOut(): void {
    if (this.#state === 'closed') return;
    this.#state = this.#connected ? 'worn-out' : this.#state;
    if (this.#connected && this.#active === 0) this.#session.close();
  }

  /** Drops it, with its streams. */
  destroy(): void {
    this.#session.destroy();
  }

  #listen(
    session: ClientHttp2Session,
    socket: Socket,
    connectTimeout: number,
    window: number,
  ): void {
    const timer = setTimeout(() => {
      socket.destroy(new Error('connecting took too long'));
    }, connectTimeout);
    session.on('remoteSettings', ({ maxConcurrentStreams }) => {
      this.#peerStreams = maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
      // The server's first word: before it nobody knows that this is HTTP/2, nor how much it takes.
      if (this.#state === 'connecting') {
        clearTimeout(timer);
        session.setLocalWindowSize(window);
        this.#connected = true;
        this.#state = 'open';
        this.#heartbeat?.begin();
      }
      this.#owner.changed(this);
    });
    session.on('goaway', () => {
      if (this.#state === 'open') this.wearOut();
      this.#owner.changed(this);
    });
    session.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    session.on('close', () => {
      clearTimeout(timer);
      this.#heartbeat?.end();
      this.#state = 'closed';
      const detail = this.#error?.message ?? 'the connection was closed';
      this.#owner.closed(this, this.#connected ? undefined : { reason: 'connect', detail });
    });
  }
}
