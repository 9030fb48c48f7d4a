import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { notDone } from '../stage/unsupported.ts';
import { Stand } from './stand.ts';
import { answers, outcomes, where, whither } from './tables.ts';
import { httpRoute } from './written.ts';

describe('which requests a rule is for', () => {
  const stand = new Stand();

  test('paths: exact, by whole parts, by regular expression; what none fits is not found', async () => {
    await stand.set(
      httpRoute(
        'web',
        `
    - matches: [{ path: { type: Exact, value: /exact } }, { path: { type: Exact, value: /slash/ } }]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { type: PathPrefix, value: /part } }, { path: { value: /deep/er/ } }]
      backendRefs: [{ name: v2 }]
    - matches: [{ path: { type: RegularExpression, value: '/r/[0-9]+(\\.html)?' } }]
      backendRefs: [{ name: web }]
`,
      ),
    );
    for (const plane of stand.proxies)
      await answers(plane, 'web', where, [
        ['/exact', 'v1'],
        ['/exact?x=/part', 'v1'],
        ['/exact/', 404],
        ['/Exact', 404],
        ['/slash/', 'v1'],
        ['/slash', 404],
        ['/part', 'v2'],
        ['/part/', 'v2'],
        ['/part/of/it', 'v2'],
        ['/part?of', 'v2'],
        ['/partial', 404],
        ['/deep/er', 'v2'],
        ['/deep/er/x', 'v2'],
        ['/deep/erx', 404],
        ['/r/17', 'web'],
        ['/r/17.html?x', 'web'],
        ['/r/17.htm', 404],
        ['/x/r/17', 404],
        ['/r/17/', 404],
        // One reading of a path: what is normalised is compared, and sent.
        ['/other/../exact', 'v1'],
        ['//exact', 'v1'],
        ['/', 404],
      ]);
  });

  test('headers, query and method: all of a match, any of a rule', async () => {
    await stand.set(
      httpRoute(
        'web',
        `
    - matches:
        - headers: [{ name: X-Exact, value: One }]
        - headers: [{ type: RegularExpression, name: x-regex, value: "a+|b" }]
        - headers: [{ name: x-one, value: "1" }, { name: x-two, value: "2" }]
      backendRefs: [{ name: v1 }]
    - matches:
        - queryParams: [{ name: exact, value: one }]
        - queryParams: [{ type: RegularExpression, name: number, value: "[0-9]+" }]
        - queryParams: [{ name: x, value: "1" }, { name: y, value: "2" }]
      backendRefs: [{ name: v2 }]
    - matches:
        - method: PUT
        - method: GET
          path: { value: /all }
          headers: [{ name: x-all, value: yes-all }]
          queryParams: [{ name: all, value: q }]
      backendRefs: [{ name: web }]
`,
      ),
    );
    const all = { 'x-all': 'yes-all' };
    for (const plane of stand.proxies)
      await answers(plane, 'web', where, [
        [{ headers: { 'x-exact': 'One' } }, 'v1'],
        [{ headers: { 'x-exact': 'one' } }, 404],
        [{ headers: { 'x-exact': 'One more' } }, 404],
        [{ headers: { 'X-Regex': 'aaa' } }, 'v1'],
        [{ headers: { 'x-regex': 'b' } }, 'v1'],
        [{ headers: { 'x-regex': 'ab' } }, 404],
        [{ headers: { 'x-one': '1' } }, 404],
        [{ headers: { 'x-one': '1', 'x-two': '2' } }, 'v1'],
        ['/?exact=one', 'v2'],
        ['/any/path?more&exact=one', 'v2'],
        ['/?exact=two', 404],
        ['/?Exact=one', 404],
        ['/?number=17', 'v2'],
        ['/?number=17x', 404],
        ['/?x=1', 404],
        ['/?y=2&x=1', 'v2'],
        [{ method: 'PUT', path: '/x' }, 'web'],
        [{ path: '/all?all=q', headers: all }, 'web'],
        [{ path: '/all/more?all=q', headers: all }, 'web'],
        [{ path: '/all?all=q' }, 404],
        [{ path: '/all', headers: all }, 404],
        [{ path: '/?all=q', headers: all }, 404],
        [{ method: 'POST', path: '/all?all=q', headers: all }, 404],
      ]);
  });

  test('of several rules the most exact counts, in whatever order they are written, of all routes', async () => {
    await stand.set(
      `${httpRoute(
        'b-second',
        `
    - matches: [{ path: { value: / } }]
      backendRefs: [{ name: web }]
    - matches: [{ path: { value: /a } }]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /a/b } }]
      backendRefs: [{ name: v2 }]
    - matches: [{ path: { value: /a/b }, method: GET, headers: [{ name: x, value: "1" }] }]
      backendRefs: [{ name: web }]
    - matches: [{ path: { value: /a/b }, headers: [{ name: x, value: "1" }, { name: y, value: "1" }] }]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { type: Exact, value: /a/b } }]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /q }, queryParams: [{ name: a, value: "1" }] }]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /q }, headers: [{ name: x, value: "1" }] }]
      backendRefs: [{ name: v2 }]
    - matches: [{ path: { value: /tie } }]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /same } }]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /same } }]
      backendRefs: [{ name: v2 }]
