import { get, type Scenarios, to } from './scenario.ts';

const A = { at: 'a' };
const B = { at: 'b' };
const NONE = { status: 404 };

/** Which requests a route is for, and which cluster gets them. */
export const MATCHES: Scenarios = {
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
};
