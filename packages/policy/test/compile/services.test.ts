import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RETRY_DEFAULTS } from '@meshkeeper/mesh';
import { compilePolicies } from '@meshkeeper/policy';
import { compiled, policies, route, rulesOf, toService, type Written } from './written.ts';

const service = (name: string, of: object = {}, id = name): Written => [
  `ServicePolicy/${id}`,
  { targetRefs: [{ name }], ...of },
];
const backendRefs = [{ name: 'orders' }];

describe('what is said of a service', () => {
  const settings = (of: object) => compiled(service('a', of)).settings('a')!;

  test('is in milliseconds', () => {
    assert.deepEqual(
      settings({ timeouts: { request: '0s', idle: '1h', connect: '250ms' } }).timeouts,
      {
        request: 0,
        idle: 3_600_000,
        connect: 250,
      },
    );
    const { connections, warmUp, outliers } = settings({
      connectionPool: { idleTimeout: '1m', tcpKeepalive: {} },
      warmUp: { duration: '30s' },
      outlierDetection: { maxEjectionJitter: '1s' },
    });
    assert.deepEqual(connections?.tcpKeepalive, { time: 7_200_000, interval: 75_000, probes: 9 });
    assert.equal(connections?.idleTimeout, 60_000);
    assert.equal(warmUp?.duration, 30_000);
    assert.equal(outliers?.maxEjectionJitter, 1000);
  });

  test('of retries has the defaults of the core', () => {
    const { attempts, ...others } = settings({ retries: { attempts: 4 } }).retries!;
    assert.equal(attempts, 4);
    assert.deepEqual(others, RETRY_DEFAULTS);
  });

  test('is nothing that is not stated', () => {
    assert.deepEqual(settings({}), {
      origin: { source: 'policies', path: 'ServicePolicy/a' },
      ports: [],
      subsets: [],
      healthChecks: [],
      timeouts: {},
    });
  });

  test('is who leads, whom it calls, and what its ports speak', () => {
    const said = settings({
      protocol: 'grpc',
      endpoints: 'leader',
      egress: ['carts', 'com.foo.*'],
      ports: [{ port: 80, protocol: 'http' }],
      subsets: [{ name: 'leader', endpoints: 'leader' }],
    });
    assert.deepEqual(
      [said.protocol, said.role, said.egress, said.ports],
      ['grpc', 'leader', ['carts', 'com.foo.*'], [{ port: 80, protocol: 'http' }]],
    );
    assert.deepEqual(said.subsets, [
      { name: 'leader', metadata: {}, role: 'leader', fallback: 'none' },
    ]);
  });

  test('is what the policy says that names it most exactly', () => {
    const all = compiled(
      service('orders'),
      service('ord*', {}, 'b'),
      service('*ers', {}, 'a'),
      service('*', {}, '0'),
    );
    const named = (name: string) => all.settings(name)?.origin.path;
    assert.equal(named('orders'), 'ServicePolicy/orders');
    assert.equal(named('ordersX'), 'ServicePolicy/b');
    assert.equal(named('orderers'), 'ServicePolicy/a', 'of equals the first by name');
    assert.equal(named('carts'), 'ServicePolicy/0');
    assert.equal(compiled(service('ord*', {}, 'b')).settings('carts'), undefined);
  });
});

describe('routes of a service', () => {
  const to = (kind: string, of: object = {}): Written => [
    `${kind}/r`,
    { parentRefs: [toService('orders')], rules: [{ backendRefs }], ...of },
  ];

  test('are those of one kind: of gRPC, else of HTTP, else of connections', () => {
    const kinds = (...all: Written[]) => {
      const routes = compiled(...all).routes.get('orders');
      return [routes?.rules?.map(({ origin }) => origin.path), routes?.tcp];
    };
    const tcp = [{ service: 'orders', weight: 1 }];
    assert.deepEqual(kinds(to('TCPRoute')), [undefined, tcp]);
    assert.deepEqual(kinds(to('TCPRoute'), to('HTTPRoute')), [['HTTPRoute/r'], undefined]);
    assert.deepEqual(kinds(to('TCPRoute'), to('HTTPRoute'), to('GRPCRoute')), [
      ['GRPCRoute/r'],
      undefined,
    ]);
  });

  test('are there as soon as there is a route, even one without rules', () => {
    const { routes } = compiled(to('GRPCRoute', { rules: [] }));
    assert.deepEqual(routes.get('orders'), { rules: [], hosts: new Map() });
    assert.equal(routes.get('carts'), undefined);
  });

  test('of connections are those of the first by name', () => {
    const one = (name: string): Written => [
      `TCPRoute/${name}`,
      { parentRefs: [toService('ledger')], rules: [{ backendRefs: [{ name }] }] },
    ];
    assert.deepEqual(compiled(one('b'), one('a')).routes.get('ledger')?.tcp, [
      { service: 'a', weight: 1 },
    ]);
  });
});

