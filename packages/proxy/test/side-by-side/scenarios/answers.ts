import { RedirectResponseCode } from '@meshkeeper/xds';
import { get, header, type Scenarios } from './scenario.ts';

/** What is answered without an endpoint. */
export const ANSWERS: Scenarios = {
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
};
