import type { ResourceType } from '../../src/index.ts';

/** One of the four ways to speak xDS. */
export interface Variant {
  readonly title: string;
  readonly incremental: boolean;
  readonly aggregated: boolean;
}

/** All four. */
export const VARIANTS: readonly Variant[] = [
  { title: 'state of the world, aggregated', incremental: false, aggregated: true },
  { title: 'state of the world, separate', incremental: false, aggregated: false },
  { title: 'incremental, aggregated', incremental: true, aggregated: true },
  { title: 'incremental, separate', incremental: true, aggregated: false },
];

/** Those with the state of the world. */
export const SOTW = VARIANTS.filter(({ incremental }) => !incremental);
/** Those with increments. */
export const DELTA = VARIANTS.filter(({ incremental }) => incremental);
/** Those with one stream for all types, which is what has an order. */
export const AGGREGATED = VARIANTS.filter(({ aggregated }) => aggregated);

// From Envoy's protos, not from the server's table: this is what a client calls.
const SERVICES: Readonly<Record<ResourceType, readonly [service: string, noun: string]>> = {
  cluster: ['envoy.service.cluster.v3.ClusterDiscoveryService', 'Clusters'],
  endpoint: ['envoy.service.endpoint.v3.EndpointDiscoveryService', 'Endpoints'],
  listener: ['envoy.service.listener.v3.ListenerDiscoveryService', 'Listeners'],
  route: ['envoy.service.route.v3.RouteDiscoveryService', 'Routes'],
  virtualHost: ['envoy.service.route.v3.VirtualHostDiscoveryService', 'VirtualHosts'],
  secret: ['envoy.service.secret.v3.SecretDiscoveryService', 'Secrets'],
};

/** The type URLs, as a client knows them. */
export const TYPE_URLS: Readonly<Record<ResourceType, string>> = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoint: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  route: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  virtualHost: 'type.googleapis.com/envoy.config.route.v3.VirtualHost',
  secret: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
};

/** The path of the method by which a variant asks for a type. */
export function pathOf({ incremental, aggregated }: Variant, type: ResourceType): string {
  const verb = incremental ? 'Delta' : 'Stream';
  if (aggregated)
    return `/envoy.service.discovery.v3.AggregatedDiscoveryService/${verb}AggregatedResources`;
  const [service, noun] = SERVICES[type];
  return `/${service}/${verb}${noun}`;
}

/** The paths that ask once, without a stream. */
export const FETCH_PATHS: readonly string[] = Object.values(SERVICES).map(
  ([service, noun]) => `/${service}/Fetch${noun}`,
);
