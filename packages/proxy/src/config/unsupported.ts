/** A field of Envoy's configuration that is rejected when it is set, or set so. */
export interface UnsupportedField {
  /** The message that has it, without its package. */
  readonly message: string;
  /** Its name, or the way to it; with the value that is rejected, if others are not. */
  readonly field: string;
  /** What to do instead, or why there is no need for it. */
  readonly instead: string;
}

const SECRETS = 'certificates come from files, which are read anew when they change';
const SUBSETS = 'a subset is a cluster of its own';
const PROTOCOL = 'state the protocol of the endpoints';
const CHECKS = 'connections are checked with as little as they can be';
const BY_NAME = 'filter chains are told apart by server name and TLS';
const HEADERS = 'faults are what the configuration says, not what clients ask for';

/**
 * All that the proxy rejects of what it knows of Envoy's configuration; a rejection names the field.
 * Nothing of it follows from a policy. Fields that are not among those that the codec knows
 * (`packages/xds/scripts/kept-fields.ts`) are skipped like any that a receiver doesn't know.
 */
export const UNSUPPORTED: readonly UnsupportedField[] = [
  row('Listener', 'api_listener', 'it is for gRPC’s clients'),
  row('Listener', 'listener_filters: other than tls_inspector', 'there is no other filter'),
  row('FilterChain', 'filters: more than one, or none of HTTP and TCP', 'one a chain'),
  row('FilterChainMatch', 'destination_port', BY_NAME),
  row('FilterChainMatch', 'prefix_ranges', BY_NAME),
  row('FilterChainMatch', 'address_suffix', BY_NAME),
  row('FilterChainMatch', 'source_type', BY_NAME),
  row('FilterChainMatch', 'source_prefix_ranges', BY_NAME),
  row('FilterChainMatch', 'direct_source_prefix_ranges', BY_NAME),
  row('FilterChainMatch', 'source_ports', BY_NAME),
  row('FilterChainMatch', 'application_protocols', BY_NAME),
  row('CommonTlsContext', 'tls_certificate_sds_secret_configs', SECRETS),
  row('CommonTlsContext', 'validation_context_sds_secret_config', SECRETS),
  row('CommonTlsContext', 'combined_validation_context', SECRETS),
  row(
    'CertificateValidationContext',
    'match_typed_subject_alt_names: of clients',
    'whoever the authority vouches for may call',
  ),
  row('HttpConnectionManager', 'codec_type: HTTP3', 'HTTP/1.1 and HTTP/2'),
  row(
    'HttpConnectionManager',
    'http_filters: other than cors, fault, local_ratelimit, router',
    'none',
  ),
  row('HttpConnectionManager', 'upgrade_configs: CONNECT', 'a TCP listener'),
  row('HttpConnectionManager', 'xff_num_trusted_hops', 'the address of the connection counts'),
  row(
    'HttpConnectionManager',
    'forward_client_cert_details: other than SANITIZE',
    'what clients say of their certificates is left out',
  ),
  row('Http2ProtocolOptions', 'allow_connect', 'WebSockets come by HTTP/1.1'),
  row('RouteConfiguration', 'vhds', 'virtual hosts come within their configuration'),
  row('Route', 'non_forwarding_action', 'it is for gRPC’s servers'),
  row('DirectResponseAction', 'body.filename', 'inline_string'),
  row('RouteAction', 'metadata_match', SUBSETS),
  row(
    'RateLimit',
    'actions: others than those that the codec knows',
    'see `rate-limit-actions.ts`',
  ),
  row('HeaderValue', 'value: commands other than REQ and the client’s address', 'a fixed text'),
  row('RetryPolicy', 'retry_host_predicate: other than previous_hosts', 'previous_hosts'),
  row('RegexMatcher', 'regex: of more than 10,000 steps, repetitions written out', 'a shorter one'),
  row('FaultDelay', 'header_delay', HEADERS),
  row('FaultAbort', 'header_abort', HEADERS),
  row('FaultRateLimit', 'header_limit', HEADERS),
  row('TcpProxy', 'weighted_clusters.clusters.metadata_match', SUBSETS),
  row('Cluster', 'type: other than EDS and STATIC', 'EDS'),
  row('Cluster', 'lb_subset_config', SUBSETS),
  row('Cluster', 'lb_policy: CLUSTER_PROVIDED', 'ROUND_ROBIN'),
  row('Cluster', 'load_balancing_policy: none of the list is known', 'one of Envoy’s at its end'),
  row('Cluster', 'transport_socket: other than TLS and plain bytes', 'UpstreamTlsContext'),
  row(
    'Cluster',
    'typed_extension_protocol_options: other than HttpProtocolOptions',
    'HttpProtocolOptions',
  ),
  row('CommonTlsContext', 'tls_certificates: more than one, for endpoints', 'one'),
  row('SubjectAltNameMatcher', 'san_type: OTHER_NAME', 'DNS or URI'),
  row('Endpoint', 'address: other than an IP address and a port', 'socket_address'),
  row('Thresholds', 'max_connection_pools', 'there is one for each endpoint'),
  row('CommonLbConfig', 'close_connections_on_host_set_change', 'requests are finished'),
  row('ZoneAwareLbConfig', 'fail_traffic_on_panic', 'panic_threshold of 0'),
  row('ConsistentHashingLbConfig', 'use_hostname_for_hashing', 'addresses are hashed'),
  row('RingHash', 'hash_function: other than XX_HASH', 'XX_HASH'),
  row('HttpProtocolOptions', 'max_headers_count', 'heads are bounded in bytes'),
  row('HttpProtocolOptions', 'max_stream_duration: of clusters', 'that of routes'),
  row('HttpProtocolOptions', 'use_downstream_protocol_config', PROTOCOL),
  row('HttpProtocolOptions', 'auto_config', PROTOCOL),
  row('UpstreamHttpProtocolOptions', 'auto_sni', '`sni` of the transport socket'),
  row('UpstreamHttpProtocolOptions', 'auto_san_validation', 'match_typed_subject_alt_names'),
  row('HttpHealthCheck', 'send', CHECKS),
  row('HttpHealthCheck', 'receive', CHECKS),
  row('TcpHealthCheck', 'proxy_protocol_config', CHECKS),
  row('HealthCheckConfig', 'address', 'its `port_value`'),
  row('ZoneAwareLbConfig', 'routing_enabled: other than 0 and 100', 'one of these'),
  row('HttpHealthCheck', 'codec_client_type: HTTP3', 'HTTP1 or HTTP2'),
  row('HttpHealthCheck', 'method: CONNECT', 'GET or HEAD'),
  row('Policy', 'drop_overloads', 'circuit breakers'),
  row('Policy', 'endpoint_stale_after', 'the last good configuration serves'),
  row('Policy', 'weighted_priority_health', 'priorities count endpoints'),
];

function row(message: string, field: string, instead: string): UnsupportedField {
  return { message, field, instead };
}
