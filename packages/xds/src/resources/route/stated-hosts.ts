import type { Service } from '@meshkeeper/mesh';
import type { ResourceProblem } from '../problem.ts';

/** Which of the host names that registries state are whose. */
export interface StatedHosts {
  /** By service; those that state none, or have lost all, are not in it. */
  readonly byService: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly ResourceProblem[];
}

/** Of the names that a service has lost, so many are named. */
const NAMED = 3;

/**
 * Gives out the host names that registries state: anybody may state anything, so that what is a service's own name,
 * or what an operator has said something of, is no other's; of two that state one, the lowest name has it.
 *
 * @param reserved whether a host is somebody's by more than what a registry states
 */
export function statedHosts(
  services: Iterable<Service>,
  reserved: (host: string) => boolean,
): StatedHosts {
  const all = [...services];
  const stating = all.filter(({ hosts }) => hosts !== undefined);
  if (stating.length === 0) return { byService: new Map(), problems: [] };
  const owners = new Map(all.map(({ name }) => [name.toLowerCase(), name]));
  const byService = new Map<string, readonly string[]>();
  const problems: ResourceProblem[] = [];
  for (const { name, hosts = [] } of stating.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const own: string[] = [];
    const lost: string[] = [];
    for (const host of hosts) {
      const owner = owners.get(host);
      if (owner !== undefined && owner !== name) lost.push(`${host} (${owner})`);
      if (owner !== undefined || reserved(host)) continue;
      owners.set(host, name);
      own.push(host);
    }
    if (own.length > 0) byService.set(name, own);
    if (lost.length === 0) continue;
    const others = lost.length > NAMED ? ` and ${lost.length - NAMED} more` : '';
    const message = `Its registry calls it what leads to another service: ${lost.slice(0, NAMED).join(', ')}${others}`;
    problems.push({ service: name, code: 'host-taken', message });
  }
  return { byService, problems };
}