`,
      )}${httpRoute(
        'a-first',
        `
    - matches: [{ path: { value: /tie } }]
      backendRefs: [{ name: v2 }]
    - matches: [{ path: { value: /a/b/c } }]
      backendRefs: [{ name: web }]
`,
      )}`,
    );
    for (const plane of stand.proxies)
      await answers(plane, 'web', where, [
        ['/', 'web'],
        ['/a', 'v1'],
        ['/a/x', 'v1'],
        ['/a/b', 'v1'],
        ['/a/b/', 'v2'],
        ['/a/b/d', 'v2'],
        ['/a/b/c', 'web'],
        [{ path: '/a/b/d', headers: { x: '1' } }, 'web'],
        [{ path: '/a/b/d', headers: { x: '1', y: '1' } }, 'web'],
        [{ path: '/a/b/d', method: 'POST', headers: { x: '1', y: '1' } }, 'v1'],
        [{ path: '/a/b/d', method: 'POST', headers: { x: '1' } }, 'v2'],
        ['/q', 'web'],
        ['/q?a=1', 'v1'],
        [{ path: '/q?a=1', headers: { x: '1' } }, 'v2'],
        ['/tie', 'v2'],
        ['/same', 'v1'],
      ]);
  });

  test('what fits a rule of no backend for it does not fall through to another rule', async () => {
    await stand.set(
      httpRoute(
        'web',
        `
    - matches: [{ path: { value: /a } }]
    - matches: [{ path: { value: / } }]
      backendRefs: [{ name: v1 }]
`,
      ),
    );
    for (const plane of stand.proxies)
      await answers(plane, 'web', where, [
        ['/a/x', 500],
        ['/b', 'v1'],
      ]);
  });

  test('calls of gRPC are requests of HTTP, on every data plane', async () => {
    const route = httpRoute(
      'rpc',
      `
    - matches: [{ path: { value: /shop.Orders } }]
      backendRefs: [{ name: rpc1 }]
    - matches: [{ path: { type: Exact, value: /shop.Orders/Get }, method: POST }]
      backendRefs: [{ name: rpc2 }]
    - matches: [{ path: { type: Exact, value: /shop.Orders/List }, method: GET }]
      backendRefs: [{ name: rpc2 }]
    - matches: [{ path: { type: RegularExpression, value: "/shop[.][A-Z].*/(Put|Post)" } }]
      backendRefs: [{ name: rpc }]
    - matches: [{ headers: [{ name: x-tenant, value: acme }] }]
      backendRefs: [{ name: rpc2 }]
    - matches: [{ headers: [{ type: RegularExpression, name: x-tenant, value: "z.*" }] }]
      backendRefs: [{ name: rpc1 }]
    - matches: [{ path: { value: /odd }, queryParams: [{ name: a, value: b }] }]
      backendRefs: [{ name: rpc1 }]
`,
      'rpc',
    );
    await stand.set(route);
    for (const plane of stand.planes) {
      assert.deepEqual(notDone(route, plane.kind), []);
      const nowhere = plane.kind === 'grpc' ? 'UNAVAILABLE' : 'UNIMPLEMENTED';
      await outcomes(plane, 'rpc', whither, [
        ['/shop.Orders/Find', 'rpc1'],
        ['/shop.Orders/Get', 'rpc2'],
        ['/shop.Orders/List', 'rpc1'],
        ['/shop.Users/Put', 'rpc'],
        ['/shop.Users/Find', nowhere],
        ['/shop.OrdersOld/Find', nowhere],
        [{ path: '/a/B', headers: { 'x-tenant': 'acme' } }, 'rpc2'],
        [{ path: '/a/B', headers: { 'x-tenant': 'zoo' } }, 'rpc1'],
        [{ path: '/a/B', headers: { 'x-tenant': 'oz' } }, nowhere],
        ['/odd/Get', nowhere],
      ]);
    }
  });
});
