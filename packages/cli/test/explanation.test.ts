import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RETRY_DEFAULTS } from '@meshkeeper/mesh';
import { type DeliveriesView, deliveryLines } from '../src/output/delivery.ts';
import { effectiveLines } from '../src/output/effective-policy.ts';
import { type ExplanationView, explanationText } from '../src/output/explanation.ts';

const NOBODY: DeliveriesView = {
  counts: { has: 0, pending: 0, rejects: 0, 'not-subscribed': 0 },
  proxies: [],
};

function view(over: Partial<ExplanationView> = {}): ExplanationView {
  return {
    ...{ service: 'shop', verdict: { stopsAt: 'none', text: 'is served' }, served: true },
    ...{ sources: [], hold: false, endpoints: [], gone: [], problems: [], unservable: [] },
    dataPlanes: NOBODY,
    ...over,
  };
}

describe('an explanation for people', () => {
  test('begins with where the way ends, of the service or of the endpoint', () => {
    const at = { id: 'one', address: '::1', port: 80, registrations: [] };
    assert.match(explanationText(view()), /^shop is served\n/);
    assert.match(
      explanationText(view({ endpoint: '::1', endpoints: [at] })),
      /^one at \[::1\]:80 of shop is served\n/,
    );
    assert.match(explanationText(view({ endpoint: 'two' })), /^two of shop is served\n/);
  });

  test('tells what a registry calls the service besides', () => {
    const says = { protocol: 'http', endpoints: 1, hosts: ['shop.service.consul'] };
    const sources = [{ name: 'dc', state: 'live', priority: 0, says }];
    assert.match(
      explanationText(view({ sources })),
      /1 endpoint, http, also called shop\.service\.consul$/m,
    );
  });

  test('tells when an operator has said something', () => {
    const overlay = { drain: true, by: 'me', at: 0 };
    const one = { id: 'one', address: '10.0.0.1', port: 80, registrations: [], overlay };
    assert.match(
      explanationText(view({ endpoints: [one] })),
      /^ {2}an operator says: drain true, by me, at 1970-01-01T00:00:00\.000Z$/m,
    );
  });

  test('tells what operators state, what is wrong with it, and what data planes are not told', () => {
    const origin = { source: 'policies', path: 'ServicePolicy/slow' };
    const text = explanationText(
      view({
        policies: {
          applied: [{ origin, what: 'settings' }],
          effective: {
            timeout: { value: 3000, origin, overridden: [] },
            methods: [],
            notApplied: [],
          },
          findings: [
            { policy: 'HTTPRoute/x', severity: 'warning', field: 'spec.rules[0]', message: 'Hm.' },
          ],
        },
        unservable: [{ endpoint: 'named', code: 'host-name', message: 'No.' }],
      }),
    );
    for (const line of [
      '  ServicePolicy/slow: settings',
      '  warning: HTTPRoute/x spec.rules[0]: Hm.',
      '  timeout 3000 ms: ServicePolicy/slow (policies)',
      '  host-name named: No.',
    ])
      assert.ok(text.split('\n').includes(line), `${line} in ${text}`);
  });
});

test('what holds, who says so, and who says otherwise in vain', () => {
  const operator = { source: 'policies', path: 'ServicePolicy/a' };
  const registry = { source: 'dubbo', path: '/dubbo/a' };
  const method = { method: 'hi', perTryTimeout: { value: 0, origin: registry, overridden: [] } };
  const lines = effectiveLines({
    balancing: {
      value: { type: 'round-robin' },
      origin: operator,
      overridden: [{ value: 'random', origin: registry }],
    },
    retries: {
      value: { ...RETRY_DEFAULTS, attempts: 2 },
      origin: operator,
      overridden: [{ value: 5, origin: registry }],
    },
    methods: [method],
    notApplied: [{ what: 'routing tag', origin: registry, reason: 'not known' }],
  });
  assert.deepEqual(lines, [
    '  load balancing round-robin: ServicePolicy/a (policies); overrides random of /dubbo/a (dubbo)',
    '  retries 2: ServicePolicy/a (policies); overrides 5 of /dubbo/a (dubbo)',
    '  method hi: timeout a try none: /dubbo/a (dubbo)',
    '  not done: routing tag (/dubbo/a (dubbo)): not known',
  ]);
});

test('each data plane: what it was sent, and what it made of that', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const cluster = { type: 'Cluster', name: 'shop', version: 'v' };
  const lines = deliveryLines({
    counts: { has: 1, pending: 1, rejects: 1, 'not-subscribed': 300 },
    proxies: [
      {
        ...{ id: 'a', state: 'rejects', appliedRevision: 6 },
        behind: { revisions: 2, since: at },
        resources: [{ ...cluster, status: 'nacked', sentAt: at, error: { message: 'bad\n', at } }],
        rejectsToo: [
          { type: 'Listener', name: 'in', version: 'v', message: 'busy', at, certain: true },
        ],
      },
      {
        ...{ id: 'b', state: 'pending', hasEndpoint: false },
        resources: [
          { ...cluster, status: 'pending', sentAt: at },
          { type: 'ClusterLoadAssignment', name: 'shop', version: '', status: 'pending' },
          { type: 'RouteConfiguration', name: 'shop', version: '', status: 'missing' },
        ],
      },
      {
        ...{ id: 'c', state: 'has', appliedRevision: 8 },
        resources: [{ ...cluster, status: 'acked' }],
      },
      {
        ...{ id: 'd', state: 'not-subscribed', appliedRevision: 8, resources: [] },
        egress: { patterns: ['cart'], policy: 'ServicePolicy/x' },
      },
    ],
  });
  assert.deepEqual(lines, [
    'data planes:',
    `  a rejects something of it (revision 6, 2 behind since ${at})`,
    `    CDS shop v: sent ${at}, rejected ${at}: bad`,
    `    it also rejects LDS in since ${at}: busy`,
    '  b has not acknowledged all of it yet, without the endpoint (revision none whole)',
    `    CDS shop v: sent ${at}, not acknowledged yet`,
    '    EDS shop: to be sent',
    '    RDS shop: asked for, and there is none',
    '  c has it (revision 8)',
    '    CDS shop v: acknowledged',
    '  d does not subscribe to it (revision 8)',
    '    ServicePolicy/x lets it call cart only',
    '  and 299 more, see -o json',
  ]);
  assert.deepEqual(deliveryLines(NOBODY), ['no data plane is connected that it could be sent to']);
});
