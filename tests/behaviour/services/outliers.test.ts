import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { type Plane, Stand } from '../routes/stand.ts';
import { notDone } from '../stage/unsupported.ts';
import { Fleet } from './fleet.ts';
import { prove } from './proof.ts';
import { reach, send, sendAll, sendTogether, tally } from './sending.ts';
import { field, servicePolicy } from './written.ts';

const OUTLIERS = field('outlierDetection');
/** Nobody comes back while a test looks. */
const LONG = 'interval: 100ms, baseEjectionTime: 1m';

/**
 * So many requests failed before the endpoint was out. Envoy decides in one thread and ejects in another:
 * in between it sends one more, or some.
 */
function failed(plane: Plane, count: number | undefined, expected: number): void {
  const told = `${plane.kind}: ${count} failed, not ${expected}`;
  if (plane.kind !== 'envoy') assert.equal(count, expected, told);
  else assert(count !== undefined && count >= expected && count <= expected + 3, told);
}

describe('who fails is left aside', () => {
  const stand = new Stand();
  const calls = new Fleet('grpc', 4);
  const web = new Fleet('http', 3);
  const three = (at: number) => (at < 3 ? {} : undefined);
  const [bad, worse] = web.instances;

  test('so many responses of 5xx in a row', async () => {
    const policies = servicePolicy(
      'row',
      `outlierDetection: { consecutive5xx: 4, maxEjectionPercent: 50, ${LONG} }`,
    );
    const service = calls.service('row', three);
    await stand.set(policies, service);
    const [failing] = calls.instances;
    await prove(stand.planes, policies, OUTLIERS, async (plane) => {
      failing!.answer = () => ({});
      await reach(plane, service, calls.names.slice(0, 3));
      failing!.answer = () => ({ status: 13 });
      const counts = tally(await sendAll(plane, service, 36));
      failed(plane, counts.INTERNAL, 4);
    });
  });

  test('0 is never, and what is no 5xx does not count', async () => {
    const never = 'outlierDetection: { consecutive5xx: 0, maxEjectionPercent: 100';
    const policies = servicePolicy('never', `${never}, ${LONG} }`);
    const service = web.service('never');
    await stand.set(policies, service);
    bad!.answer = () => ({ status: 500 });
    worse!.answer = () => ({ status: 429 });
    for (const plane of stand.proxies) {
      const counts = tally(await sendAll(plane, service, 30));
      assert.deepEqual(counts, { 500: 10, 429: 10, http2: 10 }, plane.kind);
    }
  });

  test('so many of 502, 503 or 504 in a row', async () => {
    const policies = servicePolicy(
      'gateways',
      `outlierDetection: { consecutive5xx: 0, consecutiveGatewayErrors: 3, maxEjectionPercent: 100, ${LONG} }`,
    );
    const service = web.service('gateways');
    await stand.set(policies, service);
    for (const plane of stand.proxies) {
      let at = 0;
      bad!.answer = () => ({ status: [502, 503, 504][at++ % 3]! });
      worse!.answer = () => ({ status: 500 });
      const counts = tally(await sendAll(plane, service, 36));
      failed(plane, (counts[502] ?? 0) + (counts[503] ?? 0) + (counts[504] ?? 0), 3);
      assert(counts[500]! >= 12, `${plane.kind}: ${JSON.stringify(counts)}`);
    }
  });

  test('no connection counts as a 5xx, or by itself', async () => {
    const rest = `maxEjectionPercent: 60, ${LONG} }\n  retries: { attempts: 0 }`;
    const together = servicePolicy('together', `outlierDetection: { consecutive5xx: 3, ${rest}`);
    const apart = servicePolicy(
      'apart',
      `outlierDetection: { splitLocal: true, consecutiveLocalFailures: 2, consecutive5xx: 4, ${rest}`,
    ).replace('name: a ', 'name: b ');
    const services = [web.service('together'), web.service('apart')] as const;
    await stand.set(together + apart, ...services);
    await bad!.stop();
    for (const plane of stand.proxies) {
      const { kind } = plane;
      worse!.answer = () => ({});
      const counts = tally(await sendAll(plane, services[0], 24));
      failed(plane, counts[503], 3);
      const split = tally(await sendAll(plane, services[1], 24));
      failed(plane, split[503], 2);
      worse!.answer = () => ({ status: 500 });
      const none = tally(await sendAll(plane, services[0], 24));
      assert(none[500]! > 3, `${kind}: no more than 60 % are out: ${JSON.stringify(none)}`);
    }
  });

  test('no answer in time counts as a 5xx', async () => {
    const policies = servicePolicy(
      'late',
      `outlierDetection: { consecutive5xx: 2, maxEjectionPercent: 60, ${LONG} }
  timeouts: { request: 60ms }`,
    );
    const service = web.service('late');
    await stand.set(policies, service);
    bad!.answer = () => new Promise(() => {});
    for (const plane of stand.proxies) {
      bad!.served = 0;
      await sendAll(plane, service, 24);
      failed(plane, bad!.served, 2);
    }
  });

  /** Sends until this is never answered any more. */
  const ejected = (plane: Plane, service: ReturnType<Fleet['service']>, answer: string) =>
    until(
      async () => {
        const takers = await sendTogether(plane, service, 40);
        return !takers.includes(answer);
      },
      { timeout: 10_000, message: `${plane.kind} sends none to who answers ${answer}` },
    );

  test('who succeeds less often than the others, by so many standard deviations', async () => {
    const spec = (factor: number) =>
      `outlierDetection: { consecutive5xx: 0, maxEjectionPercent: 100, ${LONG}, successRate: { minEndpoints: 3, requestVolume: 5, stdevFactor: ${factor} } }`;
    const policies =
      servicePolicy('strict', spec(1.2)) +
      servicePolicy('lax', spec(3)).replace('name: a ', 'name: b ');
    const strict = calls.service('strict');
    const lax = calls.service('lax');
    await stand.set(policies, strict, lax);
    for (const plane of stand.planes) {
      for (const { name } of [strict, lax]) await reach(plane, { ...strict, name }, calls.names);
      calls.instances[1]!.answer = () => ({ status: 13 });
      await sendTogether(plane, lax, 40);
      await ejected(plane, strict, 'INTERNAL');
      const counts = tally(await sendTogether(plane, lax, 40));
      assert(counts.INTERNAL! > 0, `${plane.kind}: ${JSON.stringify(counts)}`);
      assert.deepEqual(notDone(policies, plane.kind), []);
      calls.instances[1]!.answer = () => ({});
    }
  });

  test('who fails this often, whatever the others do', async () => {
    const policies = servicePolicy(
      'often',
      `outlierDetection: { consecutive5xx: 0, maxEjectionPercent: 50, ${LONG}, failurePercentage: { threshold: 70, minEndpoints: 3, requestVolume: 5 } }`,
    );
    const service = calls.service('often');
    await stand.set(policies, service);
    const [often, sometimes] = calls.instances;
    for (const plane of stand.planes) {
      for (const one of calls.instances) one.answer = () => ({});
      await reach(plane, service, calls.names);
      let at = 0;
      often!.answer = () => ({ status: 13 });
      sometimes!.answer = () => ({ status: at++ % 2 === 0 ? 5 : 0 });
      await ejected(plane, service, 'INTERNAL');
      const counts = tally(await sendTogether(plane, service, 40));
      assert(counts.NOT_FOUND! > 0, `${plane.kind}: ${JSON.stringify(counts)}`);
      assert.deepEqual(notDone(policies, plane.kind), []);
    }
  });

  test('no more than a share of them, but one if that is said', async () => {
    const spec = (more: string) => `outlierDetection: { consecutive5xx: 2, ${LONG}, ${more} }`;
    const policies = [
      servicePolicy('few', spec('maxEjectionPercent: 40')),
      servicePolicy('none', spec('maxEjectionPercent: 30')).replace('name: a ', 'name: b '),
      servicePolicy('one', spec('maxEjectionPercent: 0, alwaysEjectOne: true')).replace(
        'name: a ',
        'name: c ',
      ),
    ].join('');
    const [few, none, one] = ['few', 'none', 'one'].map((name) => web.service(name));
    await stand.set(policies, few!, none!, one!);
    bad!.answer = () => ({ status: 500 });
    worse!.answer = () => ({ status: 501 });
    const failing = async (plane: Plane, service: ReturnType<Fleet['service']>) => {
      await sendAll(plane, service, 12);
      const counts = tally(await sendAll(plane, service, 12));
      return Object.keys(counts).filter((each) => each.startsWith('50')).length;
    };
    for (const plane of stand.proxies) {
      assert.equal(await failing(plane, few!), 1, plane.kind);
      assert.equal(await failing(plane, none!), 2, plane.kind);
      assert.equal(await failing(plane, one!), 1, plane.kind);
    }
  });

  test('for so long, and the second time twice as long, up to the longest', async () => {
    const spec = (most: string) =>
      `outlierDetection: { consecutive5xx: 1, interval: 400ms, baseEjectionTime: 300ms, maxEjectionTime: ${most}, maxEjectionPercent: 60 }`;
    const policies =
      servicePolicy('doubled', spec('1m')) +
      servicePolicy('capped', spec('300ms')).replace('name: a ', 'name: b ');
    const doubled = web.service('doubled');
    const capped = web.service('capped');
    await stand.set(policies, doubled, capped);
    bad!.answer = () => ({ status: 500 });
    /** Milliseconds from one failure to the next: of one the endpoint is ejected. */
    const away = async (plane: Plane, service: ReturnType<Fleet['service']>) => {
      const failed: number[] = [];
      await until(
        async () => {
          if ((await send(plane, service)) === '500') failed.push(performance.now());
          return failed.length === 3;
        },
        { interval: 5 },
      );
      return [failed[1]! - failed[0]!, failed[2]! - failed[1]!] as const;
    };
    await Promise.all(
      stand.proxies.map(async (plane) => {
        const [[first, second], [, short]] = await Promise.all([
          away(plane, doubled),
          away(plane, capped),
        ]);
        assert(first >= 295, `${plane.kind}: ${first}`);
        assert(second >= 595, `${plane.kind}: ${second}`);
        assert(short >= 295 && short < second, `${plane.kind}: ${short} and ${second}`);
      }),
    );
  });

  test('calls come back, too; gRPC says which failures it does not count', async () => {
    const policies = servicePolicy(
      'back',
      'outlierDetection: { consecutive5xx: 0, maxEjectionPercent: 50, interval: 100ms, baseEjectionTime: 250ms, failurePercentage: { threshold: 50, minEndpoints: 1, requestVolume: 1 } }',
    );
    const service = calls.service('back');
    await stand.set(policies, service);
    const [first] = calls.instances;
    for (const plane of stand.planes) {
      await reach(plane, service, calls.names);
      first!.answer = () => ({ status: 13 });
      await ejected(plane, service, 'INTERNAL');
      first!.answer = () => ({});
      await until(async () => (await send(plane, service)) === first!.name);
      assert.deepEqual(notDone(policies, plane.kind), []);
    }
    const more = servicePolicy(
      'more',
      'outlierDetection: { successRate: {}, consecutiveGatewayErrors: 3, splitLocal: true }',
    );
    const fields = ['consecutiveGatewayErrors', 'splitLocal'];
    for (const { kind } of stand.planes)
      assert.deepEqual(
        notDone(more, kind),
        kind === 'grpc' ? fields.map((each) => `${OUTLIERS}.${each}`) : [],
      );
  });
});
