import type { Endpoint } from '../model/endpoint.ts';
import type { Service } from '../model/service.ts';

/**
 * One service out of what several sources say of it, the most trusted first. Two endpoints with one
 * address and port are one instance registered twice: that of the more trusted source stays, within
 * a source the one registered last (an instance that was restarted before its old session ended).
 * Sorted by id; an id that two instances share is qualified by the registry.
 */
export function merge(name: string, services: readonly Service[]): Service | undefined {
  const [first] = services;
  if (first === undefined) return undefined;
  if (services.length === 1 && distinct(first.endpoints)) return first;
  const byAddress = new Map<string, Endpoint>();
  for (const service of services) {
    for (const endpoint of service.endpoints) {
      const key = addressOf(endpoint);
      const other = byAddress.get(key);
      if (other === undefined || replaces(endpoint, other)) byAddress.set(key, endpoint);
    }
  }
  const byId = new Map<string, Endpoint>();
  for (const endpoint of byAddress.values()) {
    const id = byId.has(endpoint.id) ? `${endpoint.id}@${endpoint.origin.registry}` : endpoint.id;
    byId.set(id, id === endpoint.id ? endpoint : { ...endpoint, id });
  }
  const endpoints = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { ...first, name, endpoints };
}

/** Address and port as one key. */
export function addressOf({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}

function replaces(endpoint: Endpoint, other: Endpoint): boolean {
  return (
    endpoint.origin.registry === other.origin.registry && endpoint.origin.czxid > other.origin.czxid
  );
}

function distinct(endpoints: readonly Endpoint[]): boolean {
  return new Set(endpoints.map(addressOf)).size === endpoints.length;
}
