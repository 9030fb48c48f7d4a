import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { RESOURCE_TYPES, type ResourceType } from '../codec/resource-type.ts';
import type { Variant } from './framer.ts';

/** One gRPC method by which resources are streamed. */
export interface DiscoveryMethod {
  readonly path: string;
  readonly variant: Variant;
  /** The only type of a method that isn't aggregated; undefined for ADS. */
  readonly typeUrl?: string;
}

const SINGLE: readonly [service: string, noun: string, type: ResourceType][] = [
  ['envoy.service.cluster.v3.ClusterDiscoveryService', 'Clusters', 'cluster'],
  ['envoy.service.endpoint.v3.EndpointDiscoveryService', 'Endpoints', 'endpoint'],
  ['envoy.service.listener.v3.ListenerDiscoveryService', 'Listeners', 'listener'],
  ['envoy.service.route.v3.RouteDiscoveryService', 'Routes', 'route'],
  ['envoy.service.secret.v3.SecretDiscoveryService', 'Secrets', 'secret'],
];

const ADS = 'envoy.service.discovery.v3.AggregatedDiscoveryService';

/** The incremental, aggregated method, which our own client uses. */
export const DELTA_ADS = `/${ADS}/DeltaAggregatedResources`;

/** All methods: aggregated and one type each, state of the world and incremental. */
export const METHODS: readonly DiscoveryMethod[] = [
  { path: `/${ADS}/StreamAggregatedResources`, variant: 'sotw' },
  { path: DELTA_ADS, variant: 'delta' },
  ...SINGLE.flatMap(([service, noun, type]): DiscoveryMethod[] => {
    const { typeUrl } = RESOURCE_TYPES[type];
    return [
      { path: `/${service}/Stream${noun}`, variant: 'sotw', typeUrl },
      { path: `/${service}/Delta${noun}`, variant: 'delta', typeUrl },
    ];
  }),
  // Virtual hosts are only told incrementally.
  {
    path: '/envoy.service.route.v3.VirtualHostDiscoveryService/DeltaVirtualHosts',
    variant: 'delta',
    typeUrl: RESOURCE_TYPES.virtualHost.typeUrl,
  },
];

const asIs = (bytes: Buffer) => bytes;

/** A bidirectional method of bytes: what is sent was serialised long before. */
export function bytesMethod(path: string): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

/** The same with one request and one response. */
export function unaryBytesMethod(path: string): MethodDefinition<Buffer, Buffer> {
  return { ...bytesMethod(path), requestStream: false, responseStream: false };
}

/** {@link METHODS} as grpc-js takes them. */
export const SERVICES: ServiceDefinition = Object.fromEntries(
  METHODS.map(({ path }) => [path, bytesMethod(path)]),
);
