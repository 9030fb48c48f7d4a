import { isIP } from 'node:net';
import type { Endpoint, Locality, Service } from '@meshkeeper/mesh';
import { assembleAssignment, type EncodedGroup } from './encoded-assignment.ts';
import { encodedEndpoint } from './encoded-endpoint.ts';
import type { ResourceProblem } from './problem.ts';
import { encodedResource, type Resource } from './resource.ts';

/**
 * The endpoints of a service as Envoy takes them, one group a locality. Endpoints of weight 0 take
 * no load and are left out; so are those that Envoy would reject the whole assignment for, which
 * `problems` then names. A service without endpoints gives an assignment without, not nothing.
 */
export function loadAssignment(service: Service): {
  readonly assignment: Resource;
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
  const bytes = assembleAssignment(
    service.name,
    sorted.map(([, group]) => encodedGroup(group, limit)),
  );
  return { assignment: encodedResource('endpoint', service.name, bytes), problems };
}

function encodedGroup(
  { locality, endpoints }: { locality: Locality; endpoints: readonly Endpoint[] },
  limit: number,
): EncodedGroup {
  let total = 0;
  const encoded = endpoints.map((endpoint) => {
    const weight = Math.min(limit, Math.max(1, Math.round(endpoint.weight)));
    total += weight;
    return encodedEndpoint(endpoint, weight);
  });
  // gRPC drops a group without a weight and rejects one without a locality.
  return { locality, weight: total, endpoints: encoded };
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
