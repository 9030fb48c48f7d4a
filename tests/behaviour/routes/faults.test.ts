import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serviceAt } from '../stage/services.ts';
import { notDone } from '../stage/unsupported.ts';
import { isShare } from './shares.ts';
import { Stand } from './stand.ts';
import { answers, outcomes, where, whither } from './tables.ts';
import { grpcRoute, httpRoute, policy } from './written.ts';

const fault = (name: string, spec: string, targets = '') =>
  policy('FaultPolicy', name, `${targets && `  targetRefs: [${targets}]\n`}${spec}`);
const abort = (status: number, percent = 100) =>
  `  abort: { httpStatus: ${status}, percent: ${percent} }`;
const extension = (name: string) =>
  `[{ type: ExtensionRef, extensionRef: { group: meshkeeper.io, kind: FaultPolicy, name: ${name} } }]`;

describe('failures on purpose', () => {
  const stand = new Stand();

  test('of a service: whichever way requests come to it, and to no other', async () => {
    await stand.set(
      fault('v1', abort(418), '{ name: v1 }') +
        httpRoute(
          'web',
          `
    - matches: [{ path: { value: /v1 } }]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /both } }]
      backendRefs: [{ name: v1 }, { name: v2 }]
    - backendRefs: [{ name: v2 }]`,
        ),
    );
    for (const plane of stand.proxies) {
      await answers(plane, 'v1', where, [['/', 418]]);
      await answers(plane, 'web', where, [
        ['/v1', 418],
        ['/', 'v2'],
      ]);
      const found = new Set<string | number>();
      while (found.size < 2) found.add(where(await plane.ask('web', { path: '/both' })));
      assert.deepEqual([...found].sort(), [418, 'v2'], plane.kind);
    }
  });

  test('of a route, of a rule by its name, of a rule that refers to it; the most exact counts', async () => {
    await stand.set(
      httpRoute(
        'web',
        `
    - name: named
      matches: [{ path: { value: /named } }]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /refers } }]
      filters: ${extension('refers')}
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /shared } }]
      backendRefs: [{ name: v1 }, { name: v2 }]
    - backendRefs: [{ name: v1 }]`,
      ) +
        fault('a-service', abort(501), '{ name: v1 }') +
        fault('b-route', abort(502), '{ kind: HTTPRoute, name: web }') +
        fault('c-rule', abort(503), '{ kind: HTTPRoute, name: web, sectionName: named }') +
        fault('refers', abort(504)),
    );
    for (const plane of stand.proxies) {
      await answers(plane, 'web', where, [
        ['/', 502],
        ['/named', 503],
        ['/refers', 504],
        ['/shared', 502],
        ['/shared', 502],
        ['/shared', 502],
      ]);
      await answers(plane, 'v1', where, [['/', 501]]);
    }
  });

  test('answers, late answers, both; with a status of HTTP or gRPC', async () => {
    await stand.set(
      fault('v1', '  delay: { duration: 300ms, percent: 100 }', '{ name: v1 }') +
        fault(
          'v2',
          '  delay: { duration: 200ms, percent: 100 }\n  abort: { httpStatus: 555, percent: 100 }',
          '{ name: v2 }',
        ) +
        fault('web', '  abort: { grpcStatus: 7, percent: 100 }', '{ name: web }'),
    );
    for (const plane of stand.proxies) {
      const late = await plane.ask('v1');
      assert.equal(where(late), 'v1', plane.kind);
      assert(late.took >= 290, `${plane.kind} took ${late.took}`);
      const both = await plane.ask('v2');
      assert.equal(both.status, 555, plane.kind);
      assert(both.took >= 190, `${plane.kind} took ${both.took}`);
      // What is no call is not told of it, and is not sent either.
      const { asked, status } = await plane.ask('web');
      assert.deepEqual([asked, status], [undefined, 200], plane.kind);
    }
  });

  test('a share of the requests, to parts of a percent', async () => {
    await stand.set(
      fault('v1', abort(418, 30), '{ name: v1 }') +
        fault('v2', abort(418, 0), '{ name: v2 }') +
        fault('web', abort(418, 99.9999), '{ name: web }'),
    );
    const many = 150;
    for (const plane of stand.proxies) {
      const counted = async (host: string) => {
        let failed = 0;
        const one = async () => {
          if (where(await plane.ask(host)) === 418) failed++;
        };
        for (let sent = 0; sent < many; sent += 50)
          await Promise.all(Array.from({ length: 50 }, one));
        return failed;
      };
      isShare(await counted('v1'), many, 0.3, plane.kind);
      assert.equal(await counted('v2'), 0, plane.kind);
      // That three of them are let through happens less than once in a million runs.
      assert((await counted('web')) >= many - 2, plane.kind);
    }
  });

  test('only of requests with these headers, in one service among the caller’s others', async () => {
    const policies = fault(
      'v1',
      `  headers: [{ name: x-fail, value: please }, { type: RegularExpression, name: X-User, value: "t.*" }]
${abort(418)}`,
      '{ name: v1 }',
    );
    await stand.set(policies);
    for (const plane of stand.proxies) {
      const both = { 'x-user': 'tester', 'x-fail': 'please' };
      await answers(plane, 'v1', where, [
        ['/', 'v1'],
        [{ headers: both }, 418],
        [{ headers: { ...both, 'x-user': 'else' } }, 'v1'],
        [{ headers: { 'x-user': 'tester' } }, 'v1'],
      ]);
      assert.deepEqual(notDone(policies, plane.kind), []);
    }
  });

  test('slow bodies, and no more failures at once than are wanted', async () => {
    const policies =
      fault('v1', '  responseRate: { kibibytesPerSecond: 4, percent: 100 }', '{ name: v1 }') +
      fault('v2', '  delay: { duration: 500ms, percent: 100 }\n  maxActive: 1', '{ name: v2 }') +
      fault('web', `${abort(418)}\n  maxActive: 0`, '{ name: web }');
    await stand.set(policies);
    for (const plane of stand.proxies) {
      const { kind } = plane;
      // An echo of 1.5 KiB and more takes three eighths of a second, less what the first moment holds.
      const slow = await plane.ask('v1', { headers: { 'x-long': 'x'.repeat(1536) } });
      assert.equal(where(slow), 'v1', kind);
      assert(slow.took >= 200, `${kind} took ${slow.took}`);
      stand.echo('v2').asked.length = 0;
      const first = plane.ask('v2', { path: '/first' });
      const second = plane.ask('v2', { path: '/second' });
      // One of them goes through while the other is held up.
      const took = (await Promise.all([first, second])).map((answer) => answer.took);
      assert(Math.max(...took) >= 490, `${kind} took ${took}`);
      const [early, late] = stand.echo('v2').asked;
      assert.notEqual(early?.url, late?.url);
      assert(Math.min(...took) < Math.max(...took) - 200, `${kind} took ${took}`);
      assert.equal(where(await plane.ask('web')), 'web', kind);
      assert.deepEqual(notDone(policies, kind), []);
    }
    assert.deepEqual(notDone(policies, 'grpc'), ['FaultPolicy/v1: spec.responseRate']);
  });

  test('of calls, on every data plane', async () => {
    const policies =
      fault('rpc1', '  abort: { grpcStatus: 9, percent: 100 }', '{ name: rpc1 }') +
      fault('rpc2', '  delay: { duration: 300ms, percent: 100 }', '{ name: rpc2 }') +
      fault('rule', '  abort: { httpStatus: 429, percent: 100 }') +
      fault(
        'headers',
        '  headers: [{ name: x-fail, value: "1" }]\n  abort: { grpcStatus: 5, percent: 100 }',
      ) +
      grpcRoute(
        'rpc',
        `
    - matches: [{ method: { service: one } }]
      backendRefs: [{ name: rpc1 }]
    - matches: [{ method: { service: two } }]
      backendRefs: [{ name: rpc2 }]
    - matches: [{ method: { service: rule } }]
      filters: ${extension('rule')}
      backendRefs: [{ name: rpc }]
    - matches: [{ method: { service: header } }]
      filters: ${extension('headers')}
      backendRefs: [{ name: rpc }]
    - backendRefs: [{ name: rpc }]`,
      );
    await stand.set(policies);
    for (const plane of stand.planes) {
      const own = plane.kind === 'grpc';
      await outcomes(plane, 'rpc', whither, [
        ['/one/Get', 'FAILED_PRECONDITION'],
        ['/rule/Get', 'UNAVAILABLE'],
        ['/header/Get', 'rpc'],
        [
          { path: '/header/Get', headers: { 'x-fail': '1' } },
          // It can not tell them by headers, and lets them be.
          own ? 'rpc' : 'NOT_FOUND',
        ],
        ['/else/Get', 'rpc'],
      ]);
      await outcomes(plane, 'rpc1', whither, [['/a/B', 'FAILED_PRECONDITION']]);
      const late = await plane.call('rpc', { path: '/two/Get' });
      assert.equal(whither(late), 'rpc2', plane.kind);
      assert(late.took >= 290, `${plane.kind} took ${late.took}`);
      assert.deepEqual(
        notDone(policies, plane.kind),
        own ? ['FaultPolicy/headers: spec.headers'] : [],
      );
    }
  });

  test('of many services by a pattern, the most exact of which counts', async () => {
    await stand.set(
      fault('all', abort(501), '{ name: "v*" }') + fault('one', abort(502), '{ name: v2 }'),
      serviceAt('vx', []),
    );
    for (const plane of stand.proxies) {
      await answers(plane, 'v1', where, [['/', 501]]);
      await answers(plane, 'v2', where, [['/', 502]]);
      await answers(plane, 'vx', where, [['/', 501]]);
      await answers(plane, 'web', where, [['/', 'web']]);
    }
  });
});
