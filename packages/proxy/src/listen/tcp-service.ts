import type { Socket } from 'node:net';
import { Hash64 } from '@meshkeeper/mesh';
import type { FilterChain } from '../config/filter-chain.ts';
import type { ClientFacts } from '../config/request-view.ts';
import type { TcpProxyConfig } from '../config/tcp-proxy-config.ts';
import { TcpForwarding } from '../forward/tcp-forwarding.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { ChainService } from './chain-service.ts';

/** What TCP services take from outside. */
export interface TcpEnvironment {
  cluster(name: string): Cluster | undefined;
  readonly random: () => number;
}

/** Passes connections on as they are. */
export class TcpService implements ChainService {
  readonly #environment: TcpEnvironment;
  #config: TcpProxyConfig;

  constructor(config: TcpProxyConfig, environment: TcpEnvironment) {
    this.#config = config;
    this.#environment = environment;
  }

  canTake({ network }: FilterChain): boolean {
    return network.type === 'tcp';
  }

  take({ network }: FilterChain): void {
    if (network.type === 'tcp') this.#config = network;
  }

  accept(socket: Socket, client: ClientFacts): void {
    // Each direction ends by itself.
    socket.allowHalfOpen = true;
    const cluster = this.#environment.cluster(this.#choose());
    if (!cluster) {
      socket.destroy();
      return;
    }
    const hash = this.#config.hashesAddress ? new Hash64().ofText(client.remoteAddress) : undefined;
    new TcpForwarding(socket, cluster, this.#config, hash).start();
  }

  drain(): void {
    // What a connection is in the middle of is not known here: it has until the listener's deadline.
  }

  #choose(): string {
    const { clusters, totalWeight } = this.#config;
    let at = this.#environment.random() * totalWeight;
    for (const { name, weight } of clusters) {
      at -= weight;
      if (at < 0) return name;
    }
    return clusters[0]?.name ?? '';
  }
}
