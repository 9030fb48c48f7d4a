import { isIP } from 'node:net';
import { ALIAS_ZONE } from './alias.ts';
import { hostNameFault } from './host-name.ts';

/** Of one service: what a registry says costs memory in every data plane. */
export const MOST_HOSTS = 32;

/**
 * Why a text can't be among the host names that a registry states of a service, as a predicate; undefined
 * when it can. It is a host name, with or without a port: `web.shop.svc:9090`.
 */
export function statedHostFault(host: string): string | undefined {
  const [name, port] = splitHost(host);
  const fault = hostNameFault(name);
  if (fault !== undefined) return fault;
  if (port !== undefined && !/^[1-9]\d{0,4}$/.test(port)) return 'has a port that is none';
  if (Number(port ?? 1) > 65_535) return 'has a port that is none';
  if (isIP(name) !== 0) return 'is an address';
  const zone = `.${ALIAS_ZONE}`;
  return name.toLowerCase().endsWith(zone) ? `ends in ${zone}, which is the mesh's own` : undefined;
}

/**
 * Host names that a registry states, as a service holds them: in lower case, each once, sorted, and no more than
 * {@link MOST_HOSTS}; undefined where there is none. Those that can't be are left out.
 */
export function statedHosts(hosts: Iterable<string>): readonly string[] | undefined {
  const found = new Set<string>();
  for (const host of hosts) {
    if (found.size === MOST_HOSTS) break;
    if (statedHostFault(host) === undefined) found.add(host.toLowerCase());
  }
  return found.size === 0 ? undefined : [...found].sort();
}

/** The name and the port of a host, where it has one. */
export function splitHost(host: string): readonly [name: string, port: string | undefined] {
  const colon = host.indexOf(':');
  return colon === -1 ? [host, undefined] : [host.slice(0, colon), host.slice(colon + 1)];
}

/** True when both are the same names, as services hold them. */
export function sameHosts(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
): boolean {
  if (a === b) return true;
  return a?.length === b?.length && (a?.every((host, i) => host === b?.[i]) ?? false);
}
