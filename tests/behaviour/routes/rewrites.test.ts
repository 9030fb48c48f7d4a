import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer } from '../stage/ask.ts';
import { notDone } from '../stage/unsupported.ts';
import { Stand } from './stand.ts';
import { answers } from './tables.ts';
import { httpRoute } from './written.ts';

const rule = (prefix: string, change: string) => `
    - matches: [{ path: { value: ${prefix} } }]
      filters: [{ type: URLRewrite, urlRewrite: { ${change} } }]
      backendRefs: [{ name: v1 }]`;
const prefix = (to: string) => `path: { type: ReplacePrefixMatch, replacePrefixMatch: "${to}" }`;
const full = (to: string) => `path: { type: ReplaceFullPath, replaceFullPath: "${to}" }`;
const url = ({ asked, status }: Answer) => asked?.url ?? status;

describe('requests that are sent as others', () => {
  const stand = new Stand();

  test('a prefix: what is behind it stays, with one slash between, and the query', async () => {
    await stand.set(
      httpRoute(
        'web',
        [
          rule('/plain', prefix('/new')),
          rule('/slash/', prefix('/new')),
          rule('/to-slash', prefix('/new/')),
          rule('/to-root', prefix('/')),
          rule('/to-nothing', prefix('')),
          rule('/deep/er', prefix('/a/b/c')),
          rule('/odd.(x)', prefix('/a')),
          rule('/back', prefix('/a\\\\1')),
        ].join(''),
      ),
    );
    for (const plane of stand.proxies)
      await answers(plane, 'web', url, [
        ['/plain', '/new'],
        ['/plain/', '/new/'],
        ['/plain/x/y', '/new/x/y'],
        ['/plain?q=/plain', '/new?q=/plain'],
        ['/plain/x?q=1', '/new/x?q=1'],
        ['/plain2', 404],
        ['/slash', '/new'],
        ['/slash/', '/new/'],
        ['/slash/x', '/new/x'],
        ['/to-slash', '/new'],
        ['/to-slash/', '/new/'],
        ['/to-slash/x?q', '/new/x?q'],
        ['/to-root', '/'],
        ['/to-root/', '/'],
        ['/to-root/x?q', '/x?q'],
        ['/to-root?q', '/?q'],
        ['/to-nothing', '/'],
        ['/to-nothing/x', '/x'],
        ['/deep/er/est', '/a/b/c/est'],
        ['/odd.(x)/y', '/a/y'],
        ['/back/y', '/a\\1/y'],
      ]);
  });

  test('the root as a prefix', async () => {
    for (const [to, table] of [
      ['/new', ['/new/', '/new/x?q', '/new/?q']],
      ['/new/', ['/new/', '/new/x?q', '/new/?q']],
      ['/', ['/', '/x?q', '/?q']],
    ] as const) {
      await stand.set(httpRoute('web', rule('/', prefix(to))));
      for (const plane of stand.proxies) {
        const [bare, path, query] = table;
        await answers(plane, 'web', url, [
          ['/', bare],
          ['/x?q', path],
          ['/?q', query],
        ]);
      }
    }
  });

  test('the whole path, the host, or both', async () => {
    await stand.set(
      httpRoute(
        'web',
        [
          rule('/path', full('/all')),
          rule('/back', full('/\\\\0/\\\\1')),
          rule('/host', 'hostname: other.example'),
          rule('/both', `hostname: other.example, ${prefix('/all')}`),
          `
    - matches: [{ path: { type: Exact, value: /exact } }, { path: { type: RegularExpression, value: /r.* } }]
      filters: [{ type: URLRewrite, urlRewrite: { ${full('/all')} } }]
      backendRefs: [{ name: v1 }]`,
        ].join(''),
      ),
    );
    const seen = ({ asked, status }: Answer) =>
      asked === undefined ? status : `${asked.headers.host} ${asked.url}`;
    for (const plane of stand.proxies)
      await answers(plane, 'web', seen, [
        ['/path', 'web /all'],
        ['/path/x', 'web /all'],
        ['/path/x?q=/path&r', 'web /all?q=/path&r'],
        ['/back/x', 'web /\\0/\\1'],
        ['/host/x?q', 'other.example /host/x?q'],
        ['/both/x?q', 'other.example /all/x?q'],
        ['/exact?q', 'web /all?q'],
        ['/rest', 'web /all'],
      ]);
  });

  test('of gRPC: calls go out as they are, and it is said', async () => {
    const route = httpRoute(
      'rpc',
      rule('/a', prefix('/b')).replace('v1', 'rpc1') +
        rule('/host', 'hostname: other.example').replace('v1', 'rpc1'),
      'rpc',
    );
    await stand.set(route);
    for (const plane of stand.planes) {
      const own = plane.kind === 'grpc';
      const { asked } = await plane.call('rpc', { path: '/a/Get' });
      assert.equal(asked?.url, own ? '/a/Get' : '/b/Get', plane.kind);
      const fields = ['0', '1'].map((index) => `HTTPRoute/rpc: spec.rules.${index}.filters.0`);
      assert.deepEqual(notDone(route, plane.kind), own ? fields : []);
    }
  });
});
