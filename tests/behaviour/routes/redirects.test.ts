import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer } from '../stage/ask.ts';
import { notDone } from '../stage/unsupported.ts';
import { Stand } from './stand.ts';
import { answers } from './tables.ts';
import { httpRoute } from './written.ts';

const rule = (path: string, redirect: string, type = 'PathPrefix') => `
    - matches: [{ path: { type: ${type}, value: ${path} } }]
      filters: [{ type: RequestRedirect, requestRedirect: { ${redirect} } }]`;
const prefix = (to: string) => `path: { type: ReplacePrefixMatch, replacePrefixMatch: "${to}" }`;
const full = (to: string) => `path: { type: ReplaceFullPath, replaceFullPath: "${to}" }`;
const seen = ({ status, headers }: Answer) => `${status} ${headers.location}`;

describe('requests that are sent elsewhere', () => {
  const stand = new Stand();

  test('scheme, host, port and status', async () => {
    await stand.set(
      httpRoute(
        'web',
        [
          rule('/host', 'hostname: other.example'),
          rule('/scheme', 'scheme: https'),
          rule('/port', 'port: 8443'),
          rule('/all', 'scheme: https, hostname: other.example, port: 8443, statusCode: 301'),
          rule('/own-port', 'scheme: https, port: 443'),
          rule('/plain-port', 'scheme: http, port: 80'),
          rule('/odd-port', 'scheme: https, port: 80'),
          ...[301, 302, 303, 307, 308].map((code) =>
            rule(`/code-${code}`, `hostname: other.example, statusCode: ${code}`),
          ),
        ].join(''),
      ),
    );
    for (const plane of stand.proxies) {
      await answers(plane, 'web.mesh', seen, [
        ['/host/x?q=1', '302 http://other.example/host/x?q=1'],
        ['/scheme/x', '302 https://web.mesh/scheme/x'],
        ['/port', '302 http://web.mesh:8443/port'],
        ['/all?q', '301 https://other.example:8443/all?q'],
        ['/own-port', '302 https://web.mesh/own-port'],
        ['/plain-port', '302 http://web.mesh/plain-port'],
        ['/odd-port', '302 https://web.mesh:80/odd-port'],
        ['/code-301', '301 http://other.example/code-301'],
        ['/code-302', '302 http://other.example/code-302'],
        ['/code-303', '303 http://other.example/code-303'],
        ['/code-307', '307 http://other.example/code-307'],
        ['/code-308', '308 http://other.example/code-308'],
      ]);
      // The port that was asked is not that of another scheme.
      await answers(plane, 'web.mesh:15001', seen, [
        ['/scheme', '302 https://web.mesh:443/scheme'],
        ['/port', '302 http://web.mesh:8443/port'],
        ['/own-port', '302 https://web.mesh:443/own-port'],
        ['/plain-port', '302 http://web.mesh:80/plain-port'],
        ['/host', '302 http://other.example/host'],
        ['/all', '301 https://other.example:8443/all'],
      ]);
      await answers(plane, 'web.mesh:80', seen, [['/scheme', '302 https://web.mesh/scheme']]);
    }
  });

  test('the path, or the prefix that fits; the query stays', async () => {
    await stand.set(
      httpRoute(
        'web',
        [
          rule('/full', full('/new/path')),
          rule('/exact', full('/new'), 'Exact'),
          rule('/regex.*', full('/new'), 'RegularExpression'),
          rule('/prefix', prefix('/new')),
          rule('/slash/', prefix('/new/')),
          rule('/root', prefix('/')),
          rule('/nothing', prefix('')),
          rule('/moved', `hostname: other.example, ${prefix('/new')}`),
        ].join(''),
      ),
    );
    const at = 'http://web.mesh';
    for (const plane of stand.proxies)
      await answers(plane, 'web.mesh', seen, [
        ['/full/x?q=1', `302 ${at}/new/path?q=1`],
        ['/exact?q', `302 ${at}/new?q`],
        ['/regex/x', `302 ${at}/new`],
        ['/prefix', `302 ${at}/new`],
        ['/prefix/x?q', `302 ${at}/new/x?q`],
        ['/slash/x', `302 ${at}/new/x`],
        ['/slash', `302 ${at}/new`],
        ['/root', `302 ${at}/`],
        ['/root/x?q', `302 ${at}/x?q`],
        ['/nothing/x', `302 ${at}/x`],
        ['/moved/x?q', '302 http://other.example/new/x?q'],
      ]);
  });

  test('headers of the response are changed', async () => {
    await stand.set(
      httpRoute(
        'web',
        `
    - filters:
        - { type: RequestRedirect, requestRedirect: { hostname: other.example } }
        - type: ResponseHeaderModifier
          responseHeaderModifier: { set: [{ name: x-why, value: moved }] }`,
      ),
    );
    for (const plane of stand.proxies) {
      const { headers } = await plane.ask('web');
      assert.equal(headers['x-why'], 'moved', plane.kind);
    }
  });

  test('calls are not redirected: they fail, and it is said', async () => {
    const route = httpRoute('rpc', rule('/', 'hostname: other.example'), 'rpc');
    await stand.set(route);
    for (const plane of stand.planes) {
      const { code } = await plane.call('rpc');
      const own = plane.kind === 'grpc';
      // A client of a proxy takes the status of HTTP for what gRPC says of it.
      assert.equal(code, own ? 'UNAVAILABLE' : 'UNKNOWN', plane.kind);
      const fields = ['HTTPRoute/rpc: spec.rules.0.filters.0'];
      assert.deepEqual(notDone(route, plane.kind), own ? fields : []);
    }
  });
});
