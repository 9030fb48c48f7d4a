import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { Stand } from '../routes/stand.ts';
import { notDone } from '../stage/unsupported.ts';
import { Fleet } from './fleet.ts';
import type { Instance, Reply } from './instance.ts';
import { reach, send } from './sending.ts';
import { field, servicePolicy } from './written.ts';

const BACKOFF = 'backoff: { base: 1ms, max: 5ms }';

/** The first so many requests of each path are answered so, the others well. */
function failing(times: number, reply: Reply): Instance['answer'] {
  const seen = new Map<string, number>();
  return ({ path }) => {
    const before = seen.get(path) ?? 0;
    seen.set(path, before + 1);
    return before < times ? reply : {};
  };
}

/** Some more policies in one text. */
function named(...policies: readonly string[]): string {
  return policies.map((text, at) => text.replace('name: a ', `name: ${'abcdefgh'[at]} `)).join('');
}

describe('what is tried again', () => {
  const stand = new Stand();
  const web = new Fleet('http', 1);
  const calls = new Fleet('grpc', 2);
  let paths = 0;

  test('by condition, of HTTP', async () => {
    const conditions: readonly (readonly [on: string, reply: Reply, again: boolean])[] = [
      ['5xx', { status: 500 }, true],
      ['5xx', { status: 599 }, true],
      ['5xx', { status: 429 }, false],
      ['5xx', { breakOff: true }, true],
      ['gateway-error', { status: 502 }, true],
      ['gateway-error', { status: 503 }, true],
      ['gateway-error', { status: 504 }, true],
      ['gateway-error', { status: 500 }, false],
      ['reset', { breakOff: true }, true],
      ['reset', { status: 503 }, false],
      ['retriable-4xx', { status: 409 }, true],
      ['retriable-4xx', { status: 404 }, false],
      ['connect-failure', { breakOff: true }, false],
      ['connect-failure', { status: 503 }, false],
      ['reset-before-request', { breakOff: true }, false],
    ];
    const services = [...new Set(conditions.map(([on]) => on))];
    await stand.set(
      named(
        ...services.map((on) =>
          servicePolicy(`w-${on}`, `retries: { attempts: 1, on: [${on}], ${BACKOFF} }`),
        ),
      ),
      ...services.map((on) => web.service(`w-${on}`)),
    );
    for (const plane of stand.proxies)
      for (const [on, reply, again] of conditions) {
        web.answerWith(failing(1, reply));
        const path = `/${paths++}`;
        // What may be sent twice without asking is no matter here.
        const { status } = await plane.ask(`w-${on}`, { method: 'POST', path });
        const expected = again ? 200 : (reply.status ?? 503);
        assert.equal(status, expected, `${plane.kind}: ${on} ${JSON.stringify(reply)}`);
      }
  });

  test('no connection: on another endpoint', async () => {
    const policies = named(
      servicePolicy('connect', `retries: { attempts: 1, on: [connect-failure], ${BACKOFF} }`),
      servicePolicy('not', `retries: { attempts: 1, on: [retriable-4xx], ${BACKOFF} }`),
    );
    const services = ['connect', 'not'].map((name) => calls.service(name));
    await stand.set(policies, ...services);
    await calls.instances[0]!.stop();
    for (const plane of stand.proxies) {
      const codes = new Set<string>();
      for (let i = 0; i < 6; i++) codes.add(await send(plane, services[0]!));
      assert.deepEqual([...codes], ['grpc1'], plane.kind);
      await until(async () => (await send(plane, services[1]!)) === 'UNAVAILABLE');
    }
  });

  test('a stream that was refused', async () => {
    const policies = named(
      servicePolicy('refused', `retries: { attempts: 1, on: [refused-stream], ${BACKOFF} }`),
      servicePolicy('kept', `retries: { attempts: 1, on: [connect-failure], ${BACKOFF} }`),
    );
    const services = ['refused', 'kept'].map((name) => calls.service(name));
    await stand.set(policies, ...services);
    for (const plane of stand.proxies) {
      for (const [name, code] of [
        ['refused', 'OK'],
        ['kept', 'UNAVAILABLE'],
      ] as const) {
        const answer = failing(1, { refuse: true });
        calls.answerWith(answer);
        assert.equal((await plane.call(name, { path: `/a/${paths++}` })).code, code, plane.kind);
      }
    }
  });

  test('by status, of calls: on every data plane', async () => {
    const conditions = {
      cancelled: 1,
      'deadline-exceeded': 4,
      'resource-exhausted': 8,
      internal: 13,
      unavailable: 14,
    };
    const names = Object.keys(conditions);
    const policies = named(
      ...names.map((on) =>
        servicePolicy(`c-${on}`, `retries: { attempts: 2, on: [${on}], ${BACKOFF} }`),
      ),
    );
    await stand.set(policies, ...names.map((on) => calls.service(`c-${on}`)));
    for (const plane of stand.planes) {
      calls.answerWith(() => ({}));
      for (const [on, status] of Object.entries(conditions)) {
        const path = `/a/${paths++}`;
        const answer = failing(2, { status });
        calls.answerWith(answer);
        const { code } = await plane.call(`c-${on}`, { path });
        assert.equal(code, 'OK', `${plane.kind}: ${on}`);
        calls.answerWith(failing(1, { status: 5 }));
        const other = await plane.call(`c-${on}`, { path: `/a/${paths++}` });
        assert.equal(other.code, 'NOT_FOUND', `${plane.kind}: ${on}`);
      }
      assert.deepEqual(notDone(policies, plane.kind), []);
    }
  });

  test('so often; 0 is never; gRPC four times at most', async () => {
    const policies = named(
      servicePolicy('thrice', `retries: { attempts: 3, on: [unavailable], ${BACKOFF} }`),
      servicePolicy('never', `retries: { attempts: 0, on: [unavailable], ${BACKOFF} }`),
      servicePolicy(
        'often',
        `retries: { attempts: 6, on: [unavailable], ${BACKOFF}, otherEndpoint: false }`,
      ),
    );
    const services = ['thrice', 'never', 'often'].map((name) => calls.service(name));
    await stand.set(policies, ...services);
    const served = () => calls.instances.reduce((sum, one) => sum + one.served, 0);
    for (const plane of stand.planes) {
      for (const [service, tries] of [
        [services[0]!, 4],
        [services[1]!, 1],
        [services[2]!, plane.kind === 'grpc' ? 5 : 7],
      ] as const) {
        calls.answerWith(() => ({}));
        await reach(plane, service, calls.names);
        calls.answerWith(() => ({ status: 14 }));
        const before = served();
        assert.equal(await send(plane, service), 'UNAVAILABLE', plane.kind);
        assert.equal(served() - before, tries, `${plane.kind}: ${service.name}`);
      }
      const expected = plane.kind === 'grpc' ? ['ServicePolicy/c: spec.retries.attempts'] : [];
      assert.deepEqual(notDone(policies, plane.kind), expected);
    }
  });

  test('codes: these statuses, too', async () => {
    const policies = servicePolicy(
      'codes',
      `retries: { attempts: 1, on: [connect-failure], codes: [418, 507], ${BACKOFF} }`,
    );
    await stand.set(policies, web.service('codes'));
    for (const plane of stand.proxies)
      for (const [status, found] of [
        [418, 200],
        [507, 200],
        [503, 503],
      ] as const) {
        web.answerWith(failing(1, { status }));
        const answer = await plane.ask('codes', { method: 'POST', path: `/${paths++}` });
        assert.equal(answer.status, found, plane.kind);
      }
    const said = ['on', 'codes'].map((each) => field(`retries.${each}`));
    for (const { kind } of stand.planes)
      assert.deepEqual(notDone(policies, kind), kind === 'grpc' ? said : []);
  });

  test('budget: so many at once, whatever there is to be tried again', async () => {
    const budget = (at: string) =>
      `retries: { attempts: 1, on: [5xx], ${BACKOFF}, budget: { ${at} } }`;
    const policies = named(
      servicePolicy('few', budget('percent: 0, minConcurrency: 2')),
      servicePolicy('share', budget('percent: 50, minConcurrency: 0')),
    );
    await stand.set(policies, web.service('few'), web.service('share'));
    for (const plane of stand.proxies)
      for (const [name, sent, most] of [
        ['few', 8, 2],
        // Of the ones under way, of which those are some that are tried again.
        ['share', 8, 4],
      ] as const) {
        const all = Promise.withResolvers<void>();
        const done = Promise.withResolvers<void>();
        const first = new Set<string>();
        let again = 0;
        web.answerWith(async ({ path }) => {
          if (first.has(path)) {
            again++;
            await done.promise;
            return {};
          }
          first.add(path);
          if (first.size === sent) all.resolve();
          await all.promise;
          return { status: 500 };
        });
        let failed = 0;
        const answers = Array.from({ length: sent }, async () => {
          const { status } = await plane.ask(name, { path: `/${paths++}` });
          if (status === 500) failed++;
        });
        await until(() => again + failed === sent);
        done.resolve();
        await Promise.all(answers);
        assert(again >= 1 && again <= most, `${plane.kind}: ${name} ${again}`);
        if (name === 'few') assert.equal(again, 2, plane.kind);
      }
    const said = ['a', 'b'].flatMap((at) =>
      ['on', 'budget'].map((each) => `ServicePolicy/${at}: spec.retries.${each}`),
    );
    for (const { kind } of stand.planes)
      assert.deepEqual(notDone(policies, kind), kind === 'grpc' ? said : []);
  });

  test('otherEndpoint: not whom it has failed at', async () => {
    const policies = servicePolicy(
      'other',
      `loadBalancing: { type: random }\n  retries: { attempts: 1, on: [unavailable], ${BACKOFF} }`,
    );
    const same = servicePolicy(
      'same',
      `loadBalancing: { type: random }\n  retries: { attempts: 1, on: [unavailable], otherEndpoint: false, ${BACKOFF} }`,
    );
    const services = ['other', 'same'].map((name) => calls.service(name));
    await stand.set(named(policies, same), ...services);
    const [bad] = calls.instances;
    bad!.answer = () => ({ status: 14 });
    for (const plane of stand.proxies) {
      // Envoy draws anew five times, then takes whom it has drawn: one of 64 such tries fails.
      let failed = 0;
      for (let i = 0; i < 64; i++)
        if ((await send(plane, services[0]!)) === 'UNAVAILABLE') failed++;
      assert(failed <= (plane.kind === 'envoy' ? 8 : 0), `${plane.kind}: ${failed} fail`);
      // One of four fails twice.
      await until(async () => (await send(plane, services[1]!)) === 'UNAVAILABLE');
    }
  });
});
