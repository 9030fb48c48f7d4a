import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { filtered, proxyConfigText, type Subject } from '../src/output/proxy-config/text.ts';
import type { ProxyConfigView, ResourceView } from '../src/output/proxy-config/view.ts';

function view(...resources: ResourceView[]): ProxyConfigView {
  return { id: 'edge', streams: [{ stream: 1, resources }] };
}

function resource(type: string, name: string, json?: unknown): ResourceView {
  return {
    type,
    name,
    version: 'v',
    status: 'acked',
    ...(json !== undefined && { resource: json }),
  };
}

/** The rows without the headings, columns between bars. */
function rows(subject: Subject | undefined, of: ProxyConfigView, wanted = {}): string[] {
  const lines = proxyConfigText(filtered(of, wanted), subject, wanted).split('\n');
  return lines.slice(1).map((line) => line.replace(/ {2,}/g, ' | '));
}

const address = (host: string, port: number) => ({
  address: { socket_address: { address: host, port_value: port } },
});

describe('what a data plane is served, for people', () => {
  test('an overview, with what is to come', () => {
    const waiting = { ...resource('Cluster', 'shop', {}), servedVersion: 'v2' };
    const asked = { ...resource('Secret', 'cert'), version: '', status: 'missing' } as const;
    assert.deepEqual(rows(undefined, view(waiting, asked)), [
      'CDS | shop | acked | v, to be v2',
      'SDS | cert | missing | -',
    ]);
  });

  test('clusters: how they balance and what they speak', () => {
    const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
    const policy = (name: string) => ({ typed_extension_config: { name } });
    const http2 = {
      type: 'EDS',
      connect_timeout: '1s',
      load_balancing_policy: {
        policies: [
          policy('meshkeeper.peak_ewma'),
          policy('envoy.load_balancing_policies.least_request'),
        ],
      },
      typed_extension_protocol_options: {
        [options]: { explicit_http_config: { http2_protocol_options: {} } },
      },
    };
    const maglev = { type: 'LOGICAL_DNS', lb_policy: 'MAGLEV' };
    const of = view(
      resource('Cluster', 'a', http2),
      resource('Cluster', 'b', maglev),
      resource('Cluster', 'c'),
    );
    assert.deepEqual(rows('clusters', of), [
      'a | EDS | peak_ewma, least_request | http2 | 1s | acked',
      'b | LOGICAL_DNS | maglev | http1 or tcp | - | acked',
      'c | - | - | - | - | acked',
    ]);
  });

  test('endpoints: of those with a port, and clusters that have none', () => {
    const assignment = {
      endpoints: [
        {
          locality: { region: 'eu', zone: 'eu-1' },
          lb_endpoints: [
            {
              endpoint: address('10.0.0.1', 80),
              health_status: 'DRAINING',
              load_balancing_weight: 5,
            },
          ],
        },
        { priority: 1, lb_endpoints: [{ endpoint: address('::1', 81) }] },
      ],
    };
    const of = view(
      resource('ClusterLoadAssignment', 'shop', assignment),
      resource('ClusterLoadAssignment', 'empty', {}),
    );
    const first = '10.0.0.1:80 | draining | 5 | 0 | eu/eu-1 | shop | acked';
    assert.deepEqual(rows('endpoints', of), [
      first,
      '[::1]:81 | unknown | 1 | 1 | - | shop | acked',
      'none | - | - | - | - | empty | acked',
    ]);
    assert.deepEqual(rows('endpoints', of, { port: 80 }), [first]);
    assert.deepEqual(rows('endpoints', of, { name: 'EMPT' }).length, 1);
    const nothing = proxyConfigText(filtered(of, { port: 9 }), 'endpoints', { port: 9 });
    assert.equal(nothing, 'edge has nothing that fits');
    assert.equal(proxyConfigText(view(), 'secrets', {}), 'edge was sent no secrets');
  });

  test('routes: matches, and where they go', () => {
    const header = { name: 'x-user', string_match: { exact: 'me' }, invert_match: true };
    const weighted = {
      clusters: [
        { name: 'a', weight: 9 },
        { name: 'a/new', weight: 1 },
      ],
    };
    const routes = {
      virtual_hosts: [
        {
          name: 'a',
          domains: ['a', 'a:*', 'a.mesh'],
          routes: [
            { match: { path: '/x' }, route: { weighted_clusters: weighted } },
            { match: { prefix: '/', headers: [header] }, route: { cluster: 'a' } },
            { match: { safe_regex: { regex: '/v.*' } }, direct_response: { status: 503 } },
            { match: { path_separated_prefix: '/old' }, redirect: {} },
          ],
        },
        { name: 'b', domains: ['b'], routes: [{ match: {}, route: { cluster: 'b' } }] },
      ],
    };
    const of = view(resource('RouteConfiguration', 'outbound', routes));
    const a = [
      '/x | a (weight 9), a/new (weight 1)',
      '/* !x-user=me | a',
      '/v.* (regex) | answers 503',
      '/old/* | redirects',
    ].map((row) => `outbound | a | a, a:* and 1 more | ${row} | acked`);
    const b = 'outbound | b | b | * | b | acked';
    assert.deepEqual(rows('routes', of), [...a, b]);
    assert.deepEqual(rows('routes', of, { name: 'a.mesh' }), a);
    assert.deepEqual(rows('routes', of, { name: 'outbound' }), [...a, b], 'all of that name');
    const [first, second] = routes.virtual_hosts;
    const apart = view(
      resource('RouteConfiguration', 'outbound', { vhds: {} }),
      resource('VirtualHost', 'outbound/a', { ...first, name: 'outbound/a' }),
      resource('VirtualHost', 'gateway/edge/80/b%2F50%25', { ...second, name: 'x' }),
    );
    assert.deepEqual(rows('routes', apart, { name: 'outbound' }), a, 'as if they were inside');
    assert.deepEqual(rows('routes', apart, { name: 'a.mesh' }), a);
    const other = 'gateway/edge/80 | b/50% | b | * | b | acked';
    assert.deepEqual(rows('routes', apart), [...a, other]);
  });

  test('listeners: by HTTP, by TCP, and those of gRPC clients', () => {
    const chain = (config: object) => ({ filters: [{ typed_config: config }] });
    const of = view(
      resource('Listener', 'outbound', {
        ...{ address: address('127.0.0.1', 15_001).address, traffic_direction: 'OUTBOUND' },
        filter_chains: [chain({ rds: { route_config_name: 'outbound' } })],
        default_filter_chain: chain({ cluster: 'db' }),
      }),
      resource('Listener', 'shop', { api_listener: { api_listener: { route_config: {} } } }),
    );
    assert.deepEqual(rows('listeners', of), [
      'outbound | 127.0.0.1 | 15001 | outbound | routes outbound, cluster db | acked',
      'shop | - | - | - | routes of its own | acked',
    ]);
    assert.equal(rows('listeners', of, { port: 15_001 }).length, 1);
  });

  test('secrets: what they are, never the key', () => {
    const of = view(
      resource('Secret', 'own', {
        tls_certificate: {
          certificate_chain: { inline_string: 'no certificate' },
          private_key: { inline_bytes: '[redacted]' },
        },
      }),
      resource('Secret', 'ca', { validation_context: { trusted_ca: { filename: '/ca.pem' } } }),
    );
    assert.deepEqual(rows('secrets', of), [
      'own | certificate | not readable | acked',
      'ca | authorities | - | acked',
    ]);
  });

  test('what is rejected is told below', () => {
    const error = { message: 'no such port\n', at: '2026-01-01T00:00:00Z' };
    const of = view({ ...resource('Cluster', 'shop', {}), status: 'nacked', error });
    const [row, , below] = rows('clusters', of);
    assert.match(row ?? '', /nacked$/);
    assert.equal(below, 'CDS shop is rejected since 2026-01-01T00:00:00Z: no such port');
  });
});
