import { isIP } from 'node:net';
import type { Endpoint, Health, Locality, Service } from '@meshkeeper/mesh';
import {
  type ClusterLoadAssignment,
  HealthStatus,
  type LbEndpoint,
  type LocalityLbEndpoints,
} from '../codec/messages.ts';
import { textStruct } from '../codec/struct.ts';
import type { ResourceProblem } from './problem.ts';

const HEALTH: Readonly<Record<Health, HealthStatus>> = {
  healthy: HealthStatus.HEALTHY,
  unhealthy: HealthStatus.UNHEALTHY,
  draining: HealthStatus.DRAINING,
  unknown: HealthStatus.UNKNOWN,
};

/** Key of `filter_metadata` under which an endpoint says what only this mesh knows of it. */
export const METADATA_KEY = 'meshkeeper';

const LEADER = { filterMetadata: { [METADATA_KEY]: textStruct({ role: 'leader' }) } };

/**
 * The endpoints of a service as Envoy takes them, one group a locality. Endpoints of weight 0 take
 * no load and are left out; so are those that Envoy would reject the whole assignment for, which
 * `problems` then names. A service without endpoints gives an assignment without, not nothing.
 */
export function loadAssignment(service: Service): {
  readonly assignment: ClusterLoadAssignment;
  readonly problems: readonly ResourceProblem[];
} {
  const problems: ResourceProblem[] = [];
  const groups = new Map<string, { locality: Locality; endpoints: Endpoint[] }>();
  const seen = new Set<string>();
  for (const endpoint of service.endpoints) {
    if (endpoint.weight <= 0) continue;
    const problem = problemOf(service.name, endpoint, seen);
    if (problem !== undefined) {
      problems.push(problem);
      continue;
    }
    const { region, zone, subzone } = endpoint.locality;
    const key = `${region}\0${zone}\0${subzone}`;
    const group = groups.get(key);
    if (group === undefined)
      groups.set(key, { locality: endpoint.locality, endpoints: [endpoint] });
    else group.endpoints.push(endpoint);
  }
  // Envoy adds the weights up in 32 bits and rejects an overflow.
  const limit = Math.floor(0xffff_ffff / Math.max(1, service.endpoints.length));
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  const endpoints = sorted.map(([, group]) => localityGroup(group, limit));
  return { assignment: { clusterName: service.name, endpoints }, problems };
}

function localityGroup(
  group: { locality: Locality; endpoints: readonly Endpoint[] },
  limit: number,
): LocalityLbEndpoints {
  let total = 0;
  const lbEndpoints = group.endpoints.map((endpoint): LbEndpoint => {
    const weight = Math.min(limit, Math.max(1, Math.round(endpoint.weight)));
    total += weight;
    const { address, port } = endpoint;
    return {
      endpoint: { address: { socketAddress: { address, portValue: port } } },
      healthStatus: HEALTH[endpoint.health],
      loadBalancingWeight: { value: weight },
      ...(endpoint.role === 'leader' ? { metadata: LEADER } : {}),
    };
  });
  const { region, zone, subzone } = group.locality;
  return {
    // gRPC drops a group without a weight and rejects one without a locality.
    locality: { region, zone, subZone: subzone },
    loadBalancingWeight: { value: total },
    lbEndpoints,
  };
}

function problemOf(
  service: string,
  endpoint: Endpoint,
  seen: Set<string>,
): ResourceProblem | undefined {
  const { id, address, port } = endpoint;
  const problem = (code: ResourceProblem['code'], message: string) => {
    return { service, endpoint: id, code, message };
  };
  if (isIP(address) === 0 || address.includes('%')) {
    return problem('host-name', `Envoy takes no host names by EDS: register an IP, not ${address}`);
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    return problem('bad-port', `${port} is not a port from 1 to 65535`);
  const key = `${address} ${port}`;
  if (seen.has(key))
    return problem('duplicate-address', `Another endpoint has the address ${address}:${port}`);
  seen.add(key);
  return undefined;
}
