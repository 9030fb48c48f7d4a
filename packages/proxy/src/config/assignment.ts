import { type ClusterLoadAssignment, HealthStatus, type LbEndpoint } from '@meshkeeper/xds';
import type { Problems } from './problems.ts';

/** What the control plane says of an endpoint's health. */
export type EndpointHealth = 'eligible' | 'draining' | 'unhealthy';

/** An endpoint of a cluster. */
export interface Target {
  readonly address: string;
  readonly port: number;
  /** Its share of the requests among all of its priority, localities included. */
  readonly weight: number;
  /** 0 is used first. */
  readonly priority: number;
  readonly health: EndpointHealth;
}

/** The endpoints of a cluster. */
export type Assignment = readonly Target[];

/**
 * `config.endpoint.v3.ClusterLoadAssignment` with its localities flattened: an endpoint's weight is
 * its locality's share times its own share within the locality.
 */
export function parseAssignment(message: ClusterLoadAssignment, problems: Problems): Assignment {
  const targets: Target[] = [];
  for (const [i, locality] of (message.endpoints ?? []).entries()) {
    const endpoints = locality.lbEndpoints ?? [];
    const weights = endpoints.map((endpoint) => endpoint.loadBalancingWeight?.value ?? 1);
    const share = locality.loadBalancingWeight?.value;
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const factor = share === undefined || share === null || sum === 0 ? 1 : share / sum;
    for (const [e, endpoint] of endpoints.entries()) {
      const socket = endpoint.endpoint?.address?.socketAddress;
      if (!socket?.address || !socket.portValue) {
        const field = `endpoints[${i}].lb_endpoints[${e}].endpoint.address`;
        problems.add(field, 'the embedded proxy needs a socket_address with a port');
        continue;
      }
      targets.push({
        address: socket.address,
        port: socket.portValue,
        weight: weights[e]! * factor,
        priority: locality.priority ?? 0,
        health: healthOf(endpoint),
      });
    }
  }
  return targets;
}

function healthOf(endpoint: LbEndpoint): EndpointHealth {
  switch (endpoint.healthStatus ?? HealthStatus.UNKNOWN) {
    case HealthStatus.UNKNOWN:
    case HealthStatus.HEALTHY:
    case HealthStatus.DEGRADED:
      return 'eligible';
    case HealthStatus.DRAINING:
      return 'draining';
    default:
      return 'unhealthy';
  }
}
