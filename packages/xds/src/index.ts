export { decodeResource, encodeResource, pack, resourceName } from './codec/any.ts';
export { duration, milliseconds } from './codec/duration.ts';
export {
  Any,
  Cluster,
  ClusterLoadAssignment,
  DiscoveryType,
  DownstreamTlsContext,
  type FilterChain,
  HealthStatus,
  HttpConnectionManager,
  HttpProtocolOptions,
  type LbEndpoint,
  LbPolicy,
  Listener,
  type LocalityLbEndpoints,
  type Node,
  type RetryPolicy,
  type Route,
  type RouteAction,
  RouteConfiguration,
  type RouteMatch,
  Router,
  Secret,
  type Struct,
  TcpProxy,
  UpstreamTlsContext,
  type VirtualHost,
} from './codec/messages.ts';
export {
  ADD_ORDER,
  REMOVE_ORDER,
  RESOURCE_TYPES,
  type ResourceMessage,
  type ResourceType,
  resourceTypeOf,
} from './codec/resource-type.ts';
export { textStruct, textsOf } from './codec/struct.ts';
export { XdsError, type XdsErrorCode } from './xds-error.ts';
