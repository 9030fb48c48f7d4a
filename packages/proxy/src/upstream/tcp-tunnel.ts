import type { Socket } from 'node:net';
import type { Load } from '@meshkeeper/mesh';
import type { Endpoint } from './endpoint.ts';
import type { UpstreamFailure } from './failure.ts';
import { openSocket, type SocketOptions } from './open-socket.ts';

/** Who has asked for a TCP connection. Exactly one of the two is called, once, later. */
export interface TunnelReceiver {
  /** It stands; the socket is the receiver's, who closes it. */
  connected(socket: Socket): void;
  failed(failure: UpstreamFailure): void;
}

/** What a tunnel's cluster is told. */
export interface TunnelOwner {
  /** It stands. */
  connected(tunnel: TcpTunnel): void;
  failed(tunnel: TcpTunnel, failure: UpstreamFailure): void;
  /** Comes last, and always. */
  over(tunnel: TcpTunnel): void;
}

/** A raw connection that was asked for. */
export interface Tunnel {
  /** Drops it; the receiver hears no more. Idempotent. */
  cancel(): void;
}

/** A raw connection to an endpoint, from its first SYN to its end. */
export class TcpTunnel implements Tunnel {
  readonly endpoint: Endpoint;
  readonly load: Load | undefined;
  readonly #socket: Socket;
  readonly #receiver: TunnelReceiver;
  readonly #owner: TunnelOwner;
  #state: 'connecting' | 'connected' | 'cancelled' = 'connecting';
  #error: Error | undefined;

  constructor(
    endpoint: Endpoint,
    options: Omit<SocketOptions, 'address' | 'port'> & { readonly connectTimeout: number },
    receiver: TunnelReceiver,
    owner: TunnelOwner,
  ) {
    this.endpoint = endpoint;
    this.load = endpoint.load;
    this.#receiver = receiver;
    this.#owner = owner;
    const { address, port } = endpoint;
    const socket = openSocket({ address, port, ...options }, () => this.#connected());
    this.#socket = socket;
    socket.setTimeout(options.connectTimeout);
    socket.on('timeout', () => {
      // Later silence is the receiver's to judge.
      if (this.#state === 'connecting') socket.destroy(new Error('connecting took too long'));
    });
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('close', () => this.#closed());
  }

  cancel(): void {
    this.#state = 'cancelled';
    this.#socket.destroy();
  }

  #connected(): void {
    this.#state = 'connected';
    this.#socket.setTimeout(0);
    this.#owner.connected(this);
    this.#receiver.connected(this.#socket);
  }

  #closed(): void {
    const failed = this.#state === 'connecting';
    const detail = this.#error?.message ?? 'the connection was closed';
    const failure: UpstreamFailure = { reason: 'connect', detail };
    if (failed) this.#owner.failed(this, failure);
    this.#owner.over(this);
    if (failed) this.#receiver.failed(failure);
  }
}

/** A raw connection that there can't be. */
export class RefusedTunnel implements Tunnel {
  #cancelled = false;

  constructor(receiver: TunnelReceiver, failure: UpstreamFailure) {
    queueMicrotask(() => {
      if (!this.#cancelled) receiver.failed(failure);
    });
  }

  cancel(): void {
    this.#cancelled = true;
  }
}
