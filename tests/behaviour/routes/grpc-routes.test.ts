import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freePort } from '@meshkeeper/testbed';
import { Caller } from '../stage/ask.ts';
import { notDone } from '../stage/unsupported.ts';
import { listening, Stand } from './stand.ts';
import { outcomes, where, whither } from './tables.ts';
import { gateway, gatewayRoute, grpcRoute } from './written.ts';

describe('routes of gRPC', () => {
  const stand = new Stand();

  test('by service, method and headers; the most exact counts; what none fits is not implemented', async () => {
    const route = grpcRoute(
      'rpc',
      `
    - matches: [{ method: { service: shop.v1.Orders } }]
      backendRefs: [{ name: rpc1 }]
    - matches: [{ method: { service: shop.v1.Orders, method: Get } }]
      backendRefs: [{ name: rpc2 }]
    - matches: [{ method: { method: Ping } }]
      backendRefs: [{ name: rpc2 }]
    - matches: [{ method: { type: RegularExpression, service: "bill[a-z]*|pay", method: "Get.*" } }]
      backendRefs: [{ name: rpc }]
    - matches: [{ method: { type: RegularExpression, service: "audit[.].+" } }]
      backendRefs: [{ name: rpc1 }]
    - matches:
        - method: { service: shop.v1.Orders, method: Get }
          headers: [{ name: x-tenant, value: acme }]
        - headers: [{ type: RegularExpression, name: X-Tenant, value: "z[0-9]" }, { name: x-more, value: "1" }]
      backendRefs: [{ name: rpc }]
`,
    );
    await stand.set(route);
    for (const plane of stand.planes) {
      // Its own clients say it in another way.
      const none = plane.kind === 'grpc' ? 'UNAVAILABLE' : 'UNIMPLEMENTED';
      await outcomes(plane, 'rpc', whither, [
        ['/shop.v1.Orders/List', 'rpc1'],
        ['/shop.v1.Orders/Get', 'rpc2'],
        ['/shop.v1.Order/Get', none],
        ['/shop.v1.Orders2/List', none],
        ['/any.Thing/Ping', 'rpc2'],
        ['/any.Thing/Pin', none],
        ['/billing/GetAll', 'rpc'],
        ['/pay/Get', 'rpc'],
        ['/pay/Put', none],
        ['/payer/Get', none],
        ['/audit.v1/Any', 'rpc1'],
        ['/audit/Any', none],
        [{ path: '/shop.v1.Orders/Get', headers: { 'x-tenant': 'acme' } }, 'rpc'],
        [{ path: '/shop.v1.Orders/Get', headers: { 'x-tenant': 'other' } }, 'rpc2'],
        [{ path: '/a/B', headers: { 'x-tenant': 'z1', 'x-more': '1' } }, 'rpc'],
        [{ path: '/a/B', headers: { 'x-tenant': 'z1' } }, none],
      ]);
      assert.deepEqual(notDone(route, plane.kind), []);
    }
  });

  test('requests that are no calls fit none', async () => {
    await stand.set(grpcRoute('rpc', '    - backendRefs: [{ name: rpc1 }]'));
    for (const plane of stand.proxies) {
      const post = { method: 'POST', path: '/a/B' };
      assert.equal(where(await plane.ask('rpc', post)), 404, plane.kind);
      assert.equal(whither(await plane.call('rpc')), 'rpc1', plane.kind);
    }
  });

  test('of a gateway: calls come from outside, also in the clear', async () => {
    const port = await freePort();
    const route = gatewayRoute(
      'GRPCRoute',
      'calls',
      `
    - matches: [{ method: { service: shop.Orders } }]
      backendRefs: [{ name: rpc1 }]`,
      '  hostnames: [calls.example]',
    );
    await stand.set(
      gateway(`  listeners: [{ name: calls, port: ${port}, protocol: HTTP }]`) + route,
    );
    for (const plane of stand.proxies) {
      await listening(plane, port);
      const open = (name: string) =>
        new Caller([`${plane.port.gateway!.host}:${port}`, { 'grpc.default_authority': name }]);
      using caller = open('calls.example');
      assert.equal(whither(await caller.call({ path: '/shop.Orders/Get' })), 'rpc1', plane.kind);
      const { code } = await caller.call({ path: '/shop.Users/Get' });
      assert.equal(code, 'UNIMPLEMENTED', plane.kind);
      using other = open('other.example');
      const { code: unknown } = await other.call({ path: '/shop.Orders/Get' });
      assert.equal(unknown, 'UNIMPLEMENTED', plane.kind);
    }
    // A gateway's routes are no concern of a client's.
    for (const { kind } of stand.planes) assert.deepEqual(notDone(route, kind), []);
  });
});
