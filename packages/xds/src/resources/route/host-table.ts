import type { GatewayListener, Policies, Service, TrafficRule } from '@meshkeeper/mesh';
import { isHttp } from '../cluster/protocol-options.ts';
import { partName, partsOf } from '../endpoint/parts.ts';
import type { ResourceProblem } from '../problem.ts';
import { domainsByService } from './domains.ts';
import { plainRule } from './route.ts';
import type { HostRules } from './virtual-host.ts';

/** The virtual hosts of a route configuration, sorted by name, and what could not be one. */
export interface HostTable {
  readonly hosts: readonly HostRules[];
  readonly problems: readonly ResourceProblem[];
}

/**
 * What callers inside the mesh can reach: each service that speaks HTTP under its names, with the rules
 * that are attached to it; the host names that those rules add; ports that speak something of their own.
 */
export function meshHosts(services: Iterable<Service>, policies: Policies): HostTable {
  const all = new Map<string, Service>();
  for (const service of services) all.set(service.name, service);
  const protocolOf = (service: Service) =>
    policies.settings(service.name)?.protocol ?? service.protocol;
  const routed = (name: string) => {
    const service = all.get(name);
    return service !== undefined && isHttp(protocolOf(service));
  };
  const names = [...all.keys()];
  const domains = domainsByService(names, routed);
  const hosts: HostRules[] = [];
  const problems: ResourceProblem[] = [];
  // A service may be called as another one with a port is.
  const taken = new Set([...domains.values()].flat().map((domain) => domain.toLowerCase()));
  for (const name of names.filter(routed).sort()) {
    const own = domains.get(name);
    if (own === undefined) {
      const message = 'Every host name that it could have routes to another service';
      problems.push({ service: name, code: 'no-domain', message });
      continue;
    }
    hosts.push({
      name,
      domains: own,
      rules: policies.routes.get(name)?.rules ?? [plainRule(name)],
    });
    // `routed` has it.
    hosts.push(...portHosts(all.get(name) as Service, policies, own, taken));
  }
  const added = [...policies.addedHosts((name) => all.has(name))];
  for (const [host, rules] of added.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const fresh = [host, `${host}:*`].filter((domain) => !taken.has(domain));
    // Envoy knows no `*` at both ends: with a port such a name fits nothing.
    const possible = host.startsWith('*') ? fresh.slice(0, 1) : fresh;
    if (possible.length > 0) hosts.push({ name: host, domains: possible, rules });
  }
  return { hosts, problems };
}

/**
 * The hosts of listeners that share their routes. Requests for a listener's host name are that
 * listener's alone, also those that none of its rules fits (Gateway API's isolation of listeners).
 */
export function gatewayHosts(listeners: readonly GatewayListener[]): HostRules[] {
  const byHost = new Map<string, readonly TrafficRule[]>();
  const exactFirst = listeners.toSorted((a, b) => exactness(b) - exactness(a));
  for (const { hosts, hostname } of exactFirst) {
    for (const [host, rules] of hosts) if (!byHost.has(host)) byHost.set(host, rules);
    if (hostname !== undefined && !byHost.has(hostname)) byHost.set(hostname, []);
  }
  return [...byHost].map(([host, rules]) => ({ name: host, domains: [host], rules }));
}

/** Of a host name (RFC 1035). */
const LONGEST_HOST = 253;

/** A whole name goes before a wildcard, a longer wildcard before a shorter, any host last. */
function exactness({ hostname }: GatewayListener): number {
  if (hostname === undefined) return 0;
  return hostname.startsWith('*') ? hostname.length : LONGEST_HOST + 1;
}

/** The ports of a service that speak HTTP of another kind are reached under its names with the port. */
function portHosts(
  service: Service,
  policies: Policies,
  domains: readonly string[],
  taken: Set<string>,
): HostRules[] {
  const settings = policies.settings(service.name);
  if (settings === undefined || settings.ports.length === 0) return [];
  const bare = domains.filter((domain) => !domain.endsWith(':*'));
  return settings.ports.flatMap(({ port }) => {
    const name = partName(service.name, port);
    const part = partsOf(service, settings).find((each) => each.name === name);
    if (part === undefined || !isHttp(part.protocol)) return [];
    const own = bare.map((domain) => `${domain}:${port}`);
    const free = own.filter((domain) => !taken.has(domain.toLowerCase()));
    for (const domain of free) taken.add(domain.toLowerCase());
    const [first] = free;
    if (first === undefined) return [];
    // Called so that gRPC's clients find it by the name and port, too.
    return [{ name: first, domains: free, rules: [plainRule(service.name, String(port))] }];
  });
}
