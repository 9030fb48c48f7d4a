import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CorsPolicy, pack, type Route, type RouteConfiguration } from '@meshkeeper/xds';
import { DomainIndex } from '../src/config/domain-index.ts';
import { Problems } from '../src/config/problems.ts';
import type { RequestView } from '../src/config/request-view.ts';
import { RouteTable } from '../src/config/route-table.ts';
import { normalizeTarget } from '../src/forward/path.ts';

const CLIENT = {
  ...{ remoteAddress: '127.0.0.1', remotePort: 1, localAddress: '127.0.0.1', localPort: 2 },
  secure: false,
};

const view = (path: string, method = 'GET', headers: Record<string, string> = {}): RequestView => ({
  method,
  path: path.split('?')[0]!,
  query: path.split('?')[1] ?? '',
  authority: 'web',
  scheme: 'http',
  client: CLIENT,
  header: (name) => headers[name],
  some: (name, test) => (headers[name] === undefined ? undefined : test(headers[name])),
  random: () => 0,
});

test('domains are looked up in Envoy’s order', () => {
  const index = new DomainIndex<string>();
  const domains = ['a.b.com', '*.b.com', '*.a.b.com', 'api.*', 'api.x.*', '*', 'a:80', 'a:*'];
  for (const domain of domains) assert(index.add(domain, domain), domain);
  const expected: Record<string, string> = {
    'a.b.com': 'a.b.com',
    'A.B.COM': 'a.b.com',
    'z.b.com': '*.b.com',
    'y.a.b.com': '*.a.b.com',
    '.b.com': '*',
    'api.y': 'api.*',
    'api.x.y': 'api.x.*',
    'api.b.com': '*.b.com',
    'a:80': 'a:80',
    'a:81': 'a:*',
    other: '*',
  };
  for (const [host, domain] of Object.entries(expected))
    assert.equal(index.find(host), domain, host);
});

test('a domain can’t be given twice, nor be malformed', () => {
  const index = new DomainIndex<number>();
  assert(index.add('a', 1));
  for (const domain of ['A', '', 'a*b', '*a*', '**']) assert(!index.add(domain, 2), domain);
});

test('the first route that matches is taken', () => {
  const to = (cluster: string) => ({ route: { cluster } });
  const config: RouteConfiguration = {
    virtualHosts: [
      {
        name: 'web',
        domains: ['web'],
        routes: [
          { match: { path: '/exact' }, ...to('exact') },
          { match: { pathSeparatedPrefix: '/api' }, ...to('api') },
          {
            match: {
              prefix: '/',
              headers: [{ name: ':method', stringMatch: { safeRegex: { regex: 'PUT|DELETE' } } }],
            },
            ...to('writes'),
          },
          { match: { prefix: '/', headers: [{ name: 'x', presentMatch: true }] }, ...to('x') },
          {
            match: { prefix: '/q', queryParameters: [{ name: 'v', stringMatch: { exact: '2' } }] },
            ...to('query'),
          },
          { match: { prefix: '/img' }, directResponse: { status: 410 } },
        ],
      },
    ],
  };
  const problems = new Problems();
  const table = RouteTable.parse(config, problems);
  assert.equal(problems.text, undefined);
  const target = (request: RequestView) => {
    const found = table.find('web', request);
    if (found.type !== 'route') return found.type;
    const { action } = found;
    return action.type === 'forward' ? action.clusters[0]?.name : action.status;
  };
  assert.equal(target(view('/exact')), 'exact');
  assert.equal(target(view('/api/x')), 'api');
  assert.equal(target(view('/apix')), 'no-route');
  assert.equal(target(view('/any', 'PUT')), 'writes');
  assert.equal(target(view('/any', 'PUTS')), 'no-route');
  assert.equal(target(view('/any', 'GET', { x: '' })), 'x');
  assert.equal(target(view('/q?v=2')), 'query');
  assert.equal(target(view('/image.png')), 'no-route');
  assert.equal(target(view('/img.png')), 410);
  assert.equal(table.find('other', view('/')).type, 'no-host');
});

