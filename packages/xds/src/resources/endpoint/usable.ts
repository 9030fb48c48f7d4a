import { isIP } from 'node:net';
import type { Endpoint, Service } from '@meshkeeper/mesh';
import type { ResourceProblem } from '../problem.ts';

/**
 * The endpoints of a service that data planes take; those for which they would reject the whole
 * assignment are left out, and named in `problems`.
 */
export function usable(service: Service): {
  readonly endpoints: readonly Endpoint[];
  readonly problems: readonly ResourceProblem[];
} {
  const problems: ResourceProblem[] = [];
  const seen = new Set<string>();
  for (const endpoint of service.endpoints) {
    const problem = problemOf(service.name, endpoint, seen);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length === 0) return { endpoints: service.endpoints, problems };
  const odd = new Set(problems.map(({ endpoint }) => endpoint));
  return { endpoints: service.endpoints.filter(({ id }) => !odd.has(id)), problems };
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
