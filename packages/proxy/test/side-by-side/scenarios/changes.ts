import { HeaderAppendAction } from '@meshkeeper/xds';
import { get, header, type Scenarios, to } from './scenario.ts';

const { OVERWRITE_IF_EXISTS_OR_ADD, ADD_IF_ABSENT, OVERWRITE_IF_EXISTS } = HeaderAppendAction;

/** How requests and responses are changed on their way. */
export const CHANGES: Scenarios = {
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
