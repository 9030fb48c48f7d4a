import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NOBODY } from '@meshkeeper/mesh';
import { compiled, names, route, rulesOf, subset, toService, type Written } from './written.ts';

const backendRefs = [{ name: 'orders' }];
const ref = (kind: string, name: string) => ({
  type: 'ExtensionRef',
  extensionRef: { group: 'meshkeeper.io', kind, name },
});

/** The one rule of a route with a rule. */
function ruleOf(rule: object, kind = 'HTTPRoute') {
  const [first, ...others] = rulesOf(route(`${kind}/a`, [{ backendRefs, ...rule }]));
  assert.ok(first !== undefined && others.length === 0);
  return first;
}

const matched = (match: object, kind?: string) => ruleOf({ matches: [match] }, kind).match;

describe('a match', () => {
  test('of a path is without the slash at the end of a prefix', () => {
    const path = (value: string, type?: string) => matched({ path: { value, type } }).path;
    assert.deepEqual(path('/a/'), { type: 'prefix', value: '/a' });
    assert.deepEqual(path('/'), { type: 'prefix', value: '/' });
    assert.deepEqual(path('/a/', 'Exact'), { type: 'exact', value: '/a/' });
    assert.deepEqual(path('/a/?', 'RegularExpression'), { type: 'regex', value: '/a/?' });
  });

  test('of two headers of one name is the first, in lower case; of query parameters both', () => {
    const two = (one: string, other: string) => [
      { name: one, value: '1' },
      { name: other, type: 'RegularExpression', value: '.' },
    ];
    const { headers, query } = matched({ headers: two('X-A', 'x-a'), queryParams: two('Q', 'q') });
    assert.deepEqual(headers, [{ name: 'x-a', type: 'exact', value: '1' }]);
    assert.deepEqual(query, [
      { name: 'Q', type: 'exact', value: '1' },
      { name: 'q', type: 'regex', value: '.' },
    ]);
  });

  test('of a call is one of a path', () => {
    const call = (method?: object) => matched({ method }, 'GRPCRoute').path;
    assert.deepEqual(call({ service: 'a.B', method: 'Get' }), { type: 'exact', value: '/a.B/Get' });
    assert.deepEqual(call({ service: 'a.B' }), { type: 'prefix', value: '/a.B' });
    assert.deepEqual(call({ method: 'Get' }), { type: 'regex', value: '/[^/]+/Get' });
    assert.deepEqual(call(), { type: 'prefix', value: '/' });
    const type = 'RegularExpression';
    assert.deepEqual(call({ type, service: 'a\\.B|c', method: 'G.*' }), {
      type: 'regex',
      value: '/(?:a\\.B|c)/G.*',
    });
    assert.deepEqual(call({ type, method: 'G.*' }), { type: 'regex', value: '/[^/]+/G.*' });
    const { grpc, match } = ruleOf({}, 'GRPCRoute');
    assert.deepEqual([grpc, match.grpc], [true, true]);
    assert.deepEqual([ruleOf({}).grpc, ruleOf({}).match.grpc], [false, undefined]);
  });

  test('of all is what a rule without any has', () => {
    const all = { path: { type: 'prefix', value: '/' }, headers: [], query: [] };
    assert.deepEqual(ruleOf({}).match, all);
    assert.deepEqual(ruleOf({ matches: [] }).match, all);
    assert.deepEqual(rulesOf(route('HTTPRoute/a', [], { rules: undefined }))[0]?.match, all);
  });
});

