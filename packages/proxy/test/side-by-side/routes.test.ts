import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { skipWithout } from '@meshkeeper/testbed';
import { HeaderAppendAction, RedirectResponseCode, type VirtualHost } from '@meshkeeper/xds';
import { backend } from '../fixture.ts';
import { httpChain, listener, rds, staticCluster } from '../stage.ts';
import { type Answer, type Call, call, echo, echoed } from './caller.ts';
import { bothEngines } from './engines.ts';

/** What is expected of the answer to a request: of the echo's, what it was asked. */
interface Expected {
  readonly status?: number;
  /** The cluster that answered. */
  readonly at?: string;
  readonly url?: string;
  readonly body?: string;
  /** Headers that the endpoint got; undefined for none. */
  readonly got?: Readonly<Record<string, string | undefined>>;
  /** Headers that the client got. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
}

/** A virtual host, and what becomes of requests for it. */
interface Scenario {
  readonly host: VirtualHost;
  /** Default: `<number>.test`. */
  readonly authority?: string;
  readonly calls: readonly (readonly [Call, Expected])[];
}

const to = (cluster: string) => ({ route: { cluster } });
const get = (path: string, headers: Call['headers'] = {}): Call => ({ path, headers });
const A = { at: 'a' };
const B = { at: 'b' };
const NONE = { status: 404 };
const header = (key: string, value: string, appendAction?: HeaderAppendAction) => ({
  header: { key, value },
  ...(appendAction === undefined ? {} : { appendAction }),
});
const { OVERWRITE_IF_EXISTS_OR_ADD, ADD_IF_ABSENT, OVERWRITE_IF_EXISTS } = HeaderAppendAction;

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'paths: exact, by prefix, by whole parts, by regular expression': {
    host: {
      routes: [
        { match: { path: '/exact' }, ...to('a') },
        { match: { pathSeparatedPrefix: '/part' }, ...to('a') },
        { match: { safeRegex: { regex: '/r/[0-9]+(\\.html|)' } }, ...to('a') },
        { match: { path: '/Fold', caseSensitive: { value: false } }, ...to('a') },
        { match: { prefix: '/Pre', caseSensitive: { value: false } }, ...to('a') },
        { match: { prefix: '/b' }, ...to('b') },
      ],
    },
    calls: [
      [get('/exact'), A],
      [get('/exact?x=1'), A],
      [get('/exact/'), NONE],
      [get('/Exact'), NONE],
      [get('/part'), A],
      [get('/part/x'), A],
      [get('/part?x'), A],
      [get('/partial'), NONE],
      [get('/r/17'), A],
      [get('/r/17.html?x=/r/'), A],
      [get('/r/17.htm'), NONE],
      [get('/x/r/17'), NONE],
      [get('/fOLD'), A],
      [get('/preFIX'), A],
      [get('/bad'), B],
      [get('/'), NONE],
    ],
  },
  'regular expressions: as RE2 has them': {
    host: {
      routes: [
        { match: { safeRegex: { regex: '/a(/[0-9]+)*([/?].*)?' } }, ...to('a') },
        { match: { safeRegex: { regex: '(?i)/fold/[[:alpha:]]{2}' } }, ...to('a') },
        { match: { safeRegex: { regex: '/n/(?P<number>\\d+)/\\Q.*\\E' } }, ...to('a') },
        { match: { safeRegex: { regex: '/l(ong)*' } }, ...to('b') },
        {
          match: { prefix: '/swap' },
          route: {
            cluster: 'a',
            regexRewrite: {
              pattern: { regex: '([a-z]+?)(-(?:x|y))*/' },
              substitution: '\\1\\\\[\\2]/',
            },
          },
        },
        {
          match: {
            prefix: '/',
            headers: [{ name: 'x-utf8', stringMatch: { safeRegex: { regex: 'é...' } } }],
          },
          ...to('a'),
        },
        {
          match: { prefix: '/', headers: [{ name: 'x-utf8', stringMatch: { exact: 'ü' } }] },
          ...to('b'),
        },
      ],
    },
    calls: [
      [get('/a'), A],
      [get('/a/1/22'), A],
      [get('/a/1/x'), A],
      [get('/a1'), NONE],
      [get('/FOLD/xY'), A],
      [get('/fold/x1'), NONE],
      [get('/n/12/.*'), A],
      [get('/n/12/ab'), NONE],
      [get(`/l${'ong'.repeat(1000)}`), B],
      [get(`/l${'ong'.repeat(1000)}o`), NONE],
      [get('/swap-x-y/b/'), { url: '/swap\\[-y]/b\\[]/' }],
      [get('/', { 'x-utf8': Buffer.from('é☺').toString('latin1') }), A],
      [get('/', { 'x-utf8': Buffer.from('éab').toString('latin1') }), NONE],
      [get('/', { 'x-utf8': Buffer.from('ü').toString('latin1') }), B],
    ],
  },
  'headers: every kind of test, inverted, present, absent, repeated': {
    host: {
      routes: [
        [{ name: 'x-exact', stringMatch: { exact: 'One' } }],
        [{ name: 'x-fold', stringMatch: { exact: 'One', ignoreCase: true } }],
        [{ name: 'x-prefix', stringMatch: { prefix: 'pre' } }],
        [{ name: 'x-suffix', stringMatch: { suffix: 'fix' } }],
        [{ name: 'x-contains', stringMatch: { contains: 'tai' } }],
        [{ name: 'x-regex', stringMatch: { safeRegex: { regex: 'a|b' } } }],
        [{ name: 'x-range', rangeMatch: { start: -5, end: 10 } }],
        [{ name: 'x-present', presentMatch: true }],
        [
          { name: 'x-gate', presentMatch: true },
          { name: 'x-not', stringMatch: { exact: 'no' }, invertMatch: true },
        ],
        [
          { name: 'x-gate2', presentMatch: true },
          { name: 'x-number', rangeMatch: { start: 0, end: 10 }, invertMatch: true },
        ],
        [
          { name: 'x-gate3', presentMatch: true },
          { name: 'x-away', presentMatch: true, invertMatch: true },
        ],
        [
          { name: 'x-gate4', presentMatch: true },
          { name: 'x-away', presentMatch: false },
        ],
        [
          { name: 'x-gate5', presentMatch: true },
          {
            name: 'x-empty',
            stringMatch: { exact: 'x' },
            invertMatch: true,
            treatMissingHeaderAsEmpty: true,
          },
        ],
        [{ name: ':method', stringMatch: { exact: 'PUT' } }],
        [{ name: 'x-list', stringMatch: { exact: 'a,b' } }],
        [
          { name: 'x-gate6', presentMatch: true },
          { name: 'x-any', stringMatch: { exact: 'b' }, invertMatch: true },
        ],
        [{ name: 'x-some', stringMatch: { exact: 'b' } }],
        [{ name: 'HOST', stringMatch: { suffix: ':99' } }],
      ].map((headers) => ({ match: { prefix: '/', headers }, ...to('a') })),
    },
    calls: [
      [get('/', { 'X-Exact': 'One' }), A],
      [get('/', { 'x-exact': 'one' }), NONE],
      [get('/', { 'x-fold': 'oNE' }), A],
      [get('/', { 'x-prefix': 'prefer' }), A],
      [get('/', { 'x-prefix': 'xpre' }), NONE],
      [get('/', { 'x-suffix': 'suffix' }), A],
      [get('/', { 'x-contains': 'contains' }), A],
      [get('/', { 'x-regex': 'b' }), A],
      [get('/', { 'x-regex': 'ab' }), NONE],
      [get('/', { 'x-range': '-5' }), A],
      [get('/', { 'x-range': '10' }), NONE],
      [get('/', { 'x-range': '9x' }), NONE],
      [get('/', { 'x-range': '1.5' }), NONE],
      [get('/', { 'x-present': '' }), A],
      [get('/', { 'x-gate': '1', 'x-not': 'yes' }), A],
      [get('/', { 'x-gate': '1', 'x-not': 'no' }), NONE],
      [get('/', { 'x-gate': '1' }), NONE],
      [get('/', { 'x-gate2': '1', 'x-number': '11' }), A],
      [get('/', { 'x-gate2': '1', 'x-number': '1' }), NONE],
      [get('/', { 'x-gate2': '1' }), NONE],
      [get('/', { 'x-gate3': '1' }), A],
      [get('/', { 'x-gate3': '1', 'x-away': '1' }), NONE],
      [get('/', { 'x-gate4': '1' }), A],
      [get('/', { 'x-gate4': '1', 'x-away': '1' }), NONE],
      [get('/', { 'x-gate5': '1' }), A],
      [{ method: 'PUT' }, A],
      [get('/', { 'x-list': ['a', 'b'] }), NONE],
      [get('/', { 'x-some': ['a', 'b'] }), A],
      [get('/', { 'x-gate6': '1', 'x-any': ['a', 'b'] }), NONE],
      [get('/', { 'x-gate6': '1', 'x-any': ['a', 'c'] }), A],
      [get('/', { host: 's2.test:99' }), A],
    ],
  },
  'query parameters: the first value as it was sent': {
    host: {
      routes: [
        [{ name: 'exact', stringMatch: { exact: 'a b' } }],
        [{ name: 'raw', stringMatch: { exact: 'a%20b' } }],
        [{ name: 'regex', stringMatch: { safeRegex: { regex: '[0-9]+' } } }],
        [{ name: 'there', presentMatch: true }],
        [
          { name: 'one', presentMatch: true },
          { name: 'two', presentMatch: true },
        ],
      ].map((queryParameters) => ({ match: { prefix: '/', queryParameters }, ...to('a') })),
    },
    calls: [
      [get('/?exact=a+b'), NONE],
      [get('/?raw=a%20b'), A],
      [get('/?regex=1&regex=x'), A],
      [get('/?regex=x&regex=1'), NONE],
      [get('/?there'), A],
      [get('/?there=&x'), A],
      [get('/?athere=1'), NONE],
      [get('/?one=1'), NONE],
      [get('/?two=2&one=1'), A],
    ],
  },
  'hosts: wildcards, and any port': {
    host: {
      domains: ['api.example.test:*', '*.suffix.test', 'prefix-*'],
      routes: [{ match: { prefix: '/' }, ...to('a') }],
    },
    authority: 'x.suffix.test',
    calls: [
      [get('/'), A],
      [get('/', { host: 'api.example.test:8080' }), A],
      [get('/', { host: 'API.Example.test:1' }), A],
      [get('/', { host: 'api.example.test' }), NONE],
      [get('/', { host: 'suffix.test' }), NONE],
      [get('/', { host: '.suffix.test' }), NONE],
      [get('/', { host: 'prefix-x' }), A],
      [get('/', { host: 'prefix-' }), NONE],
    ],
  },
  'gRPC, and a share of the requests': {
    host: {
      routes: [
        { match: { prefix: '/never', runtimeFraction: { defaultValue: {} } }, ...to('b') },
        {
          match: { prefix: '/always', runtimeFraction: { defaultValue: { numerator: 100 } } },
          ...to('b'),
        },
        { match: { prefix: '/', grpc: {} }, ...to('b') },
        { match: { prefix: '/' }, ...to('a') },
      ],
    },
    calls: [
      [get('/never'), A],
      [get('/always'), B],
      [get('/', { 'content-type': 'application/grpc+proto' }), B],
      [get('/', { 'content-type': 'application/grpc' }), B],
      [get('/', { 'content-type': 'application/grpc-web' }), A],
    ],
  },
  redirects: {
    host: {
      routes: [
        { match: { prefix: '/plain' }, redirect: { hostRedirect: 'other.test' } },
        {
          match: { prefix: '/https' },
          redirect: { httpsRedirect: true, responseCode: RedirectResponseCode.SEE_OTHER },
        },
        {
          match: { prefix: '/port' },
          redirect: { portRedirect: 8443, schemeRedirect: 'https' },
        },
        {
          match: { prefix: '/path' },
          redirect: {
            pathRedirect: '/new',
            responseCode: RedirectResponseCode.TEMPORARY_REDIRECT,
          },
        },
        { match: { prefix: '/query' }, redirect: { pathRedirect: '/new?own=1' } },
        { match: { prefix: '/strip' }, redirect: { pathRedirect: '/new', stripQuery: true } },
        {
          match: { pathSeparatedPrefix: '/old' },
          redirect: {
            prefixRewrite: '/fresh',
            responseCode: RedirectResponseCode.PERMANENT_REDIRECT,
          },
        },
        {
          match: { prefix: '/regex' },
          redirect: {
            regexRewrite: { pattern: { regex: '^/regex/(.*)$' }, substitution: '/r/\\1' },
            responseCode: RedirectResponseCode.FOUND,
          },
          responseHeadersToAdd: [header('x-why', 'moved')],
        },
      ],
    },
    authority: 'redirects.test',
    calls: [
      [get('/plain?x=1'), { status: 301, headers: { location: 'http://other.test/plain?x=1' } }],
      [get('/https'), { status: 303, headers: { location: 'https://redirects.test/https' } }],
      [
        get('/https', { host: 'redirects.test:80' }),
        { status: 303, headers: { location: 'https://redirects.test/https' } },
      ],
      [
        get('/https', { host: 'redirects.test:81' }),
        { status: 303, headers: { location: 'https://redirects.test:81/https' } },
      ],
      [get('/port'), { status: 301, headers: { location: 'https://redirects.test:8443/port' } }],
      [
        get('/port', { host: 'redirects.test:81' }),
        { status: 301, headers: { location: 'https://redirects.test:8443/port' } },
      ],
      [get('/path?q=1'), { status: 307, headers: { location: 'http://redirects.test/new?q=1' } }],
      [
        get('/query?q=1'),
        { status: 301, headers: { location: 'http://redirects.test/new?own=1' } },
      ],
      [get('/strip?q=1'), { status: 301, headers: { location: 'http://redirects.test/new' } }],
      [
        get('/old/x?q=1'),
        { status: 308, headers: { location: 'http://redirects.test/fresh/x?q=1' } },
      ],
      [
        get('/regex/x/y?q'),
        {
          status: 302,
          headers: { location: 'http://redirects.test/r/x/y?q', 'x-why': 'moved' },
          body: '',
        },
      ],
    ],
  },
  'direct responses': {
    host: {
      routes: [
        {
          match: { path: '/text' },
          directResponse: { status: 418, body: { inlineString: 'teapot' } },
          responseHeadersToAdd: [header('x-pot', 'tea')],
        },
        { match: { path: '/none' }, directResponse: { status: 204 } },
        {
          match: { path: '/bytes' },
          directResponse: { status: 200, body: { inlineBytes: Buffer.from('ok') } },
        },
      ],
    },
    calls: [
      [
        get('/text'),
        { status: 418, body: 'teapot', headers: { 'x-pot': 'tea', 'content-length': '6' } },
      ],
      [
        { method: 'HEAD', path: '/text' },
        { status: 418, body: '', headers: { 'content-length': '6' } },
      ],
      [get('/none'), { status: 204, body: '', headers: { 'content-length': undefined } }],
      [get('/bytes'), { status: 200, body: 'ok' }],
    ],
  },
  'rewrites of path and host': {
    host: {
      routes: [
        {
          match: { prefix: '/prefix/' },
          route: { cluster: 'a', prefixRewrite: '/', hostRewriteLiteral: 'inner.test' },
        },
        { match: { path: '/exact' }, route: { cluster: 'a', prefixRewrite: '/other' } },
        {
          match: { path: '/auto' },
          route: { cluster: 'a', autoHostRewrite: { value: true } },
        },
        {
          match: { prefix: '/Case', caseSensitive: { value: false } },
          route: { cluster: 'a', prefixRewrite: '/c' },
        },
        {
          match: { prefix: '/full' },
          route: {
            cluster: 'a',
            regexRewrite: { pattern: { regex: '.*' }, substitution: '/whole' },
          },
        },
        {
          match: { prefix: '/swap' },
          route: {
            cluster: 'a',
            regexRewrite: { pattern: { regex: '/([a-z]+)/([0-9]+)' }, substitution: '/\\2/\\1' },
          },
        },
        {
          match: { safeRegex: { regex: '/any/.*' } },
          route: { cluster: 'a', prefixRewrite: '/all' },
        },
      ],
    },
    calls: [
      [
        get('/prefix/x?q=1'),
        { url: '/x?q=1', got: { host: 'inner.test', 'x-envoy-original-path': '/prefix/x?q=1' } },
      ],
      [get('/exact?q'), { url: '/other?q' }],
      [get('/auto'), { got: { host: 'a.endpoint.test' } }],
      [get('/cASE/x'), { url: '/c/x' }],
      [get('/full/x/y?q=1'), { url: '/whole?q=1' }],
      [get('/swap/1/a/2'), { url: '/1/swap/2/a' }],
      [get('/any/x?q'), { url: '/all?q' }],
    ],
  },
  'changes of headers: each level removes, overwrites and adds, the inner ones first': {
    host: {
      requestHeadersToAdd: [
        header('x-order', 'host'),
        header('x-set', 'host', OVERWRITE_IF_EXISTS_OR_ADD),
      ],
      responseHeadersToAdd: [header('x-back', 'host')],
      responseHeadersToRemove: ['x-twice'],
      routes: [
        {
          match: { prefix: '/' },
          requestHeadersToRemove: ['x-drop', 'X-Drop-Then-Add'],
          requestHeadersToAdd: [
            header('x-order', 'route'),
            header('x-drop-then-add', 'new'),
            header('x-absent', 'yes', ADD_IF_ABSENT),
            header('x-there', 'no', ADD_IF_ABSENT),
            header('x-only-if', 'changed', OVERWRITE_IF_EXISTS),
            header('x-only-if-not', 'no', OVERWRITE_IF_EXISTS),
            header('x-percent', '100%%'),
            header('x-who', 'you are %REQ(x-name?:authority)%'),
            header('x-short', '%REQ(x-name):2%'),
            header('x-nobody', '%REQ(x-nobody)%'),
            header('x-empty', ''),
            { ...header('x-kept', ''), keepEmptyValue: true },
            header('x-address', '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%'),
          ],
          responseHeadersToAdd: [header('x-back', 'route')],
          route: {
            weightedClusters: {
              clusters: [
                {
                  name: 'a',
                  weight: { value: 1 },
                  requestHeadersToAdd: [
                    header('x-order', 'cluster'),
                    header('x-set', 'cluster', OVERWRITE_IF_EXISTS_OR_ADD),
                  ],
                  responseHeadersToAdd: [header('x-back', 'cluster')],
                  hostRewriteLiteral: 'share.test',
                },
              ],
            },
          },
        },
      ],
    },
    calls: [
      [
        get('/', {
          'x-drop': '1',
          'x-drop-then-add': 'old',
          'x-there': 'client',
          'x-only-if': 'client',
          'x-order': 'client',
          'x-name': 'somebody',
        }),
        {
          got: {
            host: 'share.test',
            'x-drop': undefined,
            'x-drop-then-add': 'new',
            'x-absent': 'yes',
            'x-there': 'client',
            'x-only-if': 'changed',
            'x-only-if-not': undefined,
            'x-percent': '100%',
            'x-who': 'you are somebody',
            'x-short': 'so',
            'x-nobody': undefined,
            'x-empty': undefined,
            'x-kept': '',
            'x-address': '127.0.0.1',
            'x-order': 'client, cluster, route, host, all',
            'x-set': 'host',
          },
          headers: { 'x-back': 'cluster, route, host, all', 'x-twice': undefined, 'x-from': 'a' },
        },
      ],
    ],
  },
  'clusters: by header, missing ones, and shares of nothing': {
    host: {
      routes: [
        { match: { path: '/header' }, route: { clusterHeader: 'x-cluster' } },
        { match: { path: '/gone' }, route: { cluster: 'gone' } },
        {
          match: { path: '/gone500' },
          route: { cluster: 'gone', clusterNotFoundResponseCode: 2 },
        },
        {
          match: { path: '/gone404' },
          route: { cluster: 'gone', clusterNotFoundResponseCode: 1 },
        },
        {
          match: { path: '/zero' },
          route: {
            weightedClusters: {
              clusters: [
                { name: 'b', weight: { value: 0 } },
                { name: 'a', weight: { value: 3 } },
              ],
            },
          },
        },
      ],
    },
    calls: [
      [get('/header', { 'x-cluster': 'b' }), B],
      [get('/header', { 'x-cluster': 'nowhere' }), { status: 503 }],
      [get('/header'), { status: 503 }],
      [get('/gone'), { status: 503 }],
      [get('/gone500'), { status: 500 }],
      [get('/gone404'), { status: 404 }],
      [get('/zero'), A],
      [
        { path: '/gone', headers: { 'content-type': 'application/grpc' } },
        { status: 200, headers: { 'grpc-status': '14' }, body: '' },
      ],
    ],
  },
  'paths: one form, or a refusal': {
    host: { routes: [{ match: { prefix: '/' }, ...to('a') }] },
    calls: [
      [get('/a/./b/../c//d'), { url: '/a/c/d' }],
      [get('/../../x'), { url: '/x' }],
      [get('/%2e%2E/%41%2Fb'), { url: '/A%2Fb' }],
      [get('/a%00b'), { status: 400 }],
      [get('/a%zz'), { url: '/a%zz' }],
      [get('/{a|b}^"<>'), { url: '/%7Ba%7Cb%7D%5E%22%3C%3E' }],
      [get('/a\\b'), { url: '/a/b' }],
      [get('/a?x=/../y//z'), { url: '/a?x=/../y//z' }],
      [get('/a#b'), { status: 400 }],
      [get('/a%20b%7e'), { url: '/a%20b~' }],
    ],
  },
};

