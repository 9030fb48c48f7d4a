import type { Policies } from '@meshkeeper/mesh';
import {
  Any,
  decodeResource,
  gatewayRoutes,
  hostOfVirtualHost,
  type Resource,
  type ResourceStatus,
  type VirtualHost,
  virtualHostName,
} from '@meshkeeper/xds';

/** The hosts and the targets of routes, found once for each version of them. */
const known = new WeakMap<Resource, ReadonlySet<string>>();

/**
 * What virtual hosts that are resources of their own may be called, when they are about a service: of
 * those that are called otherwise it is known without a look that they are not.
 */
export function virtualHostNames(
  clusters: readonly string[],
  { routes, gateways }: Policies,
): string[] {
  const added = [...routes.values()].flatMap(({ hosts }) => [...hosts.keys()]);
  const hosts = new Set([...clusters, ...routes.keys(), ...added]);
  const inMesh = ['outbound', 'gateway'].flatMap((name) =>
    Array.from(hosts, (host) => virtualHostName(name, host)),
  );
  const atGateways = [...gatewayRoutes(gateways)].flatMap(([name, listeners]) =>
    listeners.flatMap((listener) =>
      Array.from(listener.hosts.keys(), (host) => virtualHostName(name, host)),
    ),
  );
  return [...inMesh, ...atGateways];
}

/** Whether routes, or a virtual host of theirs, are about a service: by its name, or where they go. */
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
    names = new Set(hostsIn(resource).flatMap(namesOf));
    known.set(resource, names);
  }
  return names;
}

function hostsIn({ type, name, any }: Resource): readonly VirtualHost[] {
  if (type === 'route') return decodeResource(type, Any.decode(any)).virtualHosts ?? [];
  if (type !== 'virtualHost') return [];
  return [{ ...decodeResource(type, Any.decode(any)), name: hostOfVirtualHost(name) }];
}

function namesOf({ name, routes }: VirtualHost): string[] {
  const targets = (routes ?? []).flatMap(({ route }) => [
    route?.cluster,
    ...(route?.weightedClusters?.clusters ?? []).map((each) => each.name),
  ]);
  return [name, ...targets].flatMap((each) => each || []);
}
