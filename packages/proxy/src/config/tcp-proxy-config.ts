import { milliseconds, TcpProxy } from '@meshkeeper/xds';
import type { Problems } from './problems.ts';

/** A cluster and its share of the connections. */
export interface TcpShare {
  readonly name: string;
  readonly weight: number;
}

/** Passes connections on as they are. Times in milliseconds, 0 for none. */
export interface TcpProxyConfig {
  readonly type: 'tcp';
  readonly clusters: readonly TcpShare[];
  readonly totalWeight: number;
  /** Of silence in both directions. */
  readonly idleTimeout: number;
  /** Of a connection. */
  readonly maxDuration: number;
  /** Endpoints that are tried before the client is given up. */
  readonly maxConnectAttempts: number;
  /** Connections of one address go to one endpoint, as far as the cluster hashes. */
  readonly hashesAddress: boolean;
}

/** `envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy`. */
export function parseTcpProxy(value: Uint8Array, problems: Problems): TcpProxyConfig {
  const message = TcpProxy.decode(value);
  const weighted = message.weightedClusters?.clusters ?? [];
  for (const [i, { metadataMatch }] of weighted.entries()) {
    problems.at(`weighted_clusters.clusters[${i}]`).unsupported('metadata_match', metadataMatch);
  }
  const clusters = message.cluster
    ? [{ name: message.cluster, weight: 1 }]
    : weighted.map(({ name, weight }) => ({ name: name ?? '', weight: weight ?? 0 }));
  const totalWeight = clusters.reduce((sum, { weight }) => sum + weight, 0);
  if (totalWeight === 0) {
    problems.add('cluster_specifier', 'needs a cluster, or weighted clusters of a sum above 0');
  }
  const [hash] = message.hashPolicy ?? [];
  if (hash && !hash.sourceIp) problems.add('hash_policy[0]', 'the embedded proxy hashes source_ip');
  return {
    type: 'tcp',
    clusters,
    totalWeight,
    idleTimeout: milliseconds(message.idleTimeout) ?? 3_600_000,
    maxDuration: milliseconds(message.maxDownstreamConnectionDuration) ?? 0,
    maxConnectAttempts: message.maxConnectAttempts?.value ?? 1,
    hashesAddress: Boolean(hash?.sourceIp),
  };
}
