/**
 * Envoy's messages under short names. Each name is the protobufjs class (`encode`, `decode`,
 * `create`) as a value, and what it encodes as a type: plain objects with every field optional.
 * `scripts/kept-fields.ts` lists the protos and the fields that are known here.
 */
import { envoy, google, xds } from './generated/envoy.js';

export const Cluster = envoy.config.cluster.v3.Cluster;
export type Cluster = envoy.config.cluster.v3.Cluster.$Properties;

export const ClusterLoadAssignment = envoy.config.endpoint.v3.ClusterLoadAssignment;
export type ClusterLoadAssignment = envoy.config.endpoint.v3.ClusterLoadAssignment.$Properties;
export type LocalityLbEndpoints = envoy.config.endpoint.v3.LocalityLbEndpoints.$Properties;
export type LbEndpoint = envoy.config.endpoint.v3.LbEndpoint.$Properties;

export const Listener = envoy.config.listener.v3.Listener;
export type Listener = envoy.config.listener.v3.Listener.$Properties;
export type FilterChain = envoy.config.listener.v3.FilterChain.$Properties;

export const RouteConfiguration = envoy.config.route.v3.RouteConfiguration;
export type RouteConfiguration = envoy.config.route.v3.RouteConfiguration.$Properties;
export const VirtualHost = envoy.config.route.v3.VirtualHost;
export type VirtualHost = envoy.config.route.v3.VirtualHost.$Properties;
export type Route = envoy.config.route.v3.Route.$Properties;
export type RouteMatch = envoy.config.route.v3.RouteMatch.$Properties;
export type RouteAction = envoy.config.route.v3.RouteAction.$Properties;
export const ClusterNotFoundResponseCode =
  envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode;
export type RetryPolicy = envoy.config.route.v3.RetryPolicy.$Properties;

export const Secret = envoy.extensions.transport_sockets.tls.v3.Secret;
export type Secret = envoy.extensions.transport_sockets.tls.v3.Secret.$Properties;

const hcm = envoy.extensions.filters.network.http_connection_manager.v3;
export const HttpConnectionManager = hcm.HttpConnectionManager;
export type HttpConnectionManager =
  envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.$Properties;

export const TcpProxy = envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
export type TcpProxy = envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.$Properties;

export const Router = envoy.extensions.filters.http.router.v3.Router;
export const HttpProtocolOptions = envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
export type HttpProtocolOptions =
  envoy.extensions.upstreams.http.v3.HttpProtocolOptions.$Properties;

/** Balancers, as a cluster's `load_balancing_policy` names them. */
const balancers = envoy.extensions.load_balancing_policies;
export const RoundRobin = balancers.round_robin.v3.RoundRobin;
export type RoundRobin =
  envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin.$Properties;
export const LeastRequest = balancers.least_request.v3.LeastRequest;
export type LeastRequest =
  envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest.$Properties;
export const RandomBalancing = balancers.random.v3.Random;
export const RingHash = balancers.ring_hash.v3.RingHash;
export type RingHash = envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash.$Properties;
export const HashFunction = RingHash.HashFunction;
export const Maglev = balancers.maglev.v3.Maglev;
export type Maglev = envoy.extensions.load_balancing_policies.maglev.v3.Maglev.$Properties;
export const WrrLocality = balancers.wrr_locality.v3.WrrLocality;
export type LocalityLbConfig =
  envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.$Properties;
export type SlowStartConfig =
  envoy.extensions.load_balancing_policies.common.v3.SlowStartConfig.$Properties;
export type LoadBalancingPolicy = envoy.config.cluster.v3.LoadBalancingPolicy.$Properties;
export const TypedStruct = xds.type.v3.TypedStruct;

export type CircuitBreakers = envoy.config.cluster.v3.CircuitBreakers.$Properties;
export type OutlierDetection = envoy.config.cluster.v3.OutlierDetection.$Properties;
export type HealthCheck = envoy.config.core.v3.HealthCheck.$Properties;
export const CodecClientType = envoy.type.v3.CodecClientType;
export const RequestMethod = envoy.config.core.v3.RequestMethod;

export type HeaderMatcher = envoy.config.route.v3.HeaderMatcher.$Properties;
export type QueryParameterMatcher = envoy.config.route.v3.QueryParameterMatcher.$Properties;
export type StringMatcher = envoy.type.matcher.v3.StringMatcher.$Properties;
export type HeaderValueOption = envoy.config.core.v3.HeaderValueOption.$Properties;
export const HeaderAppendAction = envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
export type HeaderAppendAction = envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
export type RedirectAction = envoy.config.route.v3.RedirectAction.$Properties;
export const RedirectResponseCode = envoy.config.route.v3.RedirectAction.RedirectResponseCode;
export type RedirectResponseCode = envoy.config.route.v3.RedirectAction.RedirectResponseCode;
export type WeightedCluster = envoy.config.route.v3.WeightedCluster.$Properties;
export type HashPolicy = envoy.config.route.v3.RouteAction.HashPolicy.$Properties;
export type RequestMirrorPolicy = envoy.config.route.v3.RouteAction.RequestMirrorPolicy.$Properties;
export type RateLimit = envoy.config.route.v3.RateLimit.$Properties;
export type FractionalPercent = envoy.type.v3.FractionalPercent.$Properties;
export const DenominatorType = envoy.type.v3.FractionalPercent.DenominatorType;

