import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { effective, type Service, type Stated, type TrafficPolicy } from '@meshkeeper/mesh';
import { compilePolicies } from '@meshkeeper/policy';
import { freePort } from '@meshkeeper/testbed';
import { policiesOf } from '../stage/mesh.ts';
import { serviceAt } from '../stage/services.ts';
import { isShare } from './shares.ts';
import { type Plane, Stand } from './stand.ts';
import { where, whither } from './tables.ts';
import { httpRoute, policy } from './written.ts';

/** As a registry says it. */
function stated<T>(value: T): Stated<T> {
  return { value, origin: { source: 'dubbo', path: '/dubbo/config' } };
}

const ofService = (name: string, spec: string) =>
  policy('ServicePolicy', name, `  targetRefs: [{ name: ${name} }]\n${spec}`);

let keys = 0;
/** A failure of the next `times` requests that carry it. */
const fails = (times: number, status: number) => ({ 'x-fail': `k${keys++} ${times} ${status}` });
const HANG = { 'x-hang': '1' };

/** Does it on all of them at once: most of it is waiting. */
async function each(
  planes: readonly Plane[],
  body: (plane: Plane) => Promise<unknown>,
): Promise<void> {
  await Promise.all(planes.map(body));
}

describe('what registries state', () => {
  const stand = new Stand();
  /** A service at the endpoint of an echo, of which a registry states something. */
  const stating = (name: string, said: TrafficPolicy): Service => {
    const protocol = name.startsWith('rpc') ? 'grpc' : 'http';
    return serviceAt(name, [stand.echo(name).port], protocol, { policy: said });
  };
  const late = async (plane: Plane, host: string, least: number) => {
    const { status, took } = await plane.ask(host, { headers: HANG });
    assert.equal(status, 504, plane.kind);
    assert(took >= least, `${plane.kind} took ${took}, and not ${least}`);
    return took;
  };

  test('how long a request, or a try, may take; an operator goes before it, a rule before both', async () => {
    const v1 = stating('v1', { timeout: stated(250) });
    const v2 = stating('v2', {
      perTryTimeout: stated(200),
      retries: stated(1),
      timeout: stated(0),
    });
    await stand.set('', v1, v2);
    await each(stand.proxies, async (plane) => {
      await late(plane, 'v1', 240);
      await late(plane, 'v2', 190);
      assert.equal(where(await plane.ask('v1')), 'v1');
    });
    const operator = ofService('v1', '  timeouts: { request: 600ms }');
    await stand.set(operator, v1);
    await each(stand.proxies, (plane) => late(plane, 'v1', 590));
    await stand.set(
      operator +
        httpRoute('web', '    - timeouts: { request: 900ms }\n      backendRefs: [{ name: v1 }]'),
      v1,
    );
    await each(stand.proxies, (plane) => late(plane, 'web', 890));
  });

  test('how often a request is tried: at another endpoint where one can’t be reached', async () => {
    const dead = await freePort();
    // Each time another service: an endpoint that can't be reached is soon left aside.
    const half = (name: string, retries: number) =>
      serviceAt(name, [stand.echo('v1').port, dead], 'http', {
        policy: { retries: stated(retries), loadBalancing: stated('round-robin') },
      });
    const asked = async (plane: Plane, name: string) => {
      const found = new Set<string | number>();
      for (let i = 0; i < 6; i++) found.add(where(await plane.ask(name, { method: 'POST' })));
      return [...found].sort();
    };
    await stand.set(
      ofService('more', '  retries: { attempts: 1, on: [connect-failure] }') +
        ofService('none', '  retries: { attempts: 0 }'),
      half('two', 2),
      half('zero', 0),
      half('more', 0),
      half('none', 2),
    );
    for (const plane of stand.proxies) {
      assert.deepEqual(await asked(plane, 'two'), ['v1'], plane.kind);
      assert.deepEqual(await asked(plane, 'zero'), [503, 'v1'], plane.kind);
      assert.deepEqual(await asked(plane, 'more'), ['v1'], plane.kind);
      assert.deepEqual(await asked(plane, 'none'), [503, 'v1'], plane.kind);
    }
  });

  test('of calls: of the service, and of its methods; an operator goes before both', async () => {
    const rpc = stating('rpc1', {
      timeout: stated(250),
      retries: stated(0),
      methods: [
        { method: 'Slow', timeout: stated(500) },
        { method: 'Again', retries: stated(2), timeout: stated(0) },
      ],
    });
    await stand.set('', rpc);
    await each(stand.planes, async (plane) => {
      const { kind } = plane;
      const call = (method: string, headers: Record<string, string>) =>
        plane.call('rpc1', { path: `/shop.Orders/${method}`, headers });
      const [other, slow] = await Promise.all([call('Get', HANG), call('Slow', HANG)]);
      assert.deepEqual([other.code, slow.code], ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'], kind);
      assert(other.took >= 240, `${kind} took ${other.took}`);
      assert(slow.took >= 490, `${kind} took ${slow.took}`);
      assert.equal((await call('Again', fails(2, 14))).code, 'OK', kind);
      assert.equal((await call('Again', fails(3, 14))).code, 'UNAVAILABLE', kind);
      assert.equal((await call('Get', fails(1, 14))).code, 'UNAVAILABLE', kind);
    });
    await stand.set(
      ofService('rpc1', '  timeouts: { request: 700ms }\n  retries: { attempts: 1 }'),
      rpc,
    );
    await each(stand.planes, async (plane) => {
      const { kind } = plane;
      const call = (method: string, headers: Record<string, string>) =>
        plane.call('rpc1', { path: `/shop.Orders/${method}`, headers });
      for (const { code, took } of await Promise.all([call('Get', HANG), call('Slow', HANG)])) {
        assert.equal(code, 'DEADLINE_EXCEEDED', kind);
        assert(took >= 690, `${kind} took ${took}`);
      }
      assert.equal((await call('Again', fails(2, 14))).code, 'UNAVAILABLE', kind);
      assert.equal((await call('Get', fails(1, 14))).code, 'OK', kind);
    });
  });

  test('how endpoints take turns, by weight; an operator goes before it', async () => {
    const ports = [stand.echo('rpc1').port, stand.echo('rpc2').port];
    const two = (loadBalancing: TrafficPolicy['loadBalancing']) => {
      const service = serviceAt(
        'two',
        ports,
        'grpc',
        loadBalancing && { policy: { loadBalancing } },
      );
      const weights = [100, 300];
      const endpoints = service.endpoints.map((each, i) => ({ ...each, weight: weights[i]! }));
      return { ...service, endpoints };
    };
    const hasShare = (plane: Plane, count: number, share: number) => {
      // Its own clients draw by weight, proxies take turns.
      if (plane.kind === 'grpc') isShare(count, 40, share, plane.kind);
      else assert(Math.abs(count - 40 * share) <= 2, `${plane.kind}: ${count} of 40, not ${share}`);
    };
    const counted = async (plane: Plane) => {
      const counts: Record<string, number> = {};
      for (let i = 0; i < 40; i++) {
        const at = whither(await plane.call('two'));
        counts[at] = (counts[at] ?? 0) + 1;
      }
      return counts;
    };
    await stand.set('', two(stated('round-robin')));
    for (const plane of stand.planes) {
      const { rpc1 = 0, rpc2 = 0, ...others } = await counted(plane);
      assert.deepEqual([rpc1 + rpc2, others], [40, {}], plane.kind);
      hasShare(plane, rpc1, 0.25);
    }
    await stand.set(
      ofService('two', '  loadBalancing: { type: round-robin }'),
      two(stated('random')),
    );
    for (const plane of stand.planes) {
      const { rpc1 = 0 } = await counted(plane);
      hasShare(plane, rpc1, 0.5);
    }
  });

  test('what no data plane does of it is said', () => {
    const said: TrafficPolicy = {
      loadBalancing: stated('ring-hash'),
      timeout: stated(100),
      methods: [{ method: 'Get', loadBalancing: stated('random') }],
      callers: [{ match: [], timeout: stated(5) }],
    };
    const told = (written: string, protocol: Service['protocol']) =>
      effective(
        { name: 'v1', protocol, policy: said },
        compilePolicies(policiesOf(written)),
      ).notApplied.map(({ what, reason }) => {
        assert.notEqual(reason, '');
        return what;
      });
    const always = ['loadBalancing random of method Get', 'timeout 5 of some callers'];
    assert.deepEqual(told('', 'http'), ['loadBalancing ring-hash', ...always]);
    assert.deepEqual(told('', 'dubbo'), ['loadBalancing ring-hash', 'timeout 100', ...always]);
    assert.deepEqual(told(ofService('v1', '  loadBalancing: { type: random }'), 'http'), always);
    assert.deepEqual(told(ofService('v1', '  protocol: grpc'), 'dubbo'), [
      'loadBalancing ring-hash',
      ...always,
    ]);
  });
});
