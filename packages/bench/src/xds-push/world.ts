import {
  EMPTY_SNAPSHOT,
  type Endpoint,
  NO_LOCALITY,
  type Service,
  ServiceMap,
  type Snapshot,
} from '@meshkeeper/mesh';
import { Resources, scopeOf } from '@meshkeeper/xds';
import type { WorldSize } from './protocol.ts';

/** Name of the service of that number. */
export function serviceName(number: number): string {
  return `service-${number}`;
}

/** A catalog of that size. */
export function makeSnapshot({ services, endpoints }: WorldSize): Snapshot {
  const made = Array.from({ length: services }, (_, number): Service => {
    const name = serviceName(number);
    const all = Array.from({ length: endpoints }, (_, i) => makeEndpoint(number * endpoints + i));
    return { name, protocol: 'http', endpoints: all };
  });
  return { ...EMPTY_SNAPSHOT, revision: 1, services: ServiceMap.from(made) };
}

/** The change of that number: one endpoint of one service has another port. */
export function changeService(
  snapshot: Snapshot,
  number: number,
): [before: Service, after: Service] {
  const { services } = snapshot;
  const before = services.get(serviceName(number % services.size));
  if (before === undefined) throw new RangeError('There is nothing to change');
  const endpoints = before.endpoints.slice();
  const which = Math.floor(number / services.size) % endpoints.length;
  // It is within the array.
  const changed = endpoints[which] as Endpoint;
  endpoints[which] = { ...changed, port: 10_000 + (number % 50_000) };
  return [before, { ...before, endpoints }];
}

/** What an Envoy is served of it, of all types, as `google.protobuf.Any` in base 64. */
export function resourcesOf(snapshot: Snapshot): string[] {
  const resources = new Resources();
  const added = [...snapshot.services].map((after) => {
    return { type: 'added' as const, name: after.name, after };
  });
  resources.apply(snapshot, added);
  resources.settle();
  const view = resources.view(scopeOf({}));
  const types = ['cluster', 'endpoint', 'listener', 'route'] as const;
  return types.flatMap((type) => view[type].list.map(({ any }) => any.toString('base64')));
}

function makeEndpoint(number: number): Endpoint {
  const address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
  const origin = { registry: 'bench', path: `/${number}`, czxid: 1n, mzxid: 1n, mtime: 0 };
  const state = { weight: 100, locality: NO_LOCALITY, health: 'healthy' as const, metadata: {} };
  return { id: `i-${number}`, address, port: 8080, ...state, origin };
}