/** HTTP filters. */
const filters = envoy.extensions.filters.http;
export const Cors = filters.cors.v3.Cors;
export const CorsPolicy = filters.cors.v3.CorsPolicy;
export type CorsPolicy = envoy.extensions.filters.http.cors.v3.CorsPolicy.$Properties;
export const HTTPFault = filters.fault.v3.HTTPFault;
export type HTTPFault = envoy.extensions.filters.http.fault.v3.HTTPFault.$Properties;
export const LocalRateLimit = filters.local_ratelimit.v3.LocalRateLimit;
export type LocalRateLimit =
  envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit.$Properties;
export const TlsInspector = envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;

export const PreviousHostsPredicate =
  envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate;

export const UpstreamTlsContext = envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
export type UpstreamTlsContext =
  envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext.$Properties;
export const DownstreamTlsContext = envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
export const TrustChainVerification =
  envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.TrustChainVerification;
export type DownstreamTlsContext =
  envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext.$Properties;

export const DiscoveryRequest = envoy.service.discovery.v3.DiscoveryRequest;
export type DiscoveryRequest = envoy.service.discovery.v3.DiscoveryRequest.$Properties;
export const DiscoveryResponse = envoy.service.discovery.v3.DiscoveryResponse;
export type DiscoveryResponse = envoy.service.discovery.v3.DiscoveryResponse.$Properties;
export const DeltaDiscoveryRequest = envoy.service.discovery.v3.DeltaDiscoveryRequest;
export type DeltaDiscoveryRequest = envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties;
export const DeltaDiscoveryResponse = envoy.service.discovery.v3.DeltaDiscoveryResponse;
export type DeltaDiscoveryResponse = envoy.service.discovery.v3.DeltaDiscoveryResponse.$Properties;

export const LoadStatsRequest = envoy.service.load_stats.v3.LoadStatsRequest;
export type LoadStatsRequest = envoy.service.load_stats.v3.LoadStatsRequest.$Properties;
export const LoadStatsResponse = envoy.service.load_stats.v3.LoadStatsResponse;
export type LoadStatsResponse = envoy.service.load_stats.v3.LoadStatsResponse.$Properties;
export type ClusterStats = envoy.config.endpoint.v3.ClusterStats.$Properties;

export const ClientStatusRequest = envoy.service.status.v3.ClientStatusRequest;
export type ClientStatusRequest = envoy.service.status.v3.ClientStatusRequest.$Properties;
export const ClientStatusResponse = envoy.service.status.v3.ClientStatusResponse;
export type ClientConfig = envoy.service.status.v3.ClientConfig.$Properties;
export type GenericXdsConfig = envoy.service.status.v3.ClientConfig.GenericXdsConfig.$Properties;
export const ConfigStatus = envoy.service.status.v3.ConfigStatus;
export const ClientResourceStatus = envoy.admin.v3.ClientResourceStatus;
export type NodeMatcher = envoy.type.matcher.v3.NodeMatcher.$Properties;

export type Node = envoy.config.core.v3.Node.$Properties;

export const Any = google.protobuf.Any;
export type Any = google.protobuf.Any.$Properties;
export const Struct = google.protobuf.Struct;
export type Struct = google.protobuf.Struct.$Properties;
export type Duration = google.protobuf.Duration.$Properties;

export const HealthStatus = envoy.config.core.v3.HealthStatus;
export type HealthStatus = envoy.config.core.v3.HealthStatus;
export const DiscoveryType = envoy.config.cluster.v3.Cluster.DiscoveryType;
export const LbPolicy = envoy.config.cluster.v3.Cluster.LbPolicy;
export const ApiVersion = envoy.config.core.v3.ApiVersion;
export const HeadersWithUnderscoresAction =
  envoy.config.core.v3.HttpProtocolOptions.HeadersWithUnderscoresAction;
export const PathWithEscapedSlashesAction = hcm.HttpConnectionManager.PathWithEscapedSlashesAction;
export const CodecType = hcm.HttpConnectionManager.CodecType;
export const TrafficDirection = envoy.config.core.v3.TrafficDirection;
export type TrafficDirection = envoy.config.core.v3.TrafficDirection;