describe('of rules that fit the same requests', () => {
  const to = (value: string, of: object = {}) => ({ matches: [{ path: { value } }], ...of });

  test('the first by namespace and name counts, then the first in its route', () => {
    const rules = rulesOf(
      route('HTTPRoute/b', [to('/')]),
      route('HTTPRoute/a-team/z', [to('/')]),
      route('HTTPRoute/b/a', [to('/'), to('/long'), to('/')]),
      route('HTTPRoute/a', [to('/')]),
    );
    assert.equal(
      names(rules),
      'HTTPRoute/b/a #1, HTTPRoute/a #0, HTTPRoute/a-team/z #0, HTTPRoute/b #0, HTTPRoute/b/a #0, HTTPRoute/b/a #2',
    );
  });

  test('a host’s own go before those of wider ones, which follow unless nothing comes that far', () => {
    const hosts = (...hostnames: string[]) => ({ hostnames });
    const own = compiled(
      route('HTTPRoute/any', [to('/any')], hosts('*.com')),
      route('HTTPRoute/exact', [to('/exact')], hosts('a.b.com', 'a.b.org')),
      route('HTTPRoute/wide', [to('/wide')], hosts('*.b.com')),
      route('HTTPRoute/last', [to('/')], hosts('last.b.com')),
    ).routes.get('orders');
    assert.equal(own?.rules, undefined, 'requests for the own name go to the service');
    assert.deepEqual(
      Object.fromEntries([...own!.hosts].map(([host, rules]) => [host, names(rules)])),
      {
        '*.com': 'HTTPRoute/any #0',
        '*.b.com': 'HTTPRoute/wide #0, HTTPRoute/any #0',
        'a.b.com': 'HTTPRoute/exact #0, HTTPRoute/wide #0, HTTPRoute/any #0',
        'a.b.org': 'HTTPRoute/exact #0',
        'last.b.com': 'HTTPRoute/last #0',
      },
    );
  });
});

