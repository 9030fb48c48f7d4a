import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Endpoint, ExplainedEndpoint, Explanation } from '@meshkeeper/mesh';
import type { ProxyStatus, ResourceStatus } from '@meshkeeper/xds';
import { arrival } from '../../src/explain/arrival.ts';
import type { ServiceDelivery } from '../../src/explain/delivery.ts';
import { endpointVerdict, serviceVerdict, type Way } from '../../src/explain/verdict.ts';
import { connectedProxy } from '../connected-proxy.ts';

function endpoint(id: string, over: Partial<Endpoint> = {}): Endpoint {
  return {
    ...{ id, address: '10.0.0.1', port: 1, weight: 100, health: 'unknown', metadata: {} },
    locality: { region: '', zone: '', subzone: '' },
    origin: { registry: 'r', path: `/${id}`, czxid: 1n, mzxid: 1n, mtime: 0 },
    ...over,
  };
}

function explained(of: Endpoint, over: Partial<ExplainedEndpoint> = {}): ExplainedEndpoint {
  const { id, address, port } = of;
  const registrations = [{ source: 'r', endpoint: of, decision: { type: 'served' } as const }];
  return { id, address, port, registrations, served: of, ...over };
}

function explanation(...endpoints: ExplainedEndpoint[]): Explanation {
  const all = { ready: true, sources: [], conflicts: [], hold: false, gone: [] };
  return { name: 's', ...all, endpoints };
}

function delivery(
  state: ServiceDelivery['state'],
  id = 'edge',
  over: Partial<ServiceDelivery> = {},
): ServiceDelivery {
  const status = { appliedRevision: 1, types: [], refused: [] };
  const proxy: ProxyStatus = { ...connectedProxy(1, id), ...status };
  return { proxy, resources: [], state, ...over };
}

function way(over: Partial<Way> = {}): Way {
  return {
    ...{ explanation: explanation(explained(endpoint('a'))), revision: 7, served: true },
    ...{ unread: [], unusable: false, policies: undefined, unservable: [], proxy: undefined },
    deliveries: [delivery('has')],
    ...over,
  };
}

const said = ({ stopsAt, text }: { stopsAt: string; text: string }) => `${stopsAt}: ${text}`;

describe('where the way of a service ends', () => {
  const cases: readonly [string, Partial<Way>, RegExp][] = [
    [
      'it arrives',
      {},
      /^none: is served with 1 endpoint \(revision 7\), and the data plane has it$/,
    ],
    [
      'nothing is read',
      { served: false, unread: ['r'], explanation: { ...explanation(), ready: false } },
      /^registry: is not served: nothing is, until r has been read$/,
    ],
    ['nobody has it', { served: false }, /^registry: is not served: no registry has a service/],
    ['what is there is no use', { served: false, unusable: true }, /can not be used, see below$/],
    [
      'it is empty',
      { explanation: explanation() },
      /^registry: is served with 0 endpoints .*there is none/,
    ],
    [
      'all are drained',
      { explanation: explanation(explained(endpoint('a', { health: 'draining' }))) },
      /^health: .* but none of them takes requests$/,
    ],
    [
      'its name is none',
      { unservable: [{ service: 's', code: 'bad-name', message: 'No.' }] },
      /^resources: .*, but data planes are not told: No\.$/,
    ],
    [
      'one endpoint can not be told',
      { unservable: [{ service: 's', endpoint: 'a', code: 'host-name', message: 'No.' }] },
      /^resources: .* has it; 1 endpoint can not be told to data planes/,
    ],
    ['no data plane', { deliveries: [] }, /^data-plane: .*, but no data plane is connected$/],
  ];
  for (const [name, over, expected] of cases)
    test(name, () => assert.match(said(serviceVerdict(way(over))), expected));
});

