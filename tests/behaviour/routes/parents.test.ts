import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freePort } from '@meshkeeper/testbed';
import { notDone } from '../stage/unsupported.ts';
import { listening, Stand } from './stand.ts';
import { answers, where, whither } from './tables.ts';
import { gateway, gatewayRoute, grpcRoute, httpRoute } from './written.ts';

describe('what a route is attached to', () => {
  const stand = new Stand();

  test('nothing: services are reached by their names, from inside and outside', async () => {
    await stand.set('');
    for (const plane of stand.proxies) {
      for (const host of ['web', 'web.mesh', 'web:80', 'web.mesh:15001', 'WEB', 'Web.Mesh'])
        await answers(plane, host, where, [['/x?y', 'web']]);
      for (const host of ['web.example', 'xweb', 'web.', 'nobody'])
        await answers(plane, host, where, [['/', 404]]);
      const { port } = plane.port.gateway!;
      assert.equal(where(await plane.enter(port, 'web')), 'web', plane.kind);
      assert.equal(where(await plane.enter(port, 'v1.mesh')), 'v1', plane.kind);
      assert.equal(where(await plane.enter(port, 'nobody')), 404, plane.kind);
    }
  });

  test('a service: it is for its callers, under all of its names, and for nobody else', async () => {
    await stand.set(httpRoute('web', '    - backendRefs: [{ name: v1 }]'));
    for (const plane of stand.proxies) {
      for (const host of ['web', 'web.mesh', 'web:80', 'web.mesh:15001', 'WEB'])
        await answers(plane, host, where, [['/', 'v1']]);
      await answers(plane, 'v2', where, [['/', 'v2']]);
      await answers(plane, 'v1', where, [['/', 'v1']]);
      const { port } = plane.port.gateway!;
      assert.equal(where(await plane.enter(port, 'web')), 'v1', plane.kind);
    }
  });

  test('a gateway: it is for who comes from outside; services’ own routes are not', async () => {
    const port = await freePort();
    await stand.set(
      gateway(`  listeners: [{ name: web, port: ${port}, protocol: HTTP }]`) +
        gatewayRoute(
          'HTTPRoute',
          'outside',
          `
    - backendRefs: [{ name: web }]
    - matches: [{ path: { value: /only } }]
      backendRefs: [{ name: v2 }]`,
        ) +
        httpRoute('inside', '    - backendRefs: [{ name: v1 }]'),
    );
    for (const plane of stand.proxies) {
      await listening(plane, port);
      await answers(plane, 'web', where, [
        ['/', 'v1'],
        ['/only', 'v1'],
      ]);
      await answers(plane, 'any.example', where, [['/only', 404]]);
      const outside = async (host: string, path: string) =>
        where(await plane.enter(port, host, { path }));
      assert.equal(await outside('any.example', '/'), 'web', plane.kind);
      assert.equal(await outside('any.example', '/only'), 'v2', plane.kind);
      assert.equal(await outside('v2', '/'), 'web', plane.kind);
    }
  });

  test('both', async () => {
    const port = await freePort();
    const route = httpRoute('both', '    - backendRefs: [{ name: v1 }]').replace(
      'parentRefs: [',
      'parentRefs: [{ name: edge }, ',
    );
    await stand.set(gateway(`  listeners: [{ name: web, port: ${port}, protocol: HTTP }]`) + route);
    for (const plane of stand.proxies) {
      await listening(plane, port);
      await answers(plane, 'web', where, [['/', 'v1']]);
      assert.equal(where(await plane.enter(port, 'any.example')), 'v1', plane.kind);
    }
  });

  test('several services, each with the routes of others beside', async () => {
    const all = httpRoute('all', '    - backendRefs: [{ name: v1 }]').replace(
      'parentRefs: [',
      'parentRefs: [{ group: core, kind: Service, name: v2 }, ',
    );
    const more = httpRoute(
      'more',
      `
    - matches: [{ path: { value: /more } }]
      backendRefs: [{ name: v2 }]`,
    );
    await stand.set(all + more);
    for (const plane of stand.proxies) {
      await answers(plane, 'web', where, [
        ['/', 'v1'],
        ['/more', 'v2'],
      ]);
      await answers(plane, 'v2', where, [
        ['/', 'v1'],
        ['/more', 'v1'],
      ]);
    }
  });

  test('host names of a service’s route are asked instead of it', async () => {
    const routes =
      httpRoute(
        'named',
        '    - backendRefs: [{ name: v1 }]',
        'web',
        '  hostnames: [shop.example, "*.wide.example"]',
      ) +
      httpRoute(
        'narrow',
        `
    - matches: [{ path: { value: /narrow } }]
      backendRefs: [{ name: v2 }]`,
        'web',
        '  hostnames: ["a.wide.example"]',
      ) +
      httpRoute(
        'own',
        '    - matches: [{ path: { value: /own } }]\n      backendRefs: [{ name: v2 }]',
      );
    await stand.set(routes);
    for (const plane of stand.proxies) {
      await answers(plane, 'shop.example', where, [['/', 'v1']]);
      await answers(plane, 'shop.example:8080', where, [['/', 'v1']]);
      await answers(plane, 'b.wide.example', where, [['/narrow', 'v1']]);
      await answers(plane, 'a.b.wide.example', where, [['/', 'v1']]);
      await answers(plane, 'wide.example', where, [['/', 404]]);
      // What the narrow one does not take the wider may.
      await answers(plane, 'a.wide.example', where, [
        ['/narrow', 'v2'],
        ['/', 'v1'],
      ]);
      await answers(plane, 'web', where, [
        ['/own', 'v2'],
        ['/', 404],
      ]);
      assert.deepEqual(notDone(routes, plane.kind), []);
    }
  });

  test('the host names of calls, on every data plane', async () => {
    const route = grpcRoute(
      'named',
      '    - backendRefs: [{ name: rpc1 }]',
      'rpc',
      '  hostnames: [calls.example]',
    );
    await stand.set(route);
    for (const plane of stand.planes) {
      assert.equal(whither(await plane.call('calls.example')), 'rpc1', plane.kind);
      assert.equal(whither(await plane.call('rpc')), 'rpc', plane.kind);
      assert.deepEqual(notDone(route, plane.kind), []);
    }
  });
});
