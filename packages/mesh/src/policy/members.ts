import type { Endpoint } from '../model/endpoint.ts';
import type { Service } from '../model/service.ts';
import type { ServiceSettings } from './model/service-settings.ts';
import type { SubsetSettings } from './model/subset-settings.ts';

/** The endpoints of a service that speak its own protocol, by which requests may go to any of them. */
export function ownMembers(
  { protocol: registered }: Pick<Service, 'protocol'>,
  settings: ServiceSettings | undefined,
  endpoints: readonly Endpoint[],
): readonly Endpoint[] {
  const others = otherPorts(settings?.protocol ?? registered, settings);
  if (others.length === 0) return endpoints;
  const ports = new Set(others.map(({ port }) => port));
  return endpoints.filter(({ port }) => !ports.has(port));
}

/** The ports that are stated to speak something else than a service does. */
export function otherPorts(
  protocol: Service['protocol'],
  settings: ServiceSettings | undefined,
): ServiceSettings['ports'] {
  return (settings?.ports ?? []).filter((port) => port.protocol !== protocol);
}

/** Those of them that take the service's requests: all, or who leads where that is stated. */
export function mainMembers(
  service: Pick<Service, 'protocol'>,
  settings: ServiceSettings | undefined,
  endpoints: readonly Endpoint[],
): readonly Endpoint[] {
  const own = ownMembers(service, settings, endpoints);
  return settings?.role === 'leader' ? leaders(own) : own;
}

/** Those of them that are in a subset, or, where that falls back, all when none is. */
export function subsetMembers(
  subset: SubsetSettings,
  endpoints: readonly Endpoint[],
): readonly Endpoint[] {
  const found = endpoints.filter((endpoint) => isIn(subset, endpoint));
  return found.length === 0 && subset.fallback === 'all' ? endpoints : found;
}

/** Whether an endpoint is in a subset. */
export function isIn({ metadata, role }: SubsetSettings, endpoint: Endpoint): boolean {
  if (role !== undefined && endpoint.role !== role) return false;
  return Object.entries(metadata).every(
    ([key, value]) => Object.hasOwn(endpoint.metadata, key) && endpoint.metadata[key] === value,
  );
}

/** Those that lead. */
export function leaders(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return endpoints.filter(({ role }) => role === 'leader');
}
