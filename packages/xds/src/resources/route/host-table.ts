import {
  ALIAS_ZONE,
  type GatewayListener,
  type Policies,
  type Service,
  type TrafficRule,
} from '@meshkeeper/mesh';
import { isHttp } from '../cluster/protocol-options.ts';
import { partName, partsOf } from '../endpoint/parts.ts';
import type { ResourceProblem } from '../problem.ts';
import { domainsByService } from './domains.ts';
import { plainRule } from './route.ts';
import { statedHosts } from './stated-hosts.ts';
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
  const added = [...policies.addedHosts((name) => all.has(name))];
  const operators = new Set([
    ...added.map(([host]) => host),
    ...portDomains(names, domains, policies),
  ]);
  const stated = statedHosts(all.values(), (host) => operators.has(host));
  for (const [name, own] of stated.byService)
    if (routed(name))
      domains.set(name, [...(domains.get(name) ?? []), ...own.flatMap(withAnyPort)]);
  const hosts: HostRules[] = [];
  const problems: ResourceProblem[] = [...stated.problems];
  // A service may be called as another one with a port is.
  const taken = new Set([...domains.values()].flat().map((domain) => domain.toLowerCase()));
  for (const name of names.filter(routed).sort()) {
    const own = domains.get(name);
    if (own === undefined) {
      const message = 'Every host name that it could have routes to another service';
      problems.push({ service: name, code: 'no-domain', message });
      continue;
    }
    const apart = apartOf(name, own, stated.byService.get(name));
    hosts.push({
      name,
      domains: own,
      ...(apart.length > 0 && { apart }),
      rules: policies.routes.get(name)?.rules ?? [plainRule(name)],
    });
    // `routed` has it.
    hosts.push(...portHosts(all.get(name) as Service, policies, own, taken));
  }
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

/** What operators say of ports: the names of services with those. */
function* portDomains(
  names: readonly string[],
  domains: ReadonlyMap<string, readonly string[]>,
  policies: Policies,
): Generator<string> {
  for (const name of names)
    for (const { port } of policies.settings(name)?.ports ?? [])
      for (const domain of withoutPort(domains.get(name) ?? []))
        yield `${domain}:${port}`.toLowerCase();
}

/** The domains that stand for a host, whatever its port. */
function withoutPort(domains: readonly string[]): readonly string[] {
  const all = new Set(domains);
  return domains.filter((domain) => all.has(`${domain}:*`));
}

/** A host that a registry states, as domains. */
function withAnyPort(host: string): readonly string[] {
  return host.includes(':') ? [host] : [host, `${host}:*`];
}

/** The hosts of a service that its name doesn't tell. */
function apartOf(
  name: string,
  domains: readonly string[],
  stated: readonly string[] = [],
): readonly string[] {
  const alias = domains.find((domain) => domain.endsWith(`.${ALIAS_ZONE}`));
  const isTold = alias === undefined || alias === `${name.toLowerCase()}.${ALIAS_ZONE}`;
  // One domain has to be left.
  return isTold || domains[0] === alias ? stated : [alias, ...stated];
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
  const bare = withoutPort(domains);
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
