export type {
  BootstrapNode,
  BootstrapOptions,
  BootstrapTls,
} from './bootstrap/bootstrap-options.ts';
export { type EnvoyBootstrapOptions, envoyBootstrap } from './bootstrap/envoy-bootstrap.ts';
export { grpcBootstrap } from './bootstrap/grpc-bootstrap.ts';
export type { BatchOf, ClientType, XdsBatch } from './client/batch.ts';
export type { XdsClientState } from './client/client-state.ts';
export type { ClusterUsage } from './client/load-stats.ts';
export { XdsClient, type XdsClientOptions } from './client/xds-client.ts';
export { decodeResource, encodeResource, pack, resourceName } from './codec/any.ts';
export { duration, milliseconds } from './codec/duration.ts';
export {
  Any,
  type CircuitBreakers,
  Cluster,
  ClusterLoadAssignment,
  Cors,
  CorsPolicy,
  DenominatorType,
  DiscoveryType,
  DownstreamTlsContext,
  type FilterChain,
  type FractionalPercent,
  HashFunction,
  type HashPolicy,
  HeaderAppendAction,
  type HeaderMatcher,
  type HeaderValueOption,
  type HealthCheck,
  HealthStatus,
  HTTPFault,
  HttpConnectionManager,
  HttpProtocolOptions,
  type LbEndpoint,
  LbPolicy,
  LeastRequest,
  Listener,
  type LoadBalancingPolicy,
  type LocalityLbConfig,
  type LocalityLbEndpoints,
  LocalRateLimit,
  Maglev,
  type Node,
  type OutlierDetection,
  type QueryParameterMatcher,
  RandomBalancing,
  type RateLimit,
  type RedirectAction,
  RedirectResponseCode,
  RequestMethod,
  type RequestMirrorPolicy,
  type RetryPolicy,
  RingHash,
  RoundRobin,
  type Route,
  type RouteAction,
  RouteConfiguration,
  type RouteMatch,
  Router,
  Secret,
  type SlowStartConfig,
  type StringMatcher,
  type Struct,
  TcpProxy,
  TlsInspector,
  TypedStruct,
  UpstreamTlsContext,
  VirtualHost,
  type WeightedCluster,
  WrrLocality,
} from './codec/messages.ts';
export type { Json } from './codec/print/json.ts';
export { MessagePrinter } from './codec/print/message-printer.ts';
export {
  ADD_ORDER,
  RESOURCE_TYPES,
  type ResourceMessage,
  type ResourceType,
  resourceTypeOf,
} from './codec/resource-type.ts';
export { textStruct, textsOf } from './codec/struct.ts';
export type { Clock, Logger } from './logger.ts';
export { PEAK_EWMA_TYPE } from './resources/cluster/balancing.ts';
export { METADATA_KEY } from './resources/endpoint/encoded-endpoint.ts';
export { FLAVOURS, type Flavour, flavourOf } from './resources/flavour.ts';
export { formatHostPort, type HostPort, parseHostPort } from './resources/host-port.ts';
export { gatewayRoutes } from './resources/listener/gateway-listeners.ts';
export type { ListenerKind } from './resources/listener/listener.ts';
export type { ResourceProblem } from './resources/problem.ts';
export { makeResource, type Resource } from './resources/resource.ts';
export { ResourceSet, type ResourceView } from './resources/resource-set.ts';
export { type ResourceChanges, Resources, type ResourceUpdate } from './resources/resources.ts';
export { ON_DEMAND_AGENT } from './resources/route/route-form.ts';
export { clustersOfVirtualHost } from './resources/route/virtual-host-clusters.ts';
export {
  hostOfVirtualHost,
  OUTBOUND,
  routesOfVirtualHost,
  virtualHostName,
} from './resources/route/virtual-host-name.ts';
export {
  CERTIFICATES_KEY,
  DEFAULT_CERTIFICATES,
  DEFAULT_GATEWAY,
  LISTENER_KEYS,
  type Scope,
  scopeOf,
} from './resources/scope.ts';
export type { View } from './resources/scoped-view.ts';
export type { AdmissionLimit } from './server/admission.ts';
export { DiscoveryServer, type DiscoveryServerOptions } from './server/discovery-server.ts';
export type { Variant } from './server/framer.ts';
export type {
  Applied,
  Judged,
  LoadReport,
  RequestCounts,
  XdsObserver,
} from './server/observer.ts';
export type {
  ConnectedProxy,
  ProxyStatus,
  RefusedResource,
  ResourceNames,
  ResourceStatus,
  StreamResources,
  TypeStatus,
} from './server/proxy-status.ts';
export type { ResourceStore } from './server/resource-store.ts';
export { startXdsServer, type XdsServer, type XdsServerOptions } from './server/xds-server.ts';
export { XdsError, type XdsErrorCode } from './xds-error.ts';
