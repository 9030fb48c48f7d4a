import { isIP } from 'node:net';
import type { Endpoint, Service } from '@meshkeeper/mesh';
import type { ResourceProblem } from '../problem.ts';

/** More endpoints that have changed than these are looked at together with all others. */
const FEW = 8;

/** Endpoints that data planes take, and what was wrong with the others. */
export interface Usable {
  readonly endpoints: readonly Endpoint[];
  readonly problems: readonly ResourceProblem[];
}

/**
 * The endpoints of a service that data planes take; those for which they would reject the whole
 * assignment are left out, and named in `problems`.
 *
 * @param before those of the version before, if all could be taken: only what differs is looked at
 */
export function usable(service: Service, before?: readonly Endpoint[]): Usable {
  const { endpoints } = service;
  const changed = before && fewChanged(before, endpoints);
  if (changed?.every((endpoint) => isFine(service.name, endpoint, endpoints)))
    return { endpoints, problems: [] };
  const problems: ResourceProblem[] = [];
  const seen = new Set<string>();
  for (const endpoint of endpoints) {
    const problem = problemOf(service.name, endpoint, seen);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length === 0) return { endpoints, problems };
  const odd = new Set(problems.map(({ endpoint }) => endpoint));
  return { endpoints: endpoints.filter(({ id }) => !odd.has(id)), problems };
}

/**
 * The endpoints that are not the same objects in both, where they are few: the catalog keeps those that
 * have not changed, and their order.
 */
function fewChanged(
  before: readonly Endpoint[],
  after: readonly Endpoint[],
): Endpoint[] | undefined {
  const changed: Endpoint[] = [];
  let at = 0;
  for (const endpoint of after) {
    if (before[at] === endpoint) at++;
    else if (before[at + 1] === endpoint) at += 2;
    else {
      if (changed.length === FEW) return undefined;
      changed.push(endpoint);
      // One in the place of another, or one more.
      if (before[at]?.id === endpoint.id) at++;
    }
  }
  return changed;
}

/** Whether it can be taken, by itself and among those. */
function isFine(service: string, endpoint: Endpoint, all: readonly Endpoint[]): boolean {
  const { address, port } = endpoint;
  if (problemOf(service, endpoint, new Set()) !== undefined) return false;
  let found = 0;
  for (const other of all) if (other.port === port && other.address === address) found++;
  return found === 1;
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
