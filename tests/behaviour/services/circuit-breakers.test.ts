import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { Stand } from '../routes/stand.ts';
import { notDone } from '../stage/unsupported.ts';
import { Fleet } from './fleet.ts';
import type { Instance } from './instance.ts';
import { send, tally } from './sending.ts';
import { field, servicePolicy } from './written.ts';

/** Requests that wait until they are let go; the others are answered. */
class Held {
  #released = Promise.withResolvers<void>();
  count = 0;

  readonly answer: Instance['answer'] = async ({ path }) => {
    if (path !== '/hold') return {};
    this.count++;
    await this.#released.promise;
    return {};
  };

  release(): void {
    this.#released.resolve();
  }
}

describe('what is more than there may be fails at once', () => {
  const stand = new Stand();
  const web = new Fleet('http', 1);
  const calls = new Fleet('grpc', 1);
  const [instance] = web.instances;
  let held = new Held();
  afterEach(() => held.release());

  test('maxRequests', async () => {
    const policies = servicePolicy('requests', 'circuitBreaker: { maxRequests: 2 }');
    const service = calls.service('requests');
    await stand.set(policies, service);
    for (const plane of stand.planes) {
      held = new Held();
      calls.answerWith(held.answer);
      assert.equal(await send(plane, service), 'grpc0', plane.kind);
      const two = [1, 2].map(() => send(plane, service, { path: '/hold' }));
      await until(() => held.count === 2);
      assert.equal(await send(plane, service), 'UNAVAILABLE', plane.kind);
      held.release();
      assert.deepEqual(await Promise.all(two), ['grpc0', 'grpc0'], plane.kind);
      assert.equal(await send(plane, service), 'grpc0', plane.kind);
      assert.deepEqual(notDone(policies, plane.kind), []);
    }
  });

  test('maxConnections: the others wait for one', async () => {
    const policies = servicePolicy('connections', 'circuitBreaker: { maxConnections: 2 }');
    const service = web.service('connections');
    await stand.set(policies, service);
    for (const plane of stand.proxies) {
      held = new Held();
      web.answerWith(held.answer);
      const open = instance!.open;
      const two = [1, 2].map(() => send(plane, service, { path: '/hold' }));
      await until(() => held.count === 2);
      const third = send(plane, service, { path: '/third' });
      held.release();
      assert.deepEqual(await Promise.all([...two, third]), ['http0', 'http0', 'http0']);
      assert.equal(instance!.open - open, 2, plane.kind);
    }
    assert.deepEqual(notDone(policies, 'grpc'), [field('circuitBreaker.maxConnections')]);
  });

  test('maxPendingRequests: of those that wait for a connection', async () => {
    const policies = servicePolicy(
      'pending',
      'circuitBreaker: { maxConnections: 1, maxPendingRequests: 2 }',
    );
    const service = web.service('pending');
    await stand.set(policies, service);
    for (const plane of stand.proxies) {
      held = new Held();
      web.answerWith(held.answer);
      const first = send(plane, service, { path: '/hold' });
      await until(() => held.count === 1);
      const others = Array.from({ length: 5 }, () => send(plane, service));
      // Three of these don't wait.
      const turnedAway: string[] = [];
      for (const each of others)
        void each.then((taker) => taker === '503' && turnedAway.push(taker));
      await until(() => turnedAway.length === 3);
      held.release();
      const counts = tally(await Promise.all([first, ...others]));
      assert.deepEqual(counts, { http0: 3, 503: 3 }, plane.kind);
    }
  });

  test('maxRetries: of tries at once, where no budget is stated', async () => {
    const policies =
      servicePolicy('none', 'circuitBreaker: { maxRetries: 0 }') +
      servicePolicy('one', 'circuitBreaker: { maxRetries: 1 }').replace('name: a ', 'name: b ');
    const none = web.service('none');
    const one = web.service('one');
    await stand.set(policies, none, one);
    const failedOnce = (again: Instance['answer']): Instance['answer'] => {
      const tried = new Set<unknown>();
      return (asked) => {
        const request = asked.headers['x-request-id'];
        if (tried.has(request)) return again(asked);
        tried.add(request);
        return { breakOff: true };
      };
    };
    for (const plane of stand.proxies) {
      // On new connections: who closes one that was kept may not have seen the request.
      web.answerWith(failedOnce(() => ({})));
      assert.equal(await send(plane, none), '503', plane.kind);
      held = new Held();
      web.answerWith(failedOnce(held.answer));
      const first = send(plane, one, { path: '/hold' });
      await until(() => held.count === 1);
      assert.equal(await send(plane, one), '503', plane.kind);
      held.release();
      assert.equal(await first, 'http0', plane.kind);
    }
  });

  test('gRPC has the number of requests only, and says so', () => {
    const policies = servicePolicy(
      'all',
      'circuitBreaker: { maxConnections: 1, maxPendingRequests: 1, maxRequests: 1, maxRetries: 1 }',
    );
    const fields = ['maxConnections', 'maxPendingRequests', 'maxRetries'];
    for (const { kind } of stand.planes)
      assert.deepEqual(
        notDone(policies, kind),
        kind === 'grpc' ? fields.map((each) => field(`circuitBreaker.${each}`)) : [],
      );
  });
});