test('what a route asks for and the proxy can’t do is told with its field, all at once', () => {
  const problems = new Problems();
  RouteTable.parse(
    {
      virtualHosts: [
        {
          domains: ['a', 'A'],
          routes: [
            { match: { safeRegex: { regex: '(?=a)' } }, route: { cluster: 'a' } },
            { match: { prefix: '/' }, route: { cluster: 'a', metadataMatch: {} } },
            { match: { prefix: '/' }, route: { cluster: 'a', retryPolicy: { retryOn: 'luck' } } },
          ],
        },
      ],
    },
    problems,
  );
  for (const field of [
    /virtual_hosts\[0\]\.domains\[1\]: A is malformed, or/,
    /virtual_hosts\[0\]\.routes\[0\]\.match\.safe_regex\.regex: /,
    /virtual_hosts\[0\]\.routes\[1\]\.route\.metadata_match: /,
    /virtual_hosts\[0\]\.routes\[2\]\.route\.retry_policy\.retry_on: unknown condition luck/,
  ]) {
    assert.match(problems.text ?? '', field);
  }
});

test('paths have one form', () => {
  const rules = { normalize: true, mergeSlashes: true };
  const expected: Record<string, string | undefined> = {
    '/a/b': '/a/b',
    '/a/./b/../c': '/a/c',
    '/../../etc': '/etc',
    '/a/..': '/',
    '/a/%2e%2E/b': '/b',
    '/a%2Fb': '/a%2Fb',
    '/a\\..\\b': '/b',
    '//a///b?x=//..': '/a/b?x=//..',
    '/.hidden': '/.hidden',
    '/%zz': '/%zz',
    '/{a|b}': '/%7Ba%7Cb%7D',
    '/%00': undefined,
  };
  for (const [path, form] of Object.entries(expected)) {
    assert.equal(normalizeTarget(path, rules), form, path);
  }
});

test('what could not be sent is not taken: statuses, URLs, values of headers', () => {
  const route = (message: Route) => {
    const problems = new Problems();
    const routes = [{ match: { prefix: '/' }, route: { cluster: 'a' }, ...message }];
    RouteTable.parse({ virtualHosts: [{ name: 'a', domains: ['*'], routes }] }, problems);
    return problems.text ?? '';
  };
  const add = (key: string, value: string) => [{ header: { key, value } }];
  const cors = (allowMethods: string) => ({
    cors: pack('envoy.extensions.filters.http.cors.v3.CorsPolicy', CorsPolicy, { allowMethods }),
  });
  const cookie = { name: 'a\r\nb', ttl: { seconds: 1 } };
  const expected: readonly (readonly [Route, string])[] = [
    [{ route: null, directResponse: { status: 99 } }, 'direct_response.status: must be'],
    [{ route: null, directResponse: { status: 600 } }, 'direct_response.status: must be'],
    [{ route: null, redirect: { hostRedirect: 'a\r\nb' } }, 'redirect.host_redirect: can’t'],
    [{ route: null, redirect: { pathRedirect: '/a b' } }, 'redirect.path_redirect: can’t'],
    [{ route: { cluster: 'a', prefixRewrite: '/a#b' } }, 'route.prefix_rewrite: can’t'],
    [{ route: { cluster: 'a', hostRewriteLiteral: 'a b' } }, 'route.host_rewrite_literal: can’t'],
    [
      { route: { cluster: 'a', hashPolicy: [{ cookie }] } },
      'hash_policy[0].cookie.name: has control',
    ],
    [
      { requestHeadersToAdd: add('x', 'a\nb') },
      'request_headers_to_add[0].header.value: has control',
    ],
    [{ requestHeadersToAdd: add('x y', 'a') }, 'request_headers_to_add[0].header.key: x y can’t'],
    [{ responseHeadersToAdd: add('Content-Length', '1') }, 'header.key: Content-Length can’t'],
    [{ requestHeadersToRemove: ['host'] }, 'request_headers_to_remove[0]: host can’t'],
    [
      { typedPerFilterConfig: cors('GET\r\n') },
      'typed_per_filter_config["cors"].allow_methods: has',
    ],
  ];
  for (const [message, problem] of expected) assert(route(message).includes(problem), problem);
  assert.equal(route({ requestHeadersToAdd: add('x', 'ü') }), '');
});
