import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type Any,
  DownstreamTlsContext,
  type FilterChain,
  HTTPFault,
  type HttpConnectionManager,
  type Listener,
  pack,
  type Route,
} from '@meshkeeper/xds';
import { parseListener } from '../src/config/listener-config.ts';
import { Problems } from '../src/config/problems.ts';
import { UNSUPPORTED } from '../src/index.ts';
import { httpChain, listener, tcpChain } from './stage.ts';

const FAULT = 'envoy.extensions.filters.http.fault.v3.HTTPFault';
const TLS = 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext';

const unknown: Any = { type_url: 'type.googleapis.com/envoy.Unknown' };
const managed = (manager: HttpConnectionManager): Listener =>
  listener('x', [httpChain({ routeConfig: {}, ...manager })]);
const routed = (route: Route): Listener => {
  const routes = [{ match: { prefix: '/' }, route: { cluster: 'a' }, ...route }];
  return managed({ routeConfig: { virtualHosts: [{ name: 'x', domains: ['*'], routes }] } });
};
const matched = (filterChainMatch: FilterChain['filterChainMatch']): Listener =>
  listener('x', [httpChain({ routeConfig: {} }, filterChainMatch ? { filterChainMatch } : {})]);
const secured = (commonTlsContext: DownstreamTlsContext['commonTlsContext']): Listener => {
  const typedConfig = pack(TLS, DownstreamTlsContext, commonTlsContext ? { commonTlsContext } : {});
  const transportSocket = { name: 'tls', typedConfig };
  return listener('x', [httpChain({ routeConfig: {} }, { transportSocket })]);
};
const faulty = (fault: HTTPFault): Listener =>
  routed({ typedPerFilterConfig: { fault: pack(FAULT, HTTPFault, fault) } });
const RANGE = [{ addressPrefix: '10.0.0.0', prefixLen: { value: 8 } }];
const ENDS = 'filter_chains[0].filters[0].typed_config';
const ROUTE = `${ENDS}.route_config.virtual_hosts[0].routes[0]`;
const COMMON = 'filter_chains[0].transport_socket.typed_config.common_tls_context';

