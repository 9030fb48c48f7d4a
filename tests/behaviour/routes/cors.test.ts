import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer, Question } from '../stage/ask.ts';
import { notDone } from '../stage/unsupported.ts';
import { Stand } from './stand.ts';
import { httpRoute } from './written.ts';

const ROUTE = httpRoute(
  'web',
  `
    - matches: [{ path: { value: /shop } }]
      filters:
        - type: CORS
          cors:
            allowOrigins: ["https://shop.example", "https://*.trusted.example", "http://local.example:8080"]
            allowCredentials: true
            allowMethods: [GET, PUT]
            allowHeaders: [x-one, x-two]
            exposeHeaders: [x-kept, x-from]
            maxAge: 60
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /any } }]
      filters: [{ type: CORS, cors: { allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"] } }]
      backendRefs: [{ name: v1 }]
    - backendRefs: [{ name: v2 }]`,
);

const preflight = (path: string, origin: string, method = 'GET'): Question => ({
  method: 'OPTIONS',
  path,
  headers: { origin, 'access-control-request-method': method },
});

/** What is said of cross-origin requests. */
function said({ headers }: Answer): Record<string, string | undefined> {
  const prefix = 'access-control-';
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

describe('cross-origin requests', () => {
  const stand = new Stand();

  test('what browsers ask before is answered without the service', async () => {
    await stand.set(ROUTE);
    const allowed = {
      'allow-credentials': 'true',
      'allow-methods': 'GET,PUT',
      'allow-headers': 'x-one,x-two',
      'expose-headers': 'x-kept,x-from',
      'max-age': '60',
    };
    for (const plane of stand.proxies) {
      for (const origin of [
        'https://shop.example',
        'https://a.trusted.example',
        'https://a.b.trusted.example',
        'http://local.example:8080',
      ]) {
        const answer = await plane.ask('web', preflight('/shop/x', origin, 'PUT'));
        assert.equal(answer.asked, undefined, plane.kind);
        assert.equal(answer.status, 200, plane.kind);
        assert.deepEqual(said(answer), { ...allowed, 'allow-origin': origin }, plane.kind);
      }
      for (const origin of [
        'http://shop.example',
        'https://shop.example.org',
        'https://trusted.example',
        'https://x-trusted.example',
        'https://a.trusted.example:81',
        'http://local.example',
      ]) {
        const answer = await plane.ask('web', preflight('/shop', origin));
        assert.equal(said(answer)['allow-origin'], undefined, `${plane.kind} ${origin}`);
      }
      const asking = preflight('/any', 'https://who.example', 'DELETE');
      const headers = { ...asking.headers, 'access-control-request-headers': 'x-some' };
      const any = await plane.ask('web', { ...asking, headers });
      assert.equal(any.asked, undefined, plane.kind);
      // Who is asked for anything says what was asked for.
      const expected = {
        'allow-origin': 'https://who.example',
        'allow-methods': 'DELETE',
        'allow-headers': 'x-some',
        'max-age': '5',
      };
      assert.deepEqual(said(any), expected, plane.kind);
      const bare = said(await plane.ask('web', asking));
      // Who asks for none is told of none, or of an empty list of them.
      assert.deepEqual({ 'allow-headers': '', ...bare }, { ...expected, 'allow-headers': '' });
    }
  });

  test('what they then ask goes to the service, whose answer says who may see it', async () => {
    for (const plane of stand.proxies) {
      const ask = (path: string, origin: string) => plane.ask('web', { path, headers: { origin } });
      const good = await ask('/shop', 'https://shop.example');
      assert.equal(good.asked?.at, 'v1', plane.kind);
      assert.deepEqual(
        said(good),
        {
          'allow-origin': 'https://shop.example',
          'allow-credentials': 'true',
          'expose-headers': 'x-kept,x-from',
        },
        plane.kind,
      );
      const bad = await ask('/shop', 'https://other.example');
      assert.equal(bad.asked?.at, 'v1', plane.kind);
      assert.deepEqual(said(bad), {}, plane.kind);
      assert.deepEqual(said(await plane.ask('web', { path: '/shop' })), {}, plane.kind);
      const unsaid = await ask('/else', 'https://shop.example');
      assert.deepEqual([unsaid.asked?.at, said(unsaid)], ['v2', {}], plane.kind);
    }
  });

  test('OPTIONS that ask for nothing of the kind go to the service', async () => {
    for (const plane of stand.proxies) {
      const plain = await plane.ask('web', { method: 'OPTIONS', path: '/shop' });
      assert.equal(plain.asked?.method, 'OPTIONS', plane.kind);
      const unsaid = await plane.ask('web', preflight('/else', 'https://shop.example'));
      assert.equal(unsaid.asked?.at, 'v2', plane.kind);
    }
  });

  test('gRPC says that it has none, the others have', () => {
    const route = ROUTE.replaceAll('web', 'rpc');
    const fields = ['0', '1'].map((index) => `HTTPRoute/rpc: spec.rules.${index}.filters.0`);
    for (const plane of stand.planes)
      assert.deepEqual(notDone(route, plane.kind), plane.kind === 'grpc' ? fields : []);
  });
});
