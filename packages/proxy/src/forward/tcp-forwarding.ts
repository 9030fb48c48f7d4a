import type { Socket } from 'node:net';
import type { Hash64 } from '@meshkeeper/mesh';
import type { TcpProxyConfig } from '../config/tcp-proxy-config.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { Tunnel, TunnelReceiver } from '../upstream/tcp-tunnel.ts';
import { tunnel } from './tunnel.ts';

/** A client's connection on its way to an endpoint. */
export class TcpForwarding implements TunnelReceiver {
  readonly #client: Socket;
  readonly #cluster: Cluster;
  readonly #config: TcpProxyConfig;
  readonly #hash: Hash64 | undefined;
  #tried: readonly Endpoint[] = [];
  #attempt: Tunnel | undefined;

  constructor(client: Socket, cluster: Cluster, config: TcpProxyConfig, hash: Hash64 | undefined) {
    this.#client = client;
    this.#cluster = cluster;
    this.#config = config;
    this.#hash = hash;
    client.on('close', () => this.#attempt?.cancel());
    client.on('error', () => client.destroy());
  }

  /** Begins. Call it once. */
  start(): void {
    const { maxDuration } = this.#config;
    if (maxDuration > 0) {
      const timer = setTimeout(() => this.#client.destroy(), maxDuration);
      this.#client.on('close', () => clearTimeout(timer));
    }
    this.#connect();
  }

  connected(socket: Socket): void {
    this.#attempt = undefined;
    if (this.#client.destroyed) {
      socket.destroy();
      return;
    }
    socket.allowHalfOpen = true;
    tunnel(this.#client, socket, this.#config.idleTimeout);
  }

  failed(): void {
    this.#attempt = undefined;
    if (this.#client.destroyed) return;
    if (this.#tried.length < this.#config.maxConnectAttempts) this.#connect();
    else this.#client.destroy();
  }

  #connect(): void {
    const tried = this.#tried;
    const endpoint = this.#cluster.pick(this.#hash ? { tried, hash: this.#hash } : { tried });
    if (!endpoint) {
      this.#client.destroy();
      return;
    }
    this.#tried = [...tried, endpoint];
    this.#attempt = this.#cluster.connect(endpoint, this);
  }
}
