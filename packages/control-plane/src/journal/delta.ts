import type { Endpoint, Protocol, Service, ServiceChange } from '@meshkeeper/mesh';

/** What a commit has changed of a service: enough to make the service after it of that before. */
export type ServiceDelta =
  | { readonly name: string; readonly removed: true }
  | {
      readonly name: string;
      readonly protocol: Protocol;
      /** Endpoints that are new, or not as they were. */
      readonly set: readonly Endpoint[];
      /** Ids of those that are gone. */
      readonly gone: readonly string[];
    };

/** The difference that a change makes. */
export function deltaOf(change: ServiceChange): ServiceDelta {
  const { name } = change;
  if (change.type === 'removed') return { name, removed: true };
  const { protocol, endpoints } = change.after;
  const before = new Map(
    change.type === 'updated' ? change.before.endpoints.map((each) => [each.id, each]) : [],
  );
  const set = endpoints.filter((endpoint) => before.get(endpoint.id) !== endpoint);
  for (const { id } of endpoints) before.delete(id);
  return { name, protocol, set, gone: [...before.keys()] };
}

/** The service after a delta; undefined when there is none. */
export function applied(before: Service | undefined, delta: ServiceDelta): Service | undefined {
  if ('removed' in delta) return undefined;
  const { name, protocol, set, gone } = delta;
  const endpoints = new Map(before?.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  for (const id of gone) endpoints.delete(id);
  for (const endpoint of set) endpoints.set(endpoint.id, endpoint);
  return {
    name,
    protocol,
    endpoints: [...endpoints.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}
