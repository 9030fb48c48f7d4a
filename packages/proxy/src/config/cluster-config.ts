import type { CircuitBreakerOptions } from '@meshkeeper/mesh';
import { type Cluster, DiscoveryType } from '@meshkeeper/xds';
import { type Assignment, parseAssignment } from './assignment.ts';
import { type BalancingConfig, parseBalancing } from './balancing-config.ts';
import { type ConnectionConfig, parseConnections } from './connection-config.ts';
import { type HealthCheckConfig, parseHealthCheck } from './health-check-config.ts';
import { parseLimits } from './limits-config.ts';
import { type OutlierConfig, parseOutlier } from './outlier-config.ts';
import type { Problems } from './problems.ts';
import { parseUpstreamTls, type UpstreamTls } from './upstream-tls.ts';

/** A cluster, as far as the proxy knows clusters. */
export interface ClusterConfig {
  readonly name: string;
  /** The name of its assignment in EDS, or the assignment itself. */
  readonly endpoints: string | Assignment;
  readonly balancing: BalancingConfig;
  readonly connections: ConnectionConfig;
  /** Undefined: plain TCP. */
  readonly tls: UpstreamTls | undefined;
  readonly limits: CircuitBreakerOptions;
  readonly outlier: OutlierConfig | undefined;
  /** All have to succeed. */
  readonly healthChecks: readonly HealthCheckConfig[];
  /** An endpoint that the control plane takes out goes, whatever its checks say. */
  readonly ignoreHealthOnRemoval: boolean;
  /** Endpoints do not count before their first check. */
  readonly ignoreUnchecked: boolean;
  /** TCP connections to an endpoint that is found unhealthy are closed. */
  readonly closeOnFailure: boolean;
}

/** `config.cluster.v3.Cluster` of type EDS or STATIC. */
export function parseCluster(message: Cluster, problems: Problems): ClusterConfig {
  problems.unsupported('lb_subset_config', message.lbSubsetConfig);
  return {
    name: message.name ?? '',
    endpoints: endpointsOf(message, problems),
    balancing: parseBalancing(message, problems),
    connections: parseConnections(message, problems),
    tls: message.transportSocket
      ? parseUpstreamTls(
          message.transportSocket.typedConfig,
          problems.at('transport_socket.typed_config'),
        )
      : undefined,
    limits: parseLimits(message.circuitBreakers, problems.at('circuit_breakers')),
    outlier: parseOutlier(message.outlierDetection),
    healthChecks: (message.healthChecks ?? []).map((check, i) =>
      parseHealthCheck(check, problems.at(`health_checks[${i}]`)),
    ),
    ignoreHealthOnRemoval: message.ignoreHealthOnHostRemoval === true,
    ignoreUnchecked: message.commonLbConfig?.ignoreNewHostsUntilFirstHc === true,
    closeOnFailure: message.closeConnectionsOnHostHealthFailure === true,
  };
}

function endpointsOf(message: Cluster, problems: Problems): string | Assignment {
  const type = message.type ?? DiscoveryType.STATIC;
  if (type === DiscoveryType.EDS) {
    return message.edsClusterConfig?.serviceName || (message.name ?? '');
  }
  if (type !== DiscoveryType.STATIC) {
    problems.add('type', 'the embedded proxy takes EDS and STATIC clusters');
  }
  return parseAssignment(message.loadAssignment ?? {}, problems.at('load_assignment'));
}