describe('failures on purpose, and limits', () => {
  const fault = (id: string, ...targetRefs: object[]): Written => [
    `FaultPolicy/${id}`,
    {
      ...(targetRefs.length > 0 && { targetRefs }),
      abort: { httpStatus: 500, percent: 1 },
    },
  ];
  const limit = (id: string, of: object, ...targetRefs: object[]): Written => [
    `RateLimitPolicy/${id}`,
    { ...(targetRefs.length > 0 && { targetRefs }), ...of },
  ];
  const local = { local: { limits: [{ requests: 5, per: '1m' }] } };
  const global = {
    global: { service: { name: 'l' }, domain: 'd', descriptors: [[{ from: 'caller' }]] },
  };
  const ref = (kind: string, name: string) => ({
    type: 'ExtensionRef',
    extensionRef: { group: 'meshkeeper.io', kind, name },
  });
  const http = (of: object = {}) => ({ kind: 'HTTPRoute', name: 'r', ...of });
  const named = route('HTTPRoute/r', [
    { name: 'read', backendRefs },
    { name: 'write', matches: [{ method: 'POST' }], backendRefs },
  ]);
  const found = (...all: Written[]) =>
    Object.fromEntries(
      rulesOf(...all).map(({ name, fault: own, rateLimits }) => [
        name,
        [own, ...rateLimits].map((of) => of?.origin.path.replace(/.*\//, '') ?? ''),
      ]),
    );

  test('of a service are those of the policy that names it most exactly', () => {
    const all = compiled(
      fault('b', { name: 'orders' }),
      fault('a', { name: 'ord*' }, { name: 'carts' }),
      limit('b', local, { name: '*' }),
      limit('a', global, { name: 'orders' }),
    );
    const path = (name: string) => all.fault(name)?.origin.path;
    assert.deepEqual(['orders', 'ordinary', 'carts', 'x'].map(path), [
      'FaultPolicy/b',
      'FaultPolicy/a',
      'FaultPolicy/a',
      undefined,
    ]);
    assert.deepEqual(all.rateLimits('orders'), [
      {
        origin: { source: 'policies', path: 'RateLimitPolicy/b' },
        limits: [{ headers: [], requests: 5, per: 60_000, burst: 5 }],
        perConnection: false,
        response: { status: 429, headers: [] },
        shadow: false,
      },
    ]);
    const none = compiled(limit('a', global, { name: 'orders' }));
    assert.deepEqual(none.rateLimits('orders'), []);
  });

  test('of a rule go before those of its route, of equals the first by name', () => {
    assert.deepEqual(
      found(
        named,
        fault('a', http()),
        fault('c', http({ sectionName: 'write' })),
        fault('b', http({ sectionName: 'write' })),
        limit('a', local, http()),
        limit('b', local, http()),
      ),
      { write: ['b', 'a'], read: ['a', 'a'] },
    );
  });

  test('that a rule names go before those that name it: the first fault, and all limits', () => {
    const rule = {
      name: 'read',
      backendRefs,
      filters: [
        ref('RateLimitPolicy', 'z'),
        ref('FaultPolicy', 'z'),
        ref('RateLimitPolicy', 'y'),
        ref('FaultPolicy', 'y'),
        ref('RateLimitPolicy', 'z'),
        ref('RateLimitPolicy', 'elsewhere'),
      ],
    };
    const all = [
      route('HTTPRoute/r', [rule]),
      ...['y', 'z'].flatMap((id) => [fault(id), limit(id, local)]),
      fault('a', http({ sectionName: 'read' })),
      limit('a', local, http({ sectionName: 'read' })),
      limit('elsewhere', global),
    ];
    assert.deepEqual(found(...all), { read: ['z', 'z', 'y'] });
    assert.equal(rulesOf(...all)[0]?.action.type, 'forward');
    const action = rulesOf(...all)[0]?.action;
    assert.ok(action?.type === 'forward' && action.to.length === 1, 'all that it names is there');
  });

  test('are those of the namespace of the route', () => {
    const inTeam = route('HTTPRoute/team/r', [{ backendRefs, filters: [ref('FaultPolicy', 'a')] }]);
    assert.deepEqual(found(inTeam, fault('a')), { '#0': [''] });
    assert.deepEqual(found(inTeam, fault('team/a'), fault('team/b', http())), { '#0': ['a'] });
    assert.deepEqual(found(route('HTTPRoute/team/r', [{}]), fault('a', http())), { '#0': [''] });
  });
});

test('a change of one policy leaves what the others say as the same objects', () => {
  const orders = (request: string): readonly Written[] => [
    service('orders', { timeouts: { request } }),
    service('carts'),
    route('HTTPRoute/r', [{ backendRefs }]),
    ['HTTPRoute/s', { parentRefs: [toService('carts')], rules: [{ timeouts: { request } }] }],
  ];
  const before = compilePolicies(policies(orders('1s')));
  const after = compilePolicies(policies(orders('2s')), before);
  assert.notEqual(after, before);
  assert.equal(after.settings('carts'), before.settings('carts'));
  assert.equal(after.settings('orders')?.timeouts.request, 2000);
  assert.equal(before.settings('orders')?.timeouts.request, 1000);
  assert.equal(after.routes.get('orders'), before.routes.get('orders'));
  assert.equal(after.routes.get('carts')?.rules?.[0]?.timeout, 2000);
  assert.equal(compilePolicies(policies(orders('2s')), after), after);
});