describe('where requests go', () => {
  test('is by weight, to services and subsets, with what is done to headers on the way', () => {
    const filters = [
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: {
          set: [
            { name: 'X-A', value: '1' },
            { name: 'x-a', value: '2' },
          ],
          remove: ['b'],
        },
      },
      {
        type: 'ResponseHeaderModifier',
        responseHeaderModifier: { add: [{ name: 'c', value: '3' }] },
      },
    ];
    const headers = {
      requestHeaders: { set: [{ name: 'X-A', value: '1' }], add: [], remove: ['b'] },
      responseHeaders: { set: [], add: [{ name: 'c', value: '3' }], remove: [] },
    };
    const rule = ruleOf({
      filters,
      backendRefs: [{ name: 'a/b', weight: 9, filters }, subset('com.foo/A:1/v2', 0)],
    });
    assert.deepEqual(rule.action, {
      type: 'forward',
      to: [
        { service: 'a/b', weight: 9, ...headers },
        { service: 'com.foo/A:1', subset: 'v2', weight: 0 },
      ],
    });
    const { requestHeaders, responseHeaders } = rule;
    assert.deepEqual({ requestHeaders, responseHeaders }, headers);
  });

  test('is nowhere for the share of a kind that there is not', () => {
    const unknown = { group: 'multicluster.x-k8s.io', kind: 'ServiceImport', name: 'b', weight: 3 };
    const forward = (refs?: readonly object[]) => ruleOf({ backendRefs: refs }).action;
    assert.deepEqual(forward([unknown, { name: 'a' }]), {
      type: 'forward',
      to: [
        { service: NOBODY, weight: 3 },
        { service: 'a', weight: 1 },
      ],
    });
    assert.deepEqual(forward([unknown]), { type: 'forward', to: [] });
    assert.deepEqual(forward([]), { type: 'forward', to: [] });
    assert.deepEqual(forward(undefined), { type: 'forward', to: [] });
  });

  test('is nowhere if a filter names what there is not', () => {
    const fault: Written = ['FaultPolicy/a', { abort: { httpStatus: 500, percent: 1 } }];
    const action = (filter: object) =>
      rulesOf(fault, route('HTTPRoute/a', [{ filters: [filter], backendRefs }]))[0]?.action;
    const named = ref('FaultPolicy', 'a');
    assert.deepEqual(action(named), { type: 'forward', to: [{ service: 'orders', weight: 1 }] });
    const elsewhere = { ...named, extensionRef: { ...named.extensionRef, group: 'example.com' } };
    for (const filter of [ref('FaultPolicy', 'b'), ref('RateLimitPolicy', 'a'), elsewhere])
      assert.deepEqual(action(filter), { type: 'forward', to: [] });
  });

  test('is copied by share, and not to kinds that there are not', () => {
    const mirror = (of: object, backendRef: object = { name: 'copy' }) => ({
      type: 'RequestMirror',
      requestMirror: { backendRef, ...of },
    });
    const { mirrors } = ruleOf({
      filters: [
        mirror({}),
        mirror({ percent: 0 }),
        mirror({ percent: 7 }),
        mirror({ fraction: { numerator: 1, denominator: 3 } }),
        mirror(
          { fraction: { numerator: 5 } },
          { group: 'meshkeeper.io', kind: 'Subset', name: 'copy/v2' },
        ),
        mirror({}, { kind: 'ServiceImport', name: 'copy' }),
      ],
    });
    assert.deepEqual(
      mirrors.map(({ service, subset: part, millionths }) => [service, part, millionths]),
      [
        ['copy', undefined, 1_000_000],
        ['copy', undefined, 0],
        ['copy', undefined, 70_000],
        ['copy', undefined, 333_333],
        ['copy', 'v2', 50_000],
      ],
    );
  });

  test('is where a redirect says, whose port is that of its scheme, else the listener’s', () => {
    const redirect = (requestRedirect: object) => [
      { filters: [{ type: 'RequestRedirect', requestRedirect }] },
    ];
    const gateway = {
      listeners: [
        { name: 'web', port: 8080, protocol: 'HTTP' },
        { name: 'other', port: 8081, protocol: 'HTTP' },
      ],
    };
    const ports = (of: object) => {
      const all = compiled(
        ['Gateway/edge', gateway],
        [
          'HTTPRoute/a',
          { parentRefs: [{ name: 'edge' }, toService('orders')], rules: redirect(of) },
        ],
      );
      const atListeners = all.gateways[0]!.listeners.map(({ hosts }) => hosts.get('*')?.[0]);
      return [...atListeners, all.routes.get('orders')?.rules?.[0]].map((rule) =>
        rule?.action.type === 'redirect' ? rule.action.port : 'none',
      );
    };
    assert.deepEqual(ports({}), [8080, 8081, undefined]);
    assert.deepEqual(ports({ scheme: 'https' }), [443, 443, 443]);
    assert.deepEqual(ports({ scheme: 'http' }), [80, 80, 80]);
    assert.deepEqual(ports({ scheme: 'https', port: 9 }), [9, 9, 9]);
    const schemes = (port: number, protocol: string, of: object) => {
      const tls = { certificateRefs: [{ name: 'a' }] };
      const listener = { name: 'web', port, protocol, ...(protocol === 'HTTPS' && { tls }) };
      const all = compiled(
        ['Gateway/edge', { listeners: [listener] }],
        ['HTTPRoute/a', { parentRefs: [{ name: 'edge' }], rules: redirect(of) }],
      );
      const action = all.gateways[0]!.listeners[0]!.hosts.get('*')?.[0]?.action;
      return action?.type === 'redirect' ? action.scheme : 'none';
    };
    // So that the port is not shown, which is the scheme's own.
    assert.equal(schemes(80, 'HTTP', {}), 'http');
    assert.equal(schemes(443, 'HTTPS', {}), 'https');
    assert.equal(schemes(443, 'HTTP', {}), undefined);
    assert.equal(schemes(8080, 'HTTP', { port: 80 }), 'http');
    assert.equal(schemes(80, 'HTTP', { port: 8080 }), undefined);
    assert.equal(schemes(80, 'HTTP', { scheme: 'https' }), 'https');
    const [rule] = rulesOf(
      route(
        'HTTPRoute/a',
        redirect({
          hostname: 'a.org',
          statusCode: 308,
          path: { type: 'ReplaceFullPath', replaceFullPath: '/b' },
        }),
      ),
    );
    assert.deepEqual(rule?.action, {
      type: 'redirect',
      hostname: 'a.org',
      path: { type: 'full', value: '/b' },
      statusCode: 308,
    });
  });
});

describe('what else a rule says', () => {
  test('is how the path is rewritten, and which origins browsers may have', () => {
    const { rewrite, cors } = ruleOf({
      filters: [
        {
          type: 'URLRewrite',
          urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/v2' } },
        },
        { type: 'CORS', cors: { allowOrigins: ['https://*.example.com'] } },
      ],
    });
    assert.deepEqual(rewrite, { path: { type: 'prefix', value: '/v2' } });
    assert.deepEqual(cors, {
      allowOrigins: ['https://*.example.com'],
      allowCredentials: false,
      allowMethods: [],
      allowHeaders: [],
      exposeHeaders: [],
      maxAge: 5,
    });
  });

  test('is how long requests may take, and how often they are tried', () => {
    const { timeout, perTryTimeout, retry } = ruleOf({
      timeouts: { request: '0s', backendRequest: '1m30s' },
      retry: { codes: [502], backoff: '50ms' },
    });
    assert.deepEqual([timeout, perTryTimeout], [0, 90_000]);
    assert.deepEqual(retry, { codes: [502], backoff: 50 });
    assert.ok(!('timeout' in ruleOf({})) && !('retry' in ruleOf({})));
  });
});
