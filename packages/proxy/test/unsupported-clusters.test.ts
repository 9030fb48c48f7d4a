import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Cluster,
  duration,
  type HealthCheck,
  HttpProtocolOptions,
  LbPolicy,
  type LoadBalancingPolicy,
  pack,
  UpstreamTlsContext,
} from '@meshkeeper/xds';
import { UNSUPPORTED } from '../src/index.ts';
import { configOf, problemsOf } from './upstream/test-cluster.ts';

const OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const TLS = 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext';
const unknown = { type_url: 'type.googleapis.com/envoy.Unknown' };

const http = (options: HttpProtocolOptions): Cluster => ({
  typedExtensionProtocolOptions: { [OPTIONS]: pack(OPTIONS, HttpProtocolOptions, options) },
});
const secured = (commonTlsContext: UpstreamTlsContext['commonTlsContext']): Cluster => {
  const typedConfig = pack(TLS, UpstreamTlsContext, commonTlsContext ? { commonTlsContext } : {});
  return { transportSocket: { name: 'tls', typedConfig } };
};
const checked = (check: HealthCheck): Cluster => {
  const common = { timeout: duration(1), interval: duration(1) };
  const thresholds = { unhealthyThreshold: { value: 1 }, healthyThreshold: { value: 1 } };
  return { healthChecks: [{ ...common, ...thresholds, ...check }] };
};
const assigned = (loadAssignment: Cluster['loadAssignment']): Cluster => ({
  ...(loadAssignment && { loadAssignment }),
});
const endpoint = (address: object, healthCheckConfig?: object) =>
  assigned({
    endpoints: [{ lbEndpoints: [{ endpoint: { address, healthCheckConfig } } as never] }],
  });
const listed = (typedConfig: object): LoadBalancingPolicy => ({
  policies: [{ typedExtensionConfig: { name: 'x', typedConfig } }],
});
const SOCKET = { socketAddress: { address: '10.0.0.1', portValue: 80 } };
const CONTEXT = 'transport_socket.typed_config.common_tls_context';

