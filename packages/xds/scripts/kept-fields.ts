/**
 * The protos of which code is generated, and what is kept of them. All of them come from the `deps/`
 * folder of @grpc/grpc-js-xds (Envoy 1.29 to 1.30). Decoders skip the fields that are left out here,
 * so a row grows when the code begins to use a field; nothing else changes.
 */

/** Files to load; what they import is loaded with them. */
export const PROTOS = [
  'envoy/service/discovery/v3/discovery.proto',
  'envoy/service/status/v3/csds.proto',
  'envoy/service/load_stats/v3/lrs.proto',
  'envoy/config/cluster/v3/cluster.proto',
  'envoy/config/endpoint/v3/endpoint.proto',
  'envoy/config/listener/v3/listener.proto',
  'envoy/config/route/v3/route.proto',
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
  'envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto',
  'envoy/extensions/filters/http/router/v3/router.proto',
  'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
  'envoy/extensions/filters/http/cors/v3/cors.proto',
  'envoy/extensions/filters/http/fault/v3/fault.proto',
  'envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto',
  'envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.proto',
  'envoy/extensions/load_balancing_policies/least_request/v3/least_request.proto',
  'envoy/extensions/load_balancing_policies/maglev/v3/maglev.proto',
  'envoy/extensions/load_balancing_policies/random/v3/random.proto',
  'envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash.proto',
  'envoy/extensions/load_balancing_policies/round_robin/v3/round_robin.proto',
  'envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality.proto',
  'envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto',
  'xds/type/v3/typed_struct.proto',
  'envoy/extensions/transport_sockets/tls/v3/tls.proto',
  'envoy/extensions/transport_sockets/tls/v3/secret.proto',
];

/** Messages that are kept, with all that their kept fields refer to. */
export const ROOTS = [
  'envoy.service.discovery.v3.DiscoveryRequest',
  'envoy.service.discovery.v3.DiscoveryResponse',
  'envoy.service.discovery.v3.DeltaDiscoveryRequest',
  'envoy.service.discovery.v3.DeltaDiscoveryResponse',
  'envoy.service.status.v3.ClientStatusRequest',
  'envoy.service.status.v3.ClientStatusResponse',
  'envoy.service.load_stats.v3.LoadStatsRequest',
  'envoy.service.load_stats.v3.LoadStatsResponse',
  'envoy.config.cluster.v3.Cluster',
  'envoy.config.endpoint.v3.ClusterLoadAssignment',
  'envoy.config.listener.v3.Listener',
  'envoy.config.route.v3.RouteConfiguration',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
  'envoy.extensions.filters.http.router.v3.Router',
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
  'envoy.extensions.filters.http.cors.v3.Cors',
  'envoy.extensions.filters.http.cors.v3.CorsPolicy',
  'envoy.extensions.filters.http.fault.v3.HTTPFault',
  'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit',
  'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
  'envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest',
  'envoy.extensions.load_balancing_policies.maglev.v3.Maglev',
  'envoy.extensions.load_balancing_policies.random.v3.Random',
  'envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash',
  'envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin',
  'envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality',
  'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
  'xds.type.v3.TypedStruct',
  'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
  'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
  'envoy.extensions.transport_sockets.tls.v3.Secret',
];

/** Fields that newer Envoys have and those protos lack; they are kept where their row names them. */
export const NEWER_FIELDS: readonly {
  readonly message: string;
  readonly name: string;
  readonly id: number;
  readonly type: string;
}[] = [
  // Envoy 1.40 wants it of several checks.
  { message: 'envoy.config.core.v3.HealthCheck', name: 'name', id: 27, type: 'string' },
];

/**
 * Fields that are kept, by message. A message without a row keeps all fields that are not
 * deprecated; an empty row keeps none.
 */