/** Each field as a listener has it, and how the rejection names it. */
const REJECTED: readonly (readonly [string, Listener, string])[] = [
  ['api_listener', { ...managed({}), apiListener: {} }, 'api_listener'],
  [
    'listener_filters',
    { ...managed({}), listenerFilters: [{ name: 'x', typedConfig: unknown }] },
    'listener_filters[0]',
  ],
  [
    'filters',
    listener('x', [{ filters: [{ typedConfig: unknown }] }]),
    'filter_chains[0].filters[0].typed_config',
  ],
  [
    'filters',
    listener('x', [
      { filters: [...(tcpChain({ cluster: 'a' }).filters ?? []), { typedConfig: unknown }] },
    ]),
    'filter_chains[0].filters[1]',
  ],
  ...(
    [
      ['destination_port', { destinationPort: { value: 1 } }],
      ['prefix_ranges', { prefixRanges: RANGE }],
      ['address_suffix', { addressSuffix: 'x' }],
      ['source_type', { sourceType: 1 }],
      ['source_prefix_ranges', { sourcePrefixRanges: RANGE }],
      ['direct_source_prefix_ranges', { directSourcePrefixRanges: RANGE }],
      ['source_ports', { sourcePorts: [1] }],
      ['application_protocols', { applicationProtocols: ['h2'] }],
    ] as const
  ).map(([field, match]) => {
    const at = `filter_chains[0].filter_chain_match.${field}`;
    return [field, matched(match as FilterChain['filterChainMatch']), at] as const;
  }),
  ...(
    [
      ['tls_certificate_sds_secret_configs', { tlsCertificateSdsSecretConfigs: [{ name: 'x' }] }],
      ['validation_context_sds_secret_config', { validationContextSdsSecretConfig: { name: 'x' } }],
      ['combined_validation_context', { combinedValidationContext: {} }],
    ] as const
  ).map(([field, context]) => {
    const common = context as DownstreamTlsContext['commonTlsContext'];
    return [field, secured(common), `${COMMON}.${field}`] as const;
  }),
  [
    'match_typed_subject_alt_names',
    secured({ validationContext: { matchTypedSubjectAltNames: [{ sanType: 2 }] } }),
    `${COMMON}.validation_context.match_typed_subject_alt_names`,
  ],
  ['codec_type', managed({ codecType: 3 }), `${ENDS}.codec_type`],
  [
    'http_filters',
    managed({ httpFilters: [{ name: 'x', typedConfig: unknown }] }),
    `${ENDS}.http_filters[0]`,
  ],
  [
    'upgrade_configs',
    managed({ upgradeConfigs: [{ upgradeType: 'CONNECT' }] }),
    `${ENDS}.upgrade_configs[0]`,
  ],
  ['xff_num_trusted_hops', managed({ xffNumTrustedHops: 1 }), `${ENDS}.xff_num_trusted_hops`],
  [
    'forward_client_cert_details',
    managed({ forwardClientCertDetails: 1 }),
    `${ENDS}.forward_client_cert_details`,
  ],
  [
    'allow_connect',
    managed({ http2ProtocolOptions: { allowConnect: true } }),
    `${ENDS}.http2_protocol_options.allow_connect`,
  ],
  ['vhds', managed({ routeConfig: { vhds: {} } }), `${ENDS}.route_config.vhds`],
  [
    'non_forwarding_action',
    routed({ route: null, nonForwardingAction: {} }),
    `${ROUTE}.non_forwarding_action`,
  ],
  [
    'body.filename',
    routed({ route: null, directResponse: { status: 200, body: { filename: '/x' } } }),
    `${ROUTE}.direct_response.body.filename`,
  ],
  [
    'metadata_match',
    routed({ route: { cluster: 'a', metadataMatch: {} } }),
    `${ROUTE}.route.metadata_match`,
  ],
  [
    'actions',
    routed({ route: { cluster: 'a', rateLimits: [{ actions: [{}] }] } }),
    `${ROUTE}.route.rate_limits[0].actions[0]`,
  ],
  [
    'value',
    routed({ requestHeadersToAdd: [{ header: { key: 'x', value: '%PROTOCOL%' } }] }),
    `${ROUTE}.request_headers_to_add[0].header.value`,
  ],
  [
    'retry_host_predicate',
    routed({
      route: {
        cluster: 'a',
        retryPolicy: { retryHostPredicate: [{ name: 'x', typedConfig: unknown }] },
      },
    }),
    `${ROUTE}.route.retry_policy.retry_host_predicate[0]`,
  ],
  [
    'regex',
    routed({ match: { safeRegex: { regex: '((a{100}){100}){100}' } } }),
    `${ROUTE}.match.safe_regex.regex`,
  ],
  [
    'header_delay',
    faulty({ delay: { headerDelay: {} } }),
    `${ROUTE}.typed_per_filter_config["fault"].delay.header_delay`,
  ],
  [
    'header_abort',
    faulty({ abort: { headerAbort: {} } }),
    `${ROUTE}.typed_per_filter_config["fault"].abort.header_abort`,
  ],
  [
    'header_limit',
    faulty({ responseRateLimit: { headerLimit: {} } }),
    `${ROUTE}.typed_per_filter_config["fault"].response_rate_limit.header_limit`,
  ],
  [
    'weighted_clusters.clusters.metadata_match',
    listener('x', [
      tcpChain({ weightedClusters: { clusters: [{ name: 'a', weight: 1, metadataMatch: {} }] } }),
    ]),
    `${ENDS}.weighted_clusters.clusters[0].metadata_match`,
  ],
];

test('what the table says of listeners and routes is rejected, with the field’s name', () => {
  for (const [field, message, at] of REJECTED) {
    assert(
      UNSUPPORTED.some((row) => row.field === field || row.field.startsWith(`${field}:`)),
      `${field} is in the table`,
    );
    const problems = new Problems();
    parseListener(message, problems);
    assert(problems.text?.includes(`${at}: `), `${at} in ${problems.text}`);
  }
});

test('a listener without any of it is taken', () => {
  for (const message of [managed({}), routed({}), matched({}), faulty({})]) {
    const problems = new Problems();
    parseListener(message, problems);
    assert.equal(problems.text, undefined);
  }
});

test('what the parsers reject is in the table, and the table is in the README', () => {
  const folder = join(import.meta.dirname, '..');
  const sources = globSync(`${folder}/src/config/**/*.ts`).map((file) =>
    readFileSync(file, 'utf8'),
  );
  const fields = sources.flatMap((text) =>
    [...text.matchAll(/unsupported\(\s*'([a-z_0-9]+)'/g)].map(([, field]) => field!),
  );
  assert(fields.length > 20);
  for (const field of fields) {
    const known = UNSUPPORTED.some(({ field: other }) => other.split(/[.: ]+/).includes(field));
    assert(known, `${field} is in the table`);
  }
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  for (const { message, field, instead } of UNSUPPORTED) {
    const cells = [message, field, instead].map((cell) => cell.replaceAll('|', '\\|'));
    const row = readme.split('\n').find((line) => {
      const [, first, second] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return first === `\`${cells[0]}\`` && second === cells[1];
    });
    assert(row?.includes(cells[2]!), `the README has ${message} ${field}`);
  }
});
