import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { describe, test } from 'node:test';
import type { Question } from '../stage/ask.ts';
import { notDone } from '../stage/unsupported.ts';
import { type Plane, Stand } from './stand.ts';
import { where, whither } from './tables.ts';
import { grpcRoute, httpRoute, policy } from './written.ts';

const limit = (name: string, local: string, targets = '', more = '') =>
  policy(
    'RateLimitPolicy',
    name,
    `${targets && `  targetRefs: [${targets}]\n`}  local: { limits: [${local}] }\n${more}`,
  );
/** So slow that nothing is refilled while a test runs. */
const tokens = (requests: number, match = '') =>
  `{ requests: ${requests}, per: 1h${match && `, match: { ${match} }`} }`;
const extension = (...names: string[]) =>
  `[${names
    .map(
      (name) =>
        `{ type: ExtensionRef, extensionRef: { group: meshkeeper.io, kind: RateLimitPolicy, name: ${name} } }`,
    )
    .join()}]`;
const V1 = '{ name: v1 }';
const REFUSED = 429;

/** What becomes of requests, one after the other. */
async function inTurn(plane: Plane, host: string, ...questions: readonly (Question | string)[]) {
  const found: (string | number)[] = [];
  for (const question of questions) {
    const asked = typeof question === 'string' ? { path: question } : question;
    found.push(where(await plane.ask(host, asked)));
  }
  return found;
}