const hostOf = (number: number, { authority }: Scenario) => authority ?? `s${number}.test`;

describe('routes do on both data planes', { skip: skipWithout('envoy') }, () => {
  const scenarios = Object.entries(SCENARIOS);
  const engines = bothEngines(async (stage, stack) => {
    for (const name of ['a', 'b']) {
      const { port } = stack.use(await backend(echo(name)));
      const cluster = staticCluster(name, [port]);
      for (const { lbEndpoints } of cluster.loadAssignment?.endpoints ?? []) {
        for (const { endpoint } of lbEndpoints ?? []) {
          if (endpoint) endpoint.hostname = `${name}.endpoint.test`;
        }
      }
      stage.put('cluster', cluster);
    }
    stage.put('route', {
      name: 'all',
      requestHeadersToAdd: [header('x-order', 'all')],
      responseHeadersToAdd: [header('x-back', 'all')],
      virtualHosts: scenarios.map(([name, scenario], i) => ({
        name,
        domains: [hostOf(i, scenario), `${hostOf(i, scenario)}:*`],
        ...scenario.host,
      })),
    });
    const manager = {
      rds: rds('all'),
      useRemoteAddress: { value: true },
      normalizePath: { value: true },
      mergeSlashes: true,
    };
    stage.put('listener', listener('http', [httpChain(manager)]));
  });

  for (const [number, [name, scenario]] of scenarios.entries()) {
    test(name, async () => {
      for (const engine of engines) {
        for (const [request, expected] of scenario.calls) {
          const host = hostOf(number, scenario);
          const answer = await call(engine.port('http'), host, request);
          check(answer, expected, `${engine.name}: ${JSON.stringify(request)}`);
        }
      }
    });
  }
});

function check(answer: Answer, expected: Expected, where: string): void {
  const asked = echoed(answer);
  const status = expected.status ?? 200;
  assert.equal(answer.status, status, `${where}: ${answer.body}`);
  if (expected.at !== undefined) assert.equal(asked?.at, expected.at, where);
  if (expected.url !== undefined) assert.equal(asked?.url, expected.url, where);
  if (expected.body !== undefined) assert.equal(answer.body, expected.body, where);
  for (const [key, value] of Object.entries(expected.got ?? {})) {
    assert.equal(asked?.headers[key], value, `${where}: ${key} that the endpoint got`);
  }
  for (const [key, value] of Object.entries(expected.headers ?? {})) {
    assert.deepEqual(answer.headers[key], value, `${where}: ${key} that the client got`);
  }
}