export const KEPT_FIELDS: Readonly<Record<string, string>> = {
  'envoy.service.discovery.v3.DiscoveryRequest':
    'version_info node resource_names type_url response_nonce error_detail',
  'envoy.service.discovery.v3.DiscoveryResponse':
    'version_info resources type_url nonce control_plane',
  'envoy.service.discovery.v3.DeltaDiscoveryRequest':
    'node type_url resource_names_subscribe resource_names_unsubscribe initial_resource_versions response_nonce error_detail',
  'envoy.service.discovery.v3.DeltaDiscoveryResponse':
    'system_version_info resources type_url removed_resources nonce control_plane',
  'envoy.service.discovery.v3.Resource': 'name aliases version resource ttl',
  'envoy.service.status.v3.ClientStatusRequest': 'node_matchers',
  'envoy.type.matcher.v3.NodeMatcher': 'node_id',
  'envoy.service.status.v3.ClientConfig': 'node generic_xds_configs client_scope',
  'envoy.service.status.v3.ClientConfig.GenericXdsConfig':
    'type_url name version_info config_status client_status error_state',
  'envoy.admin.v3.UpdateFailureState': 'last_update_attempt details version_info',
  'envoy.config.endpoint.v3.ClusterStats':
    'cluster_name cluster_service_name upstream_locality_stats total_dropped_requests load_report_interval',
  'envoy.config.endpoint.v3.UpstreamLocalityStats':
    'locality total_successful_requests total_requests_in_progress total_error_requests total_issued_requests upstream_endpoint_stats priority',
  'envoy.config.endpoint.v3.UpstreamEndpointStats':
    'address total_successful_requests total_requests_in_progress total_error_requests total_issued_requests',
  'envoy.config.core.v3.Node':
    'id cluster metadata locality user_agent_name user_agent_version user_agent_build_version client_features',
  'envoy.config.core.v3.ConfigSource': 'ads self resource_api_version initial_fetch_timeout',
  'envoy.config.core.v3.Address': 'socket_address pipe',
  'envoy.config.core.v3.SocketAddress': 'protocol address port_value ipv4_compat',
  'envoy.config.core.v3.Metadata': 'filter_metadata',
  'envoy.config.core.v3.RuntimeFractionalPercent': 'default_value runtime_key',
  'envoy.config.core.v3.DataSource': 'filename inline_bytes inline_string',
  'envoy.config.core.v3.HeaderValue': 'key value',
  'envoy.config.core.v3.HeaderValueOption': 'header append_action keep_empty_value',
  'envoy.config.core.v3.Http1ProtocolOptions':
    'allow_absolute_url accept_http_10 default_host_for_http_10 enable_trailers',
  'envoy.config.core.v3.Http2ProtocolOptions':
    'max_concurrent_streams initial_stream_window_size initial_connection_window_size allow_connect connection_keepalive',
  'envoy.config.core.v3.UpstreamHttpProtocolOptions': 'auto_sni auto_san_validation',
  'envoy.config.cluster.v3.Cluster':
    'name alt_stat_name type eds_cluster_config connect_timeout per_connection_buffer_limit_bytes lb_policy load_assignment health_checks circuit_breakers typed_extension_protocol_options dns_lookup_family outlier_detection lb_subset_config ring_hash_lb_config maglev_lb_config least_request_lb_config round_robin_lb_config common_lb_config transport_socket metadata upstream_connection_options close_connections_on_host_health_failure ignore_health_on_host_removal load_balancing_policy lrs_server',
  'envoy.config.cluster.v3.CircuitBreakers': 'thresholds',
  'envoy.config.cluster.v3.Cluster.CommonLbConfig':
    'healthy_panic_threshold zone_aware_lb_config locality_weighted_lb_config update_merge_window ignore_new_hosts_until_first_hc close_connections_on_host_set_change consistent_hashing_lb_config',
  'envoy.config.cluster.v3.OutlierDetection':
    'consecutive_5xx interval base_ejection_time max_ejection_percent enforcing_consecutive_5xx enforcing_success_rate success_rate_minimum_hosts success_rate_request_volume success_rate_stdev_factor consecutive_gateway_failure enforcing_consecutive_gateway_failure split_external_local_origin_errors consecutive_local_origin_failure enforcing_consecutive_local_origin_failure enforcing_local_origin_success_rate failure_percentage_threshold enforcing_failure_percentage enforcing_failure_percentage_local_origin failure_percentage_minimum_hosts failure_percentage_request_volume max_ejection_time max_ejection_time_jitter successful_active_health_check_uneject_host always_eject_one_host',
  'envoy.config.cluster.v3.UpstreamConnectionOptions': 'tcp_keepalive',
  'envoy.config.core.v3.HealthCheck':
    'timeout interval initial_jitter interval_jitter interval_jitter_percent unhealthy_threshold healthy_threshold alt_port reuse_connection http_health_check tcp_health_check grpc_health_check no_traffic_interval no_traffic_healthy_interval unhealthy_interval unhealthy_edge_interval healthy_edge_interval name',
  'envoy.config.core.v3.HealthCheck.HttpHealthCheck':
    'host path send receive request_headers_to_add request_headers_to_remove expected_statuses retriable_statuses codec_client_type method',
  'envoy.config.core.v3.HealthCheck.GrpcHealthCheck': 'service_name authority',
  'envoy.config.endpoint.v3.ClusterLoadAssignment': 'cluster_name endpoints policy',
  'envoy.config.endpoint.v3.ClusterLoadAssignment.Policy':
    'drop_overloads overprovisioning_factor endpoint_stale_after weighted_priority_health',
  'envoy.config.endpoint.v3.Endpoint': 'address hostname health_check_config',
  'envoy.config.endpoint.v3.LbEndpoint': 'endpoint health_status metadata load_balancing_weight',
  'envoy.config.endpoint.v3.LocalityLbEndpoints':
    'locality lb_endpoints load_balancing_weight priority proximity',
  'envoy.config.listener.v3.Listener':
    'name address stat_prefix filter_chains default_filter_chain per_connection_buffer_limit_bytes metadata listener_filters traffic_direction api_listener',
  'envoy.config.listener.v3.Filter': 'name typed_config',
  'envoy.config.listener.v3.ListenerFilter': 'name typed_config',
  'envoy.config.listener.v3.FilterChain':
    'filter_chain_match filters transport_socket transport_socket_connect_timeout name',
  'envoy.config.route.v3.RouteConfiguration':
    'name virtual_hosts vhds request_headers_to_add request_headers_to_remove response_headers_to_add response_headers_to_remove max_direct_response_body_size_bytes ignore_port_in_host_matching typed_per_filter_config metadata',
  'envoy.config.route.v3.VirtualHost':
    'name domains routes request_headers_to_add request_headers_to_remove response_headers_to_add response_headers_to_remove typed_per_filter_config include_request_attempt_count include_attempt_count_in_response retry_policy per_request_buffer_limit_bytes rate_limits metadata',
  'envoy.config.route.v3.Route':
    'name match route redirect direct_response non_forwarding_action metadata typed_per_filter_config request_headers_to_add request_headers_to_remove response_headers_to_add response_headers_to_remove per_request_buffer_limit_bytes',
  'envoy.config.route.v3.RouteMatch':
    'prefix path safe_regex path_separated_prefix case_sensitive runtime_fraction headers query_parameters grpc',
  'envoy.config.route.v3.HeaderMatcher':
    'name present_match string_match range_match invert_match treat_missing_header_as_empty',
  'envoy.config.route.v3.RouteAction':
    'cluster weighted_clusters cluster_header cluster_not_found_response_code metadata_match prefix_rewrite regex_rewrite host_rewrite_literal auto_host_rewrite append_x_forwarded_host timeout idle_timeout retry_policy request_mirror_policies rate_limits include_vh_rate_limits hash_policy upgrade_configs max_stream_duration',
  'envoy.config.route.v3.RouteAction.HashPolicy':
    'header cookie connection_properties query_parameter terminal',
  'envoy.config.route.v3.RouteAction.UpgradeConfig': 'upgrade_type enabled',
  'envoy.config.route.v3.RouteAction.RequestMirrorPolicy':
    'cluster runtime_fraction disable_shadow_host_suffix_append',
  'envoy.config.route.v3.RateLimit': 'stage actions',
  'envoy.config.route.v3.RateLimit.Action':
    'source_cluster destination_cluster request_headers remote_address generic_key header_value_match',
  'envoy.extensions.filters.http.cors.v3.CorsPolicy':
    'allow_origin_string_match allow_methods allow_headers expose_headers max_age allow_credentials filter_enabled',
  'envoy.extensions.filters.http.fault.v3.HTTPFault':
    'delay abort headers max_active_faults response_rate_limit',
  'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit':
    'stat_prefix status token_bucket filter_enabled filter_enforced response_headers_to_add descriptors stage local_rate_limit_per_downstream_connection always_consume_default_token_bucket rate_limited_as_resource_exhausted',
  'envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest':
    'choice_count active_request_bias slow_start_config locality_lb_config',
  'envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash':
    'hash_function minimum_ring_size maximum_ring_size consistent_hashing_lb_config locality_weighted_lb_config',
  'envoy.config.route.v3.WeightedCluster': 'clusters total_weight',
  'envoy.config.route.v3.WeightedCluster.ClusterWeight':
    'name weight metadata_match request_headers_to_add request_headers_to_remove response_headers_to_add response_headers_to_remove typed_per_filter_config host_rewrite_literal',
  'envoy.config.route.v3.RetryPolicy':
    'retry_on num_retries per_try_timeout per_try_idle_timeout retry_host_predicate host_selection_retry_max_attempts retriable_status_codes retry_back_off retriable_headers',
  'envoy.type.matcher.v3.StringMatcher': 'exact prefix suffix safe_regex contains ignore_case',
  'envoy.type.matcher.v3.RegexMatcher': 'regex',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager':
    'codec_type stat_prefix rds route_config http_filters add_user_agent common_http_protocol_options http_protocol_options http2_protocol_options server_name server_header_transformation max_request_headers_kb stream_idle_timeout request_timeout request_headers_timeout drain_timeout delayed_close_timeout use_remote_address xff_num_trusted_hops skip_xff_append generate_request_id preserve_external_request_id forward_client_cert_details set_current_client_cert_details upgrade_configs normalize_path merge_slashes path_with_escaped_slashes_action strip_matching_host_port strip_any_host_port stream_error_on_invalid_http_message strip_trailing_host_dot',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig':
    'upgrade_type enabled',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter':
    'name typed_config is_optional disabled',
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy':
    'stat_prefix cluster weighted_clusters idle_timeout max_connect_attempts max_downstream_connection_duration hash_policy',
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight':
    'name weight metadata_match',
  'envoy.extensions.filters.http.router.v3.Router':
    'start_child_span suppress_envoy_headers respect_expected_rq_timeout',
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions':
    'common_http_protocol_options upstream_http_protocol_options explicit_http_config use_downstream_protocol_config auto_config',
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig':
    'http_protocol_options http2_protocol_options',
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig':
    'http_protocol_options http2_protocol_options',
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions.AutoHttpConfig':
    'http_protocol_options http2_protocol_options',
  'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext': 'common_tls_context sni',
  'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext':
    'common_tls_context require_client_certificate require_sni',
  'envoy.extensions.transport_sockets.tls.v3.CommonTlsContext':
    'tls_params tls_certificates tls_certificate_sds_secret_configs validation_context combined_validation_context validation_context_sds_secret_config alpn_protocols',
  'envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext':
    'default_validation_context validation_context_sds_secret_config',
  'envoy.extensions.transport_sockets.tls.v3.TlsCertificate': 'certificate_chain private_key',
  'envoy.extensions.transport_sockets.tls.v3.TlsParameters':
    'tls_minimum_protocol_version tls_maximum_protocol_version',
  'envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext':
    'trusted_ca match_typed_subject_alt_names crl trust_chain_verification',
  'envoy.extensions.transport_sockets.tls.v3.Secret': 'name tls_certificate validation_context',
};
