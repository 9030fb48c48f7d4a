import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { silentServer } from '@meshkeeper/testbed';
import { Stand } from '../routes/stand.ts';
import { notDone } from '../stage/unsupported.ts';
import { Fleet } from './fleet.ts';
import { prove } from './proof.ts';
import { reach } from './sending.ts';
import { field, servicePolicy } from './written.ts';

/** Longer than any test: whoever waits for it is cut off. */
const NEVER = () => new Promise<never>(() => {});

describe('how long things may take', () => {
  const stand = new Stand();
  const web = new Fleet('http', 2);
  const calls = new Fleet('grpc', 2);

  test('request: with all of its tries; 0s is no limit', async () => {
    const policies =
      servicePolicy('all', 'timeouts: { request: 200ms }') +
      servicePolicy('free', 'timeouts: { request: 0s }').replace('name: a ', 'name: b ');
    await stand.set(policies, calls.service('all'), calls.service('free'));
    for (const plane of stand.planes) {
      calls.answerWith(() => ({}));
      await reach(plane, calls.service('all'), calls.names);
      calls.answerWith(NEVER);
      const late = await plane.call('all');
      assert.equal(late.code, 'DEADLINE_EXCEEDED', plane.kind);
      assert(late.took >= 190, `${plane.kind}: ${late.took}`);
      calls.answerWith(async () => {
        await delay(300);
        return {};
      });
      assert.equal((await plane.call('free')).code, 'OK', plane.kind);
      assert.deepEqual(notDone(policies, plane.kind), []);
    }
  });

  test('perTry: each try, also where nothing is said of tries', async () => {
    const policies =
      servicePolicy(
        'each',
        'timeouts: { perTry: 100ms }\n  retries: { attempts: 2, on: [reset], backoff: { base: 1ms, max: 2ms } }',
      ) +
      servicePolicy('only', 'timeouts: { perTry: 100ms }').replace('name: a ', 'name: b ') +
      servicePolicy('once', 'timeouts: { perTry: 100ms }\n  retries: { attempts: 0 }').replace(
        'name: a ',
        'name: c ',
      );
    await stand.set(policies, ...['each', 'only', 'once'].map((name) => web.service(name)));
    web.answerWith(NEVER);
    const served = () => web.instances.reduce((sum, one) => sum + one.served, 0);
    for (const plane of stand.proxies) {
      for (const [name, method, tries] of [
        ['each', 'POST', 3],
        // By default what may be sent twice is tried again: three times.
        ['only', 'GET', 4],
        ['only', 'POST', 1],
        ['once', 'GET', 1],
      ] as const) {
        const before = served();
        const { status, took } = await plane.ask(name, { method });
        assert.equal(status, 504, `${plane.kind}: ${method} ${name}`);
        assert(took >= tries * 95, `${plane.kind}: ${method} ${name} took ${took}`);
        assert.equal(served() - before, tries, `${plane.kind}: ${method} ${name}`);
      }
    }
  });

  test('perTry of calls; gRPC says that it has none', async () => {
    const policies = servicePolicy('call', 'timeouts: { perTry: 100ms }');
    const service = calls.service('call');
    await stand.set(policies, service);
    await prove(stand.planes, policies, field('timeouts.perTry'), async (plane) => {
      calls.answerWith(() => ({}));
      await reach(plane, service, calls.names);
      calls.answerWith(NEVER);
      const { code, took } = await plane.call('call', { deadline: 1000 });
      assert(took >= 90 && took < 950, `${code} after ${took}`);
    });
  });

  test('idle: a stream on which nothing moves', async () => {
    const policies = servicePolicy('still', 'timeouts: { idle: 150ms }');
    const service = calls.service('still');
    await stand.set(policies, service);
    await prove(stand.planes, policies, field('timeouts.idle'), async (plane) => {
      calls.answerWith(() => ({}));
      await reach(plane, service, calls.names);
      calls.answerWith(NEVER);
      const { code, took } = await plane.call('still', { deadline: 1000 });
      assert(took >= 140 && took < 950, `${code} after ${took}`);
    });
    const other = servicePolicy('moving', 'timeouts: { idle: 150ms }');
    await stand.set(other, web.service('moving'));
    web.answerWith(NEVER);
    for (const plane of stand.proxies) {
      const { status, took } = await plane.ask('moving', { method: 'POST' });
      assert.equal(status, 504, plane.kind);
      assert(took >= 140, `${plane.kind}: ${took}`);
    }
  });

  test('connect: until a connection stands', async () => {
    await using nowhere = await silentServer();
    const policies = servicePolicy(
      'far',
      'timeouts: { connect: 100ms, request: 5s }\n  retries: { attempts: 0 }',
    );
    const service = web.service('far', (at) => (at > 0 ? undefined : { port: nowhere.port }));
    await stand.set(policies, service);
    for (const plane of stand.proxies) {
      const { status, took } = await plane.ask('far', { method: 'POST' });
      assert.equal(status, 503, plane.kind);
      assert(took >= 90 && took < 4900, `${plane.kind}: ${took}`);
    }
    assert.deepEqual(notDone(policies, 'grpc'), [field('timeouts.connect')]);
  });
});
