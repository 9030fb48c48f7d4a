import {
  Cluster,
  ClusterLoadAssignment,
  Listener,
  RouteConfiguration,
  Secret,
  VirtualHost,
} from './messages.ts';

/**
 * The resource types of xDS, one row each, in the order in which they are added to a data plane
 * (removals go in reverse): make before break.
 */
export const RESOURCE_TYPES = {
  secret: {
    typeUrl: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
    short: 'SDS',
    message: Secret,
    nameField: 'name',
  },
  cluster: {
    typeUrl: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
    short: 'CDS',
    message: Cluster,
    nameField: 'name',
  },
  endpoint: {
    typeUrl: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
    short: 'EDS',
    message: ClusterLoadAssignment,
    nameField: 'clusterName',
  },
  listener: {
    typeUrl: 'type.googleapis.com/envoy.config.listener.v3.Listener',
    short: 'LDS',
    message: Listener,
    nameField: 'name',
  },
  route: {
    typeUrl: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
    short: 'RDS',
    message: RouteConfiguration,
    nameField: 'name',
  },
  virtualHost: {
    typeUrl: 'type.googleapis.com/envoy.config.route.v3.VirtualHost',
    short: 'VHDS',
    message: VirtualHost,
    nameField: 'name',
  },
} as const;

/** A kind of resource: a key of {@link RESOURCE_TYPES}. */
export type ResourceType = keyof typeof RESOURCE_TYPES;

/** The decoded message of a kind of resource. */
export type ResourceMessage<T extends ResourceType> = ReturnType<
  (typeof RESOURCE_TYPES)[T]['message']['decode']
>;

// `Object.keys` is typed as strings; the table has no other keys.
/** All kinds, in the order in which they are added. */
export const ADD_ORDER = Object.keys(RESOURCE_TYPES) as readonly ResourceType[];

const byUrl = new Map(ADD_ORDER.map((type) => [RESOURCE_TYPES[type].typeUrl as string, type]));

/** The kind that a type URL stands for; undefined when it is none that is known here. */
export function resourceTypeOf(typeUrl: string): ResourceType | undefined {
  return byUrl.get(typeUrl);
}