describe('limits of requests', () => {
  const stand = new Stand();

  test('of a service: all of its requests together, whatever they are, and no other’s', async () => {
    const policies = limit('v1', tokens(3), V1);
    await stand.set(policies);
    for (const plane of stand.proxies) {
      const found = await inTurn(
        plane,
        'v1',
        '/a',
        { method: 'POST', path: '/b' },
        { headers: { accept: 'text/event-stream' } },
        '/a',
        { method: 'PUT' },
        { headers: { accept: 'text/event-stream' } },
      );
      assert.deepEqual(found, ['v1', 'v1', 'v1', REFUSED, REFUSED, REFUSED], plane.kind);
      assert.deepEqual(await inTurn(plane, 'v2', '/', '/'), ['v2', 'v2'], plane.kind);
      assert.deepEqual(notDone(policies, plane.kind), []);
    }
    assert.deepEqual(notDone(policies, 'grpc'), ['RateLimitPolicy/v1: spec']);
  });

  test('each limit counts what fits it; one that refuses is enough', async () => {
    await stand.set(
      limit(
        'v1',
        [
          tokens(1, 'pathPrefix: /a'),
          tokens(2, 'method: POST'),
          tokens(1, 'headers: [{ name: x-user, value: one }]'),
          tokens(
            1,
            'pathPrefix: /b, method: PUT, headers: [{ type: RegularExpression, name: x-user, value: "t.*" }]',
          ),
          tokens(9),
        ].join(),
        V1,
      ),
    );
    const one = { headers: { 'x-user': 'one' } };
    const put = { method: 'PUT', path: '/b', headers: { 'x-user': 'two' } };
    for (const plane of stand.proxies) {
      assert.deepEqual(
        await inTurn(plane, 'v1', '/a', '/a/b', '/a?c', '/ab'),
        ['v1', REFUSED, REFUSED, 'v1'],
        plane.kind,
      );
      const post = { method: 'POST' };
      assert.deepEqual(
        await inTurn(plane, 'v1', post, post, post),
        ['v1', 'v1', REFUSED],
        plane.kind,
      );
      assert.deepEqual(await inTurn(plane, 'v1', one, one), ['v1', REFUSED], plane.kind);
      assert.deepEqual(
        await inTurn(plane, 'v1', put, put, { ...put, path: '/c' }),
        ['v1', REFUSED, 'v1'],
        plane.kind,
      );
      // What was let through was counted by the last of them: seven are.
      const rest = await inTurn(plane, 'v1', '/', '/', '/', '/');
      assert(rest.includes('v1') && rest.at(-1) === REFUSED, `${plane.kind} ${rest}`);
    }
  });

  test('so many at once after a pause, more or fewer than in the time', async () => {
    await stand.set(
      limit('v1', '{ requests: 1, per: 1h, burst: 3 }', V1) +
        limit('v2', '{ requests: 3600, per: 10h, burst: 2 }', '{ name: v2 }'),
    );
    for (const plane of stand.proxies) {
      assert.deepEqual(
        await inTurn(plane, 'v1', '/', '/', '/', '/'),
        ['v1', 'v1', 'v1', REFUSED],
        plane.kind,
      );
      assert.deepEqual(await inTurn(plane, 'v2', '/', '/', '/'), ['v2', 'v2', REFUSED], plane.kind);
    }
  });

  test('what is let in again in time', async () => {
    await stand.set(limit('v1', '{ requests: 2, per: 400ms }', V1));
    for (const plane of stand.proxies) {
      const begin = performance.now();
      let passed = 0;
      while (passed < 5) if (where(await plane.ask('v1')) === 'v1') passed++;
      // Two at once, three more as the time goes.
      const took = performance.now() - begin;
      assert(took >= 550, `${plane.kind} took ${took}`);
    }
  });

  test('each connection has its own', async () => {
    await stand.set(
      limit('v1', tokens(2), V1).replace('local: {', 'local: { perConnection: true,'),
    );
    for (const plane of stand.proxies) {
      const { host, port } = plane.port.gateway!;
      for (const _ of ['one', 'two']) {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        const found: (string | number)[] = [];
        for (let i = 0; i < 4; i++)
          found.push(where(await plane.enter(port, 'v1', {}, { agent, address: host })));
        agent.destroy();
        assert.deepEqual(found, ['v1', 'v1', REFUSED, REFUSED], plane.kind);
      }
    }
  });

  test('that only count, and what is answered to who is refused', async () => {
    await stand.set(
      limit('v1', tokens(1), V1, '  shadow: true') +
        limit(
          'v2',
          tokens(1),
          '{ name: v2 }',
          '  response: { status: 503, headers: [{ name: x-why, value: "100 % full" }, { name: retry-after, value: "3600" }] }',
        ),
    );
    for (const plane of stand.proxies) {
      assert.deepEqual(await inTurn(plane, 'v1', '/', '/', '/'), ['v1', 'v1', 'v1'], plane.kind);
      assert.deepEqual(await inTurn(plane, 'v2', '/'), ['v2'], plane.kind);
      const { status, headers } = await plane.ask('v2');
      const { 'x-why': why, 'retry-after': again } = headers;
      assert.deepEqual([status, why, again], [503, '100 % full', '3600'], plane.kind);
    }
  });

  test('of a route, a rule by its name, or a rule that refers to it; shared by all that it is for', async () => {
    await stand.set(
      httpRoute(
        'web',
        `
    - name: named
      matches: [{ path: { value: /named } }, { path: { type: Exact, value: /too } }]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /refers } }]
      filters: ${extension('refers', 'second')}
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /one } }]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /two } }]
      backendRefs: [{ name: v2 }]`,
      ) +
        limit('route', tokens(2), '{ kind: HTTPRoute, name: web }') +
        limit('rule', tokens(3), '{ kind: HTTPRoute, name: web, sectionName: named }') +
        limit('refers', tokens(2)) +
        limit('second', tokens(1, 'method: POST')),
    );
    for (const plane of stand.proxies) {
      assert.deepEqual(
        await inTurn(plane, 'web', '/one', '/two', '/one', '/two'),
        ['v1', 'v2', REFUSED, REFUSED],
        plane.kind,
      );
      assert.deepEqual(
        await inTurn(plane, 'web', '/named', '/too', '/named/x', '/named', '/too'),
        ['v1', 'v1', 'v1', REFUSED, REFUSED],
        plane.kind,
      );
      const post = { method: 'POST', path: '/refers' };
      assert.deepEqual(
        await inTurn(plane, 'web', post, post, '/refers'),
        ['v1', REFUSED, REFUSED],
        plane.kind,
      );
      assert.deepEqual(await inTurn(plane, 'v1', '/', '/', '/', '/'), Array(4).fill('v1'));
    }
  });

  test('of a service, over the rules of a route that lead to it, besides those of the rules', async () => {
    await stand.set(
      httpRoute(
        'web',
        `
    - name: own
      matches: [{ path: { value: /own } }]
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /two } }]
      backendRefs: [{ name: v1 }, { name: v1, weight: 0 }]
    - backendRefs: [{ name: v2 }]`,
      ) +
        limit('rule', tokens(1), '{ kind: HTTPRoute, name: web, sectionName: own }') +
        limit('v1', tokens(3), V1),
    );
    for (const plane of stand.proxies) {
      // Whoever is refused by the rule was not counted by the service.
      const all = await inTurn(plane, 'web', '/own', '/own', '/two', '/two', '/two', '/', '/');
      const expected = ['v1', REFUSED, 'v1', 'v1', REFUSED, 'v2', 'v2'];
      assert.deepEqual(all, expected, plane.kind);
    }
  });

  test('more policies than a host can hold: it is said which are left out', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    await stand.set(
      httpRoute(
        'web',
        names
          .map(
            (name) => `
    - matches: [{ path: { value: /${name} } }]
      filters: ${extension(name)}
      backendRefs: [{ name: v1 }]`,
          )
          .join(''),
      ) + names.map((name) => limit(name, tokens(1))).join(''),
    );
    const { problems } = stand.mesh.server;
    assert.deepEqual(
      problems.map(({ service, code, message }) => [
        service,
        code,
        /RateLimitPolicy\/(\w)/.exec(message)?.[1],
      ]),
      [['web', 'too-many-limits', 'e']],
    );
    for (const plane of stand.proxies)
      for (const name of names) {
        const second = name === 'e' ? 'v1' : REFUSED;
        assert.deepEqual(
          await inTurn(plane, 'web', `/${name}`, `/${name}`),
          ['v1', second],
          plane.kind,
        );
      }
  });

  test('of calls: proxies refuse them as RESOURCE_EXHAUSTED; gRPC says that it counts none', async () => {
    const policies =
      grpcRoute(
        'rpc',
        `
    - filters: ${extension('calls')}
      backendRefs: [{ name: rpc1 }]`,
      ) + limit('calls', tokens(1));
    await stand.set(policies);
    for (const plane of stand.planes) {
      const own = plane.kind === 'grpc';
      assert.equal(whither(await plane.call('rpc')), 'rpc1', plane.kind);
      const second = whither(await plane.call('rpc'));
      assert.equal(second, own ? 'rpc1' : 'RESOURCE_EXHAUSTED', plane.kind);
      assert.deepEqual(notDone(policies, plane.kind), own ? ['RateLimitPolicy/calls: spec'] : []);
    }
  });

  test('that a service counts for all are enforced by nobody, and it is said', async () => {
    const policies = policy(
      'RateLimitPolicy',
      'global',
      `  targetRefs: [${V1}]
  global: { service: { name: limits }, domain: shop, descriptors: [[{ from: caller }]] }`,
    );
    await stand.set(policies);
    for (const plane of stand.proxies) {
      assert.deepEqual(await inTurn(plane, 'v1', '/', '/'), ['v1', 'v1'], plane.kind);
      assert.deepEqual(notDone(policies, plane.kind), ['RateLimitPolicy/global: spec.global']);
    }
    assert.deepEqual(notDone(policies, 'grpc'), ['RateLimitPolicy/global: spec']);
  });
});
