import {
  Any,
  decodeResource,
  type Resource,
  type ResourceStatus,
  type RouteConfiguration,
} from '@meshkeeper/xds';

/** The hosts and the targets of a route configuration, found once for each version of it. */
const known = new WeakMap<Resource, ReadonlySet<string>>();

/** Whether a route configuration is about a service: one of its hosts, or of where its routes go. */
export function concerns(
  service: string,
  clusters: readonly string[],
): (route: ResourceStatus) => boolean {
  return ({ name, served }) => {
    if (name === service || served === undefined) return name === service;
    const named = namedIn(served);
    return [service, ...clusters].some((each) => named.has(each));
  };
}

function namedIn(resource: Resource): ReadonlySet<string> {
  let names = known.get(resource);
  if (names === undefined) {
    names = new Set(namesOf(decodeResource('route', Any.decode(resource.any))));
    known.set(resource, names);
  }
  return names;
}

function* namesOf({ virtualHosts }: RouteConfiguration): Generator<string> {
  for (const { name, routes } of virtualHosts ?? []) {
    if (name) yield name;
    for (const { route } of routes ?? []) {
      if (route?.cluster) yield route.cluster;
      for (const { name: target } of route?.weightedClusters?.clusters ?? [])
        if (target) yield target;
    }
  }
}