describe('where the way of an endpoint ends', () => {
  const drained = endpoint('a', { health: 'draining' });
  const leaderOnly = { source: 'policies', path: 'ServicePolicy/s' };
  const policies = {
    applied: [],
    findings: [],
    leaderOnly,
    effective: { methods: [], notApplied: [] },
  };
  const of = (...endpoints: ExplainedEndpoint[]) => ({ explanation: explanation(...endpoints) });
  const cases: readonly [string, Partial<Way>, RegExp][] = [
    ['it arrives', {}, /^none: is served, and the data plane has it$/],
    ['no registry has it', of(), /^registry: is not served: no registry has it$/],
    [
      'it is gone',
      {
        explanation: {
          ...explanation(),
          gone: [{ endpoint: drained, departure: 'session-ended', at: 0 }],
        },
      },
      /^registry: is gone since 1970-01-01T00:00:00\.000Z \(session-ended\)$/,
    ],
    ['it is unusable', { ...of(), unusable: true }, /^registry: is not served: what is registered/],
    [
      'an operator drained it',
      of(explained(drained, { overlay: { drain: true } })),
      /^overlay: .*gets no new requests: it is draining, as an operator says$/,
    ],
    ['its registry says so', of(explained(drained)), /^health: .*: it is draining$/],
    [
      'it weighs nothing',
      of(explained(endpoint('a', { weight: 0 }))),
      /^health: .*: its weight is 0$/,
    ],
    [
      'it is left out',
      { unservable: [{ service: 's', endpoint: 'a', code: 'host-name', message: 'No.' }] },
      /^resources: is served, but left out: No\.$/,
    ],
    [
      'the leader alone is called',
      { policies },
      /^policy: takes no requests: ServicePolicy\/s sends/,
    ],
    [
      'it leads',
      { policies, ...of(explained(endpoint('a', { role: 'leader' }))) },
      /^none: is served, and/,
    ],
    [
      'it is held',
      of(
        explained(endpoint('a'), {
          registrations: [],
          held: { reason: 'mass-drop', since: 0, until: 1 },
        }),
      ),
      /^protection: is gone from its registry, and held \(mass-drop\), and the data plane has it$/,
    ],
    [
      'a data plane is not sent it',
      { deliveries: [delivery('has', 'edge', { hasEndpoint: false })] },
      /^data-plane: is served, but it is not in what edge is sent$/,
    ],
  ];
  for (const [name, over, expected] of cases)
    test(name, () => assert.match(said(endpointVerdict(way(over))), expected));
});

describe('arrival at the data planes', () => {
  const nacked: ResourceStatus = {
    ...{ typeUrl: 't', name: 's', version: 'v', served: undefined, state: 'nacked' },
    ...{ message: 'bad\n', at: 1 },
  };
  const rejects = (id: string) =>
    delivery('rejects', id, {
      resources: [{ type: 'cluster', status: nacked, sentAt: undefined, last: undefined }],
    });
  const egress = { patterns: ['cart', 'pay*'], policy: 'ServicePolicy/shop' };
  const cases: readonly [string, readonly ServiceDelivery[], string | undefined, RegExp][] = [
    [
      'all have it',
      [delivery('has'), delivery('has')],
      undefined,
      /^, and all 2 data planes have it$/,
    ],
    [
      'some ask for it',
      [delivery('has'), delivery('has'), delivery('not-subscribed')],
      undefined,
      /^, and the 2 data planes that ask for it have it$/,
    ],
    [
      'one asks for it',
      [delivery('has'), delivery('not-subscribed')],
      undefined,
      /^, and the data plane that asks for it has it$/,
    ],
    [
      'some reject it, which goes before all',
      [delivery('pending'), rejects('a'), rejects('b')],
      undefined,
      /^, but a rejects cluster s \(and 1 other data plane something of it\): bad$/,
    ],
    [
      'some have not answered',
      [delivery('pending'), delivery('pending', 'b'), delivery('has')],
      undefined,
      /^, but edge and 1 other data plane have not acknowledged it yet$/,
    ],
    [
      'nobody asks',
      [delivery('not-subscribed'), delivery('not-subscribed')],
      undefined,
      /^, but none of the 2 data planes asks for it$/,
    ],
    [
      'that one does not ask',
      [delivery('not-subscribed')],
      'edge',
      /^, but edge does not subscribe to it$/,
    ],
    [
      'that one may not ask',
      [delivery('not-subscribed', 'edge', { egress })],
      'edge',
      /^, but edge is not shown it: ServicePolicy\/shop lets it call cart, pay\* only$/,
    ],
    ['that one is not there', [], 'edge', /^, but no data plane called edge is connected$/],
    ['that one has it', [delivery('has')], 'edge', /^, and edge has it$/],
  ];
  for (const [name, deliveries, proxy, expected] of cases)
    test(name, () => {
      const { arrives, text } = arrival(deliveries, proxy);
      assert.match(text, expected);
      assert.equal(arrives, text.startsWith(', and'));
    });
});
