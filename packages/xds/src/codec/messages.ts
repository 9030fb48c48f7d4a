/**
 * Envoy's messages under short names. Each name is the protobufjs class (`encode`, `decode`,
 * `create`) as a value, and what it encodes as a type: plain objects with every field optional.
 * `scripts/kept-fields.ts` lists the protos and the fields that are known here.
 */
import { envoy, google } from './generated/envoy.js';

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
export type VirtualHost = envoy.config.route.v3.VirtualHost.$Properties;
export type Route = envoy.config.route.v3.Route.$Properties;
export type RouteMatch = envoy.config.route.v3.RouteMatch.$Properties;
export type RouteAction = envoy.config.route.v3.RouteAction.$Properties;
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
export const PreviousHostsPredicate =
  envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate;

export const UpstreamTlsContext = envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
export type UpstreamTlsContext =
  envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext.$Properties;
export const DownstreamTlsContext = envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
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
