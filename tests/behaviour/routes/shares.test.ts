import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { notDone } from '../stage/unsupported.ts';
import { isShare } from './shares.ts';
import { type Plane, Stand } from './stand.ts';
import { where, whither } from './tables.ts';
import { grpcRoute, httpRoute } from './written.ts';

const MANY = 300;

/** How many of many requests each echo answered, or how they failed. */
async function counted(plane: Plane, host: string, path = '/'): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const one = async () => {
    const at =
      plane.kind === 'grpc' || host === 'rpc'
        ? whither(await plane.call(host, { path }))
        : where(await plane.ask(host, { path }));
    counts[at] = (counts[at] ?? 0) + 1;
  };
  for (let sent = 0; sent < MANY; sent += 50) await Promise.all(Array.from({ length: 50 }, one));
  return counts;
}

describe('shares of the requests', () => {
  const stand = new Stand();

  test('go to backends by weight, of which 0 takes none', async () => {
    await stand.set(
      httpRoute(
        'web',
        `
    - backendRefs: [{ name: v1, weight: 1 }, { name: v2, weight: 3 }, { name: web, weight: 0 }]
    - matches: [{ path: { value: /none } }]
      backendRefs: [{ name: v1, weight: 0 }, { name: v2, weight: 0 }]
    - matches: [{ path: { value: /large } }]
      backendRefs: [{ name: v1, weight: 999999 }, { name: v2, weight: 1000000 }]
`,
      ),
    );
    for (const plane of stand.proxies) {
      const { v1 = 0, v2 = 0, ...others } = await counted(plane, 'web');
      assert.deepEqual(others, {}, plane.kind);
      assert.equal(v1 + v2, MANY);
      isShare(v1, MANY, 0.25, plane.kind);
      const large = await counted(plane, 'web', '/large');
      isShare(large.v1 ?? 0, MANY, 0.5, plane.kind);
      assert.equal((await plane.ask('web', { path: '/none' })).status, 500, plane.kind);
    }
  });

  test('of a service that is not there, or a kind that there is not, fail; the others do not', async () => {
    await stand.set(
      httpRoute(
        'web',
        `
    - backendRefs: [{ name: v1, weight: 1 }, { name: nobody, weight: 1 }]
    - matches: [{ path: { value: /kind } }]
      backendRefs: [{ name: v1, weight: 1 }, { group: example.org, kind: Thing, name: v2, weight: 1 }]
    - matches: [{ path: { value: /subset } }]
      backendRefs: [{ name: v1, weight: 1 }, { group: meshkeeper.io, kind: Subset, name: v1/none, weight: 1 }]
`,
      ),
    );
    for (const plane of stand.proxies)
      for (const path of ['/', '/kind', '/subset']) {
        const { v1 = 0, 500: failed = 0, ...others } = await counted(plane, 'web', path);
        assert.deepEqual(others, {}, `${plane.kind} ${path}`);
        assert.equal(v1 + failed, MANY);
        isShare(v1, MANY, 0.5, `${plane.kind} ${path}`);
      }
  });

  test('without backends requests fail with 500', async () => {
    await stand.set(
      httpRoute(
        'web',
        `
    - matches: [{ path: { value: /none } }]
    - matches: [{ path: { value: /nobody } }]
      backendRefs: [{ name: nobody }]
    - matches: [{ path: { value: /kind } }]
      backendRefs: [{ group: example.org, kind: Thing, name: v1 }]
    - matches: [{ path: { value: /subset } }]
      backendRefs: [{ group: meshkeeper.io, kind: Subset, name: v1/none }]
    - matches: [{ path: { value: /filter } }]
      filters: [{ type: ExtensionRef, extensionRef: { group: meshkeeper.io, kind: FaultPolicy, name: none } }]
      backendRefs: [{ name: v1 }]
`,
      ),
    );
    for (const plane of stand.proxies)
      for (const path of ['/none', '/nobody', '/kind', '/subset', '/filter'])
        assert.equal((await plane.ask('web', { path })).status, 500, `${plane.kind} ${path}`);
  });

  test('of calls: on every data plane, as UNAVAILABLE where nobody is there', async () => {
    const route = grpcRoute(
      'rpc',
      `
    - backendRefs: [{ name: rpc1, weight: 1 }, { name: rpc2, weight: 3 }]
    - matches: [{ method: { service: half } }]
      backendRefs: [{ name: rpc1 }, { name: nobody }]
    - matches: [{ method: { service: none } }]
    - matches: [{ method: { service: gone } }]
      backendRefs: [{ name: nobody }]
`,
    );
    await stand.set(route);
    for (const plane of stand.planes) {
      const { rpc1 = 0, rpc2 = 0, ...others } = await counted(plane, 'rpc', '/a/B');
      assert.deepEqual(others, {}, plane.kind);
      assert.equal(rpc1 + rpc2, MANY);
      isShare(rpc1, MANY, 0.25, plane.kind);
      const half = await counted(plane, 'rpc', '/half/B');
      assert.equal((half.rpc1 ?? 0) + (half.UNAVAILABLE ?? 0), MANY, plane.kind);
      isShare(half.rpc1 ?? 0, MANY, 0.5, plane.kind);
      for (const path of ['/none/B', '/gone/B'])
        assert.equal((await plane.call('rpc', { path })).code, 'UNAVAILABLE', plane.kind);
      assert.deepEqual(notDone(route, plane.kind), []);
    }
  });

  test('are copied to others, whose answers nobody sees', async () => {
    const mirror = (to: string, more: string) =>
      `{ type: RequestMirror, requestMirror: { backendRef: { name: ${to} }${more} } }`;
    const route = httpRoute(
      'web',
      `
    - matches: [{ path: { value: /all } }]
      filters: [${mirror('v2', '')}, ${mirror('nobody', '')}]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /some } }]
      filters: [${mirror('v2', ', percent: 25')}]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /part } }]
      filters: [${mirror('v2', ', fraction: { numerator: 1, denominator: 2 }')}]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /none } }]
      filters: [${mirror('v2', ', percent: 0')}]
      backendRefs: [{ name: v1 }]
`,
    );
    await stand.set(route);
    const copies = stand.echo('v2').asked;
    for (const plane of stand.proxies) {
      assert.deepEqual(notDone(route, plane.kind), []);
      const sent = async (path: string) => {
        copies.length = 0;
        const { v1, ...others } = await counted(plane, 'web', path);
        assert.deepEqual([v1, others], [MANY, {}], plane.kind);
        // Behind all copies of the others.
        await plane.ask('web', { method: 'POST', path: '/all/last', body: 'as sent' });
        await until(() => copies.some(({ url }) => url === '/all/last'));
        return copies.filter(({ url }) => url === path).length;
      };
      await sent('/all');
      await until(() => copies.filter(({ url }) => url === '/all').length === MANY);
      const last = copies.find(({ url }) => url === '/all/last');
      assert.deepEqual([last?.method, last?.body], ['POST', 'as sent'], plane.kind);
      assert.equal(last?.headers.host, 'web', plane.kind);
      isShare(await sent('/some'), MANY, 0.25, plane.kind);
      isShare(await sent('/part'), MANY, 0.5, plane.kind);
      assert.equal(await sent('/none'), 0, plane.kind);
    }
  });

  test('of calls copies are made by proxies, and gRPC says that it makes none', async () => {
    const route = grpcRoute(
      'rpc',
      `
    - filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: rpc2 } } }]
      backendRefs: [{ name: rpc1 }]
`,
    );
    await stand.set(route);
    const copies = stand.echo('rpc2').asked;
    for (const plane of stand.planes) {
      copies.length = 0;
      const own = plane.kind === 'grpc';
      assert.equal(whither(await plane.call('rpc', { path: '/a/B' })), 'rpc1', plane.kind);
      if (!own) await until(() => copies.length === 1);
      assert.equal(copies.length, own ? 0 : 1, plane.kind);
      const fields = ['GRPCRoute/rpc: spec.rules.0.filters.0'];
      assert.deepEqual(notDone(route, plane.kind), own ? fields : []);
    }
  });
});