/** Each field as a cluster has it, and how the rejection names it. */
const REJECTED: readonly (readonly [string, Cluster, string])[] = [
  ['type', { type: 1 }, 'type'],
  ['lb_policy', { lbPolicy: LbPolicy.CLUSTER_PROVIDED }, 'lb_policy'],
  [
    'load_balancing_policy',
    { loadBalancingPolicy: listed(unknown) },
    'load_balancing_policy.policies',
  ],
  ['lb_subset_config', { lbSubsetConfig: {} }, 'lb_subset_config'],
  [
    'transport_socket',
    { transportSocket: { name: 'x', typedConfig: unknown } },
    'transport_socket.typed_config',
  ],
  [
    'typed_extension_protocol_options',
    { typedExtensionProtocolOptions: { x: unknown } },
    'typed_extension_protocol_options.x',
  ],
  ['tls_certificates', secured({ tlsCertificates: [{}, {}] }), `${CONTEXT}.tls_certificates`],
  [
    'tls_certificate_sds_secret_configs',
    secured({ tlsCertificateSdsSecretConfigs: [{ name: 'x' }] }),
    `${CONTEXT}.tls_certificate_sds_secret_configs`,
  ],
  [
    'validation_context_sds_secret_config',
    secured({ validationContextSdsSecretConfig: { name: 'x' } }),
    `${CONTEXT}.validation_context_sds_secret_config`,
  ],
  [
    'combined_validation_context',
    secured({ combinedValidationContext: {} }),
    `${CONTEXT}.combined_validation_context`,
  ],
  [
    'san_type',
    secured({ validationContext: { matchTypedSubjectAltNames: [{ sanType: 5 }] } }),
    `${CONTEXT}.validation_context.match_typed_subject_alt_names[0].san_type`,
  ],
  [
    'max_connection_pools',
    { circuitBreakers: { thresholds: [{ maxConnectionPools: { value: 1 } }] } },
    'circuit_breakers.thresholds[0].max_connection_pools',
  ],
  [
    'close_connections_on_host_set_change',
    { commonLbConfig: { closeConnectionsOnHostSetChange: true } },
    'common_lb_config.close_connections_on_host_set_change',
  ],
  [
    'fail_traffic_on_panic',
    { commonLbConfig: { zoneAwareLbConfig: { failTrafficOnPanic: true } } },
    'common_lb_config.zone_aware_lb_config.fail_traffic_on_panic',
  ],
  [
    'routing_enabled',
    { commonLbConfig: { zoneAwareLbConfig: { routingEnabled: { value: 50 } } } },
    'common_lb_config.zone_aware_lb_config.routing_enabled',
  ],
  [
    'use_hostname_for_hashing',
    {
      lbPolicy: LbPolicy.MAGLEV,
      commonLbConfig: { consistentHashingLbConfig: { useHostnameForHashing: true } },
    },
    'common_lb_config.consistent_hashing_lb_config.use_hostname_for_hashing',
  ],
  [
    'hash_function',
    { lbPolicy: LbPolicy.RING_HASH, ringHashLbConfig: { hashFunction: 1 } },
    'ring_hash_lb_config.hash_function',
  ],
  [
    'max_headers_count',
    http({ commonHttpProtocolOptions: { maxHeadersCount: { value: 1 } } }),
    'common_http_protocol_options.max_headers_count',
  ],
  [
    'max_stream_duration',
    http({ commonHttpProtocolOptions: { maxStreamDuration: duration(1) } }),
    'common_http_protocol_options.max_stream_duration',
  ],
  [
    'use_downstream_protocol_config',
    http({ useDownstreamProtocolConfig: {} }),
    'use_downstream_protocol_config',
  ],
  ['auto_config', http({ autoConfig: {} }), 'auto_config'],
  [
    'auto_sni',
    http({ upstreamHttpProtocolOptions: { autoSni: true } }),
    'upstream_http_protocol_options.auto_sni',
  ],
  [
    'auto_san_validation',
    http({ upstreamHttpProtocolOptions: { autoSanValidation: true } }),
    'upstream_http_protocol_options.auto_san_validation',
  ],
  [
    'send',
    checked({ httpHealthCheck: { path: '/', send: { text: '00' } } }),
    'health_checks[0].http_health_check.send',
  ],
  [
    'receive',
    checked({ httpHealthCheck: { path: '/', receive: [{ text: '00' }] } }),
    'health_checks[0].http_health_check.receive',
  ],
  [
    'codec_client_type',
    checked({ httpHealthCheck: { path: '/', codecClientType: 2 } }),
    'health_checks[0].http_health_check.codec_client_type',
  ],
  [
    'method',
    checked({ httpHealthCheck: { path: '/', method: 6 } }),
    'health_checks[0].http_health_check.method',
  ],
  [
    'proxy_protocol_config',
    checked({ tcpHealthCheck: { proxyProtocolConfig: {} } }),
    'health_checks[0].tcp_health_check.proxy_protocol_config',
  ],
  ['address', endpoint({ pipe: { path: '/x' } }), 'lb_endpoints[0].endpoint.address'],
  [
    'address',
    endpoint(SOCKET, { address: SOCKET }),
    'lb_endpoints[0].endpoint.health_check_config.address',
  ],
  [
    'drop_overloads',
    assigned({ policy: { dropOverloads: [{ category: 'x' }] } }),
    'load_assignment.policy.drop_overloads',
  ],
  [
    'endpoint_stale_after',
    assigned({ policy: { endpointStaleAfter: duration(1) } }),
    'load_assignment.policy.endpoint_stale_after',
  ],
  [
    'weighted_priority_health',
    assigned({ policy: { weightedPriorityHealth: true } }),
    'load_assignment.policy.weighted_priority_health',
  ],
];

test('what the table says of clusters and endpoints is rejected, with the field’s name', () => {
  for (const [field, message, at] of REJECTED) {
    assert(
      UNSUPPORTED.some((row) => row.field === field || row.field.startsWith(`${field}:`)),
      `${field} is in the table`,
    );
    const text = problemsOf(message);
    assert(text.includes(`${at}: `), `${at} in ${text}`);
  }
});

test('a cluster without any of it is taken', () => {
  for (const message of [{}, http({}), secured({}), checked({ tcpHealthCheck: {} })]) {
    assert(configOf(message));
  }
});
