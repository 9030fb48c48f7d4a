import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { notDone } from '../stage/unsupported.ts';
import { Stand } from './stand.ts';
import { answers, where } from './tables.ts';
import { httpRoute, policy } from './written.ts';

let keys = 0;
/** A failure of the next `times` requests that carry it. */
const fails = (times: number, status: number) => ({ 'x-fail': `k${keys++} ${times} ${status}` });

describe('how long rules let requests take, and how often they try', () => {
  const stand = new Stand();
  /** How often an echo was asked a path. */
  const asked = (echo: string, path: string) =>
    stand.echo(echo).asked.filter(({ url }) => url === path).length;

  test('a request with all of its tries, and each of them', async () => {
    await stand.set(
      httpRoute(
        'web',
        `
    - matches: [{ path: { value: /all } }]
      timeouts: { request: 300ms }
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /each } }]
      timeouts: { backendRequest: 200ms }
      retry: { attempts: 2, backoff: 10ms }
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /both } }]
      timeouts: { request: 250ms, backendRequest: 100ms }
      retry: { attempts: 10, codes: [503, 504], backoff: 10ms }
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /none } }]
      timeouts: { request: 0s }
      backendRefs: [{ name: v1 }]
`,
      ),
    );
    for (const plane of stand.proxies) {
      stand.echo('v1').asked.length = 0;
      const hang = (path: string) => plane.ask('web', { path, headers: { 'x-hang': '1' } });
      const all = await hang('/all');
      assert.equal(all.status, 504, plane.kind);
      assert(all.took >= 290, `${plane.kind} took ${all.took}`);
      assert.equal(asked('v1', '/all'), 1, plane.kind);
      const each = await hang('/each');
      assert.equal(each.status, 504, plane.kind);
      assert(each.took >= 590, `${plane.kind} took ${each.took}`);
      assert.equal(asked('v1', '/each'), 3, plane.kind);
      const both = await hang('/both');
      assert.equal(both.status, 504, plane.kind);
      assert(both.took >= 240, `${plane.kind} took ${both.took}`);
      assert(asked('v1', '/both') >= 2, `${plane.kind} tried ${asked('v1', '/both')} times`);
      await answers(plane, 'web', where, [['/none', 'v1']]);
    }
  });

  test('by status, so often, and by nothing else', async () => {
    await stand.set(
      httpRoute(
        'web',
        `
    - matches: [{ path: { value: /codes } }]
      retry: { attempts: 2, codes: [503, 429], backoff: 5ms }
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /connect } }]
      retry: { attempts: 2, backoff: 5ms }
      backendRefs: [{ name: v1 }]
    - backendRefs: [{ name: v1 }]
`,
      ),
    );
    for (const plane of stand.proxies) {
      stand.echo('v1').asked.length = 0;
      const status = async (path: string, times: number, code: number) =>
        (await plane.ask('web', { method: 'POST', path, headers: fails(times, code) })).status;
      assert.equal(await status('/codes/2', 2, 503), 200, plane.kind);
      assert.equal(asked('v1', '/codes/2'), 3, plane.kind);
      assert.equal(await status('/codes/3', 3, 503), 503, plane.kind);
      assert.equal(asked('v1', '/codes/3'), 3, plane.kind);
      assert.equal(await status('/codes/429', 1, 429), 200, plane.kind);
      assert.equal(await status('/codes/500', 1, 500), 500, plane.kind);
      assert.equal(asked('v1', '/codes/500'), 1, plane.kind);
      assert.equal(await status('/connect', 1, 503), 503, plane.kind);
      assert.equal(asked('v1', '/connect'), 1, plane.kind);
      assert.equal(await status('/rest', 1, 503), 503, plane.kind);
      assert.equal(asked('v1', '/rest'), 1, plane.kind);
    }
  });

  test('what a rule leaves unsaid is as the policy of the service that is asked says', async () => {
    await stand.set(
      httpRoute(
        'web',
        `
    - matches: [{ path: { value: /attempts } }]
      retry: { attempts: 1 }
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /codes } }]
      retry: { codes: [501] }
      backendRefs: [{ name: v1 }]
    - matches: [{ path: { value: /time } }]
      timeouts: { request: 10s }
      backendRefs: [{ name: v1 }]
    - backendRefs: [{ name: v1 }]
`,
      ) +
        policy(
          'ServicePolicy',
          'v1',
          `
  targetRefs: [{ name: v1 }]
  timeouts: { request: 400ms }
  retries: { attempts: 3, codes: [502], on: [connect-failure], backoff: { base: 5ms, max: 10ms } }`,
        ),
    );
    for (const plane of stand.proxies) {
      stand.echo('v1').asked.length = 0;
      const status = async (path: string, times: number, code: number) =>
        (await plane.ask('web', { path, headers: fails(times, code) })).status;
      assert.equal(await status('/rest', 3, 502), 200, plane.kind);
      assert.equal(await status('/attempts', 2, 502), 502, plane.kind);
      assert.equal(asked('v1', '/attempts'), 2, plane.kind);
      assert.equal(await status('/codes', 3, 501), 200, plane.kind);
      assert.equal(await status('/codes/other', 1, 502), 502, plane.kind);
      const { status: late, took } = await plane.ask('web', { headers: { 'x-hang': '1' } });
      assert.equal(late, 504, plane.kind);
      assert(took >= 390, `${plane.kind} took ${took}`);
    }
  });

  test('of calls: gRPC bounds the whole call and tries it again, and says what it does not', async () => {
    const route = httpRoute(
      'rpc',
      `
    - matches: [{ path: { value: /time } }]
      timeouts: { request: 300ms }
      backendRefs: [{ name: rpc1 }]
    - matches: [{ path: { value: /again } }]
      retry: { attempts: 2, backoff: 5ms }
      backendRefs: [{ name: rpc1 }]
    - matches: [{ path: { value: /each } }]
      timeouts: { backendRequest: 300ms }
      retry: { codes: [503], attempts: 1 }
      backendRefs: [{ name: rpc1 }]
`,
      'rpc',
    );
    await stand.set(route);
    for (const plane of stand.planes) {
      const { kind } = plane;
      stand.echo('rpc1').asked.length = 0;
      const late = await plane.call('rpc', { path: '/time/Get', headers: { 'x-hang': '1' } });
      assert(late.took >= 290, `${kind} took ${late.took}`);
      assert.equal(late.code, 'DEADLINE_EXCEEDED', kind);
      const again = (path: string, times: number, status: number) =>
        plane.call('rpc', { path, headers: fails(times, status) });
      assert.equal((await again('/again/Two', 2, 14)).code, 'OK', kind);
      assert.equal(asked('rpc1', '/again/Two'), 3, kind);
      assert.equal((await again('/again/Three', 3, 14)).code, 'UNAVAILABLE', kind);
      assert.equal(asked('rpc1', '/again/Three'), 3, kind);
      assert.equal((await again('/again/Other', 1, 5)).code, 'NOT_FOUND', kind);
      assert.equal(asked('rpc1', '/again/Other'), 1, kind);
      const fields = ['timeouts.backendRequest', 'retry.codes'];
      const paths = fields.map((field) => `HTTPRoute/rpc: spec.rules.2.${field}`);
      assert.deepEqual(notDone(route, kind), kind === 'grpc' ? paths : []);
    }
  });
});
