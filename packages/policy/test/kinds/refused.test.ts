import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faultsOf } from '../support.ts';

const service = { targetRefs: [{ name: 'a' }] };
const backendRefs = [{ name: 'a' }];
const rule = (of: object) => ({ rules: [{ backendRefs, ...of }] });
const listener = (of: object) => ({
  listeners: [{ name: 'a', port: 80, protocol: 'HTTP', ...of }],
});

/** What is refused, by kind: a spec, and what is said of it. */
const REFUSED: Readonly<
  Record<string, readonly (readonly [spec: unknown, ...faults: string[]])[]>
> = {
  HTTPRoute: [
    [
      rule({ matches: [{ path: { value: 'shop' } }] }),
      'spec.rules[0].matches[0].path.value: is no path: it begins with /',
    ],
    [
      rule({ matches: [{ path: { type: 'Exact', value: '/a//b' } }] }),
      'spec.rules[0].matches[0].path.value: holds "//", which no path has when it is compared',
    ],
    [
      rule({ matches: [{ path: { value: '/a/..' } }] }),
      'spec.rules[0].matches[0].path.value: ends with a dot: write the path that it leads to',
    ],
    [
      rule({ matches: [{ path: { value: '/ä' } }] }),
      'spec.rules[0].matches[0].path.value: holds what has to be percent-encoded in a path',
    ],
    [
      rule({
        filters: [
          {
            type: 'URLRewrite',
            urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/a b' } },
          },
        ],
      }),
      'spec.rules[0].filters[0].urlRewrite.path.replaceFullPath: holds what has to be percent-encoded in a path',
    ],
    [
      rule({ matches: [{ path: { type: 'RegularExpression', value: '' } }] }),
      'spec.rules[0].matches[0].path.value: is empty',
    ],
    [
      rule({
        filters: [
          {
            type: 'RequestHeaderModifier',
            requestHeaderModifier: { set: [{ name: 'Host', value: 'a' }], remove: ['a b'] },
          },
        ],
      }),
      'spec.rules[0].filters[0].requestHeaderModifier.remove[0]: is no name of a header',
      'spec.rules[0].filters[0].requestHeaderModifier.set[0].name: is not changed as a header: say which host is asked with "hostname" or "host"',
    ],
    [
      rule({ matches: [{ headers: [1, 2].map(() => ({ name: 'x-a', value: 'b' })) }] }),
      'spec.rules[0].matches[0].headers[1]: is the second match of x-a',
    ],
    [
      rule({ matches: [{ headers: [{ name: 'x-a', value: 'b\r\nx-c: d' }] }] }),
      'spec.rules[0].matches[0].headers[0].value: holds what no header may: control characters',
    ],
    [
      rule({ filters: [{ type: 'RequestRedirect', requestRedirect: {} }] }),
      'spec.rules[0].backendRefs: can not be beside a RequestRedirect: what is redirected goes to no backend',
    ],
    [
      {
        rules: [
          {
            filters: [
              { type: 'RequestRedirect', requestRedirect: { statusCode: 200 } },
              { type: 'URLRewrite', urlRewrite: {} },
              { type: 'URLRewrite', urlRewrite: {} },
            ],
          },
        ],
      },
      'spec.rules[0].filters[0].requestRedirect.statusCode: can not be 200: write 301, 302, 303, 307 or 308',
    ],
    [
      {
        rules: [
          {
            filters: [
              { type: 'RequestRedirect', requestRedirect: {} },
              { type: 'URLRewrite', urlRewrite: {} },
              { type: 'URLRewrite', urlRewrite: {} },
            ],
          },
        ],
      },
      'spec.rules[0].filters[1]: can not be beside a RequestRedirect: what is redirected goes to no backend',
      'spec.rules[0].filters[2]: is the second URLRewrite of the list: put all of it into one',
    ],
    [
      rule({
        matches: [{ path: { type: 'Exact', value: '/a' } }],
        filters: [
          {
            type: 'URLRewrite',
            urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } },
          },
        ],
      }),
      'spec.rules[0].filters[0]: replaces the prefix that fits: the rule needs exactly one match, of type PathPrefix',
    ],
    [
      rule({ timeouts: { request: '1s', backendRequest: '2s' } }),
      'spec.rules[0].timeouts.backendRequest: is longer than the request with all of its tries',
    ],
    [
      rule({
        filters: [
          { type: 'CORS', cors: { allowOrigins: ['*', 'https://a.example'], allowMethods: ['*'] } },
        ],
      }),
      'spec.rules[0].filters[0].cors.allowOrigins: holds "*" beside others: it stands for all of them',
    ],
    [
      { rules: [{ backendRefs: [{ name: 'a', filters: [{ type: 'RequestMirror' }] }] }] },
      'spec.rules[0].backendRefs[0].filters[0]: is not supported: a backend can only change headers; put the filter into a rule of its own',
    ],
    [
      { rules: [1, 2].map(() => ({ name: 'a' })) },
      'spec.rules[1].name: is the second rule a of the route',
    ],
    [
      {
        rules: Array.from({ length: 3 }, () => ({
          matches: Array.from({ length: 50 }, (_, i) => ({ path: { value: `/${i}` } })),
        })),
      },
      'spec.rules: have 150 matches together, and may have 128: make two routes of it',
    ],
    [
      { parentRefs: [{ name: 'a' }, { name: 'a', sectionName: 'b' }] },
      'spec.parentRefs[0]: names a once more: each time needs a sectionName of its own',
    ],
    [
      rule({
        filters: [
          {
            type: 'RequestMirror',
            requestMirror: {
              backendRef: { name: 'b' },
              fraction: { numerator: 3, denominator: 2 },
            },
          },
        ],
      }),
      'spec.rules[0].filters[0].requestMirror.fraction: is more than one: the numerator is at most the denominator',
    ],
    [
      { parentRefs: [1, 2].map(() => ({ name: 'a', sectionName: 'b' })) },
      'spec.parentRefs[1]: names a once more: each time needs a sectionName of its own',
    ],
  ],
  GRPCRoute: [
    [
      rule({ matches: [{ method: {} }] }),
      'spec.rules[0].matches[0].method: needs a service, a method, or both',
    ],
    [
      rule({ matches: [{ method: { service: 'a-b', method: '1' } }] }),
      'spec.rules[0].matches[0].method.method: is no method of gRPC',
      'spec.rules[0].matches[0].method.service: is no service of gRPC',
    ],
  ],
  TCPRoute: [
    [{ rules: [] }, 'spec.rules: needs at least one entry'],
    [{ rules: [{ backendRefs }, { backendRefs }] }, 'spec.rules: may have at most 1 entry'],
    [{ rules: [{ backendRefs: [] }] }, 'spec.rules[0].backendRefs: needs at least one entry'],
  ],
  Gateway: [
    [
      listener({ protocol: 'HTTPS', tls: {} }),
      'spec.listeners[0].tls: ends here and shows no certificate: name one in certificateRefs',
    ],
    [listener({ protocol: 'HTTPS' }), 'spec.listeners[0].tls: is missing: HTTPS needs it'],
    [
      listener({ protocol: 'HTTPS', tls: { mode: 'Passthrough' } }),
      'spec.listeners[0].tls: has to end here with HTTPS: write "mode: Terminate", or "protocol: TLS"',
    ],
    [listener({ tls: { mode: 'Passthrough' } }), 'spec.listeners[0].tls: does not go with HTTP'],
    [
      listener({ protocol: 'TCP', hostname: 'a' }),
      'spec.listeners[0].hostname: does not go with TCP: a connection says no name',
    ],
    [
      listener({ protocol: 'UDP' }),
      'spec.listeners[0].protocol: is not supported: no registry has services of UDP',
    ],
    [
      { listeners: [80, 81].map((port) => ({ name: 'a', port, protocol: 'HTTP' })) },
      'spec.listeners[1]: is the second listener a',
    ],
    [
      { listeners: ['a', 'b'].map((name) => ({ name, port: 80, protocol: 'HTTP' })) },
      'spec.listeners[1]: is the second listener of HTTP 80',
    ],
  ],
  ServicePolicy: [
    [{}, 'spec.targetRefs: is missing: write a list'],
    [
      { ...service, loadBalancing: { type: 'roundrobin' } },
      'spec.loadBalancing.type: can not be "roundrobin": did you mean "round-robin"?',
    ],
    [
      { ...service, loadBalancing: { type: 'maglev' } },
      'spec.loadBalancing.hash: is missing: write a list',
    ],
    [
      { ...service, loadBalancing: { type: 'least-request', hash: [] } },
      'spec.loadBalancing.hash: there is no such field with "type: least-request"',
    ],
    [
      {
        ...service,
        loadBalancing: { type: 'maglev', hash: [{ on: 'source-address' }], tableSize: 65_535 },
      },
      'spec.loadBalancing.tableSize: has to be a prime number',
    ],
    [
      { ...service, timeouts: { request: '1s', perTry: '2s' } },
      'spec.timeouts.perTry: is longer than the request with all of its tries',
    ],
    [
      { ...service, retries: { attempts: 1, on: ['5XX'], backoff: { base: '1s' } } },
      'spec.retries.backoff.base: is longer than max',
      'spec.retries.on[0]: can not be "5XX": did you mean "5xx"?',
    ],
    [
      { ...service, subsets: [{ name: 'v1' }] },
      'spec.subsets[0]: holds all endpoints: give it metadata, or "endpoints: leader"',
    ],
    [
      { ...service, endpoints: 'leaders' },
      'spec.endpoints: can not be "leaders": did you mean "leader"?',
    ],
    [
      { ...service, locality: { mode: 'priorities', priorities: [{ subset: 'v1' }] } },
      'spec.locality.priorities[0].subset: is no subset of this policy: add v1 to subsets',
    ],
    [
      { ...service, locality: { mode: 'weighted', weights: [{ zone: 'a', weight: 0 }] } },
      'spec.locality.weights: are all 0: nothing would take a request',
    ],
    [
      { ...service, locality: { mode: 'failover', order: ['zone', 'zone'] } },
      'spec.locality.order: names one twice',
    ],
    [
      { ...service, outlierDetection: { baseEjectionTime: '10m' } },
      'spec.outlierDetection.baseEjectionTime: is longer than maxEjectionTime',
    ],
    [{ ...service, panicThreshold: 101 }, 'spec.panicThreshold: has to be at most 100'],
    [
      { ...service, healthChecks: [{ type: 'tcp', send: 'abc' }] },
      'spec.healthChecks[0].send: are no bytes: write them in hexadecimal, as 000000ff',
    ],
    [
      { targetRefs: [{ name: 'a' }, { name: 'a' }] },
      'spec.targetRefs[1]: is the second reference to a',
    ],
    [
      { ...service, warmUp: { duration: '0s' } },
      'spec.warmUp.duration: has to be longer than nothing',
    ],
  ],
  FaultPolicy: [
    [service, 'spec: does nothing: give it a delay, an abort or a responseRate'],
    [
      { ...service, abort: { percent: 1, httpStatus: 500, grpcStatus: 1 } },
      'spec.abort: needs one of "httpStatus" and "grpcStatus"',
    ],
    [
      {
        targetRefs: [{ name: 'a', sectionName: 'b' }],
        delay: { duration: '1s', percent: 1 },
      },
      'spec.targetRefs[0].sectionName: does not go with a service: it has no rules',
    ],
  ],
  RateLimitPolicy: [
    [
      { local: { limits: [{ requests: 1 }] }, response: { status: 499 } },
      'spec.response.status: is no status of a refusal: write 429, 503 or another that HTTP knows',
    ],
    [service, 'spec: limits nothing: give it a local or a global limit'],
    [
      { ...service, local: { limits: [{ requests: 0 }] } },
      'spec.local.limits[0].requests: has to be at least 1',
    ],
  ],
};

describe('what is refused', () => {
  for (const [kind, cases] of Object.entries(REFUSED))
    for (const [spec, ...faults] of cases)
      test(`${kind}: ${faults.join('; ')}`, () => {
        assert.deepEqual(faultsOf(kind, spec).sort(), faults);
      });

  test('nothing is no limit, which nothing exceeds', () => {
    const timeouts = { request: '0s', backendRequest: '5s' };
    assert.deepEqual(faultsOf('HTTPRoute', rule({ timeouts })), []);
    const spec = { ...service, timeouts: { request: '0s', perTry: '5s' } };
    assert.deepEqual(faultsOf('ServicePolicy', spec), []);
  });

  test('a gateway may be named for each of its listeners', () => {
    const parentRefs = ['b', 'c'].map((sectionName) => ({ name: 'a', sectionName }));
    assert.deepEqual(faultsOf('HTTPRoute', { parentRefs }), []);
  });
});
