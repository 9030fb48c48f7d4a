import type { Endpoint, Protocol, Service, ServiceChange, TrafficPolicy } from '@meshkeeper/mesh';

/** What a commit has changed of a service: enough to make the service after it of that before. */
export type ServiceDelta =
  | { readonly name: string; readonly removed: true }
  | {
      readonly name: string;
      readonly protocol: Protocol;
      /** As it is now; undefined when there is none. */
      readonly policy?: TrafficPolicy;
      /** As they are now; undefined when there are none. */
      readonly hosts?: readonly string[];
      /** Endpoints that are new, or not as they were. */
      readonly set: readonly Endpoint[];
      /** Ids of those that are gone. */
      readonly gone: readonly string[];
    };

/** The difference that a change makes. */
export function deltaOf(change: ServiceChange): ServiceDelta {
  const { name } = change;
  if (change.type === 'removed') return { name, removed: true };
  const { protocol, policy, hosts, endpoints } = change.after;
  const before = new Map(
    change.type === 'updated' ? change.before.endpoints.map((each) => [each.id, each]) : [],
  );
  const set = endpoints.filter((endpoint) => before.get(endpoint.id) !== endpoint);
  for (const { id } of endpoints) before.delete(id);
  const stated = { ...(policy && { policy }), ...(hosts && { hosts }) };
  return { name, protocol, ...stated, set, gone: [...before.keys()] };
}

/** The service after a delta; undefined when there is none. */
export function applied(before: Service | undefined, delta: ServiceDelta): Service | undefined {
  if ('removed' in delta) return undefined;
  const { name, protocol, policy, hosts, set, gone } = delta;
  const endpoints = new Map(before?.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  for (const id of gone) endpoints.delete(id);
  for (const endpoint of set) endpoints.set(endpoint.id, endpoint);
  return {
    name,
    protocol,
    ...(policy && { policy }),
    ...(hosts && { hosts }),
    endpoints: [...endpoints.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}
