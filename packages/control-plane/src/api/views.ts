import type { Catalog, Endpoint, Held, Origin, RegistrySource, Service } from '@meshkeeper/mesh';

/** A service as the list shows it. */
export function serviceView(service: Service, catalog: Catalog) {
  const count = (health: Endpoint['health']) =>
    service.endpoints.filter((endpoint) => endpoint.health === health).length;
  const alarm = catalog.alarms.get(service.name);
  const conflicts = catalog.conflicts.get(service.name);
  return {
    name: service.name,
    protocol: service.protocol,
    registries: [...new Set(service.endpoints.map(({ origin }) => origin.registry))].sort(),
    endpoints: service.endpoints.length,
    healthy: count('healthy') + count('unknown'),
    draining: count('draining'),
    unhealthy: count('unhealthy'),
    held: catalog.held(service.name).size,
    ...(service.hosts && { hosts: service.hosts }),
    ...(alarm && { alarm: alarm.reason }),
    ...(catalog.holds.has(service.name) && { hold: true }),
    ...(conflicts && { conflicts }),
  };
}

/** A service by itself, with what its registry states of its traffic. */
export function oneServiceView(service: Service, catalog: Catalog) {
  const { policy } = service;
  return { ...serviceView(service, catalog), ...(policy && { policy }) };
}

/** Why an endpoint is served that its registry lacks, and until when. */
export function heldView({ reason, since, until }: Held) {
  return {
    reason,
    since: new Date(since).toISOString(),
    // An operator's hold has no end.
    ...(Number.isFinite(until) && { until: new Date(until).toISOString() }),
  };
}

/** An endpoint with what its registry and the operators say. */
export function endpointView(service: string, endpoint: Endpoint, catalog: Catalog) {
  const { origin, ...rest } = endpoint;
  const held = catalog.held(service).get(endpoint.id);
  const overlay = catalog.overlayOf(service, endpoint);
  return {
    ...rest,
    held: held !== undefined,
    ...(held && { protection: heldView(held) }),
    ...(overlay && { overlay }),
    origin: originView(origin),
  };
}

/** What an endpoint was read from; only ZooKeeper has transactions. */
export function originView({ registry, path, czxid, mzxid, mtime, version }: Origin) {
  return {
    registry,
    path,
    ...(czxid !== undefined && { czxid: `0x${czxid.toString(16)}` }),
    ...(mzxid !== undefined && { mzxid: `0x${mzxid.toString(16)}` }),
    ...(mtime !== undefined && { changed: new Date(mtime).toISOString() }),
    ...(version !== undefined && { version }),
  };
}

/** A registry: whether it is read, and what in it could not be used. */
export function registryView(source: RegistrySource) {
  const { state } = source;
  return {
    name: source.name,
    state: state.type,
    ...(state.type === 'stale' && { staleSince: new Date(state.since).toISOString() }),
    problems: [...source.problems.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}
