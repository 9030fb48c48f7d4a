import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Admission } from '../../src/server/admission.ts';
import { EndpointPacer } from '../../src/server/endpoint-pacer.ts';
import { takesAway } from '../../src/server/endpoint-removal.ts';
import { endpoint, service } from '../fixture.ts';

const adds = () => false;
const removes = () => true;

describe('changes of endpoints', () => {
  test('the first of a service goes at once; another service is not held by it', () => {
    const pacer = new EndpointPacer();
    assert.equal(pacer.offer('a', adds, 1, 0), true);
    assert.equal(pacer.offer('b', adds, 2, 1), true);
    assert.equal(pacer.heldSince, undefined);
  });

  test('those that follow go out together after 5 ms of quiet', () => {
    const pacer = new EndpointPacer();
    pacer.offer('a', adds, 1, 0);
    assert.equal(pacer.offer('a', adds, 2, 2), false);
    assert.equal(pacer.offer('a', adds, 3, 4), false);
    assert.equal(pacer.heldSince, 2);
    assert.deepEqual([pacer.due, pacer.take(8), pacer.take(9)], [9, [], ['a']]);
    assert.equal(pacer.heldSince, undefined);
  });

  test('and at most 20 ms after the first of them', () => {
    const pacer = new EndpointPacer();
    pacer.offer('a', adds, 1, 0);
    for (let at = 1; at < 21; at++) pacer.offer('a', adds, 1 + at, at);
    assert.deepEqual([pacer.due, pacer.take(21)], [21, ['a']]);
  });

  test('a removal waits only for the 5 ms since the last push, and goes out first', () => {
    const pacer = new EndpointPacer();
    for (const name of ['a', 'b']) pacer.offer(name, adds, 1, 0);
    for (let at = 1; at < 4; at++) pacer.offer('a', adds, 2, at);
    pacer.offer('b', removes, 3, 4);
    assert.deepEqual([pacer.due, pacer.take(5)], [5, ['b']]);
    pacer.offer('a', removes, 4, 7);
    assert.deepEqual(pacer.take(7), ['a']);
    for (const name of ['a', 'b']) pacer.offer(name, name === 'b' ? removes : adds, 5, 8);
    assert.deepEqual(pacer.take(20), ['b', 'a']);
  });

  test('a service that was quiet long enough is not held, and not remembered', () => {
    const pacer = new EndpointPacer();
    pacer.offer('a', adds, 1, 0);
    assert.equal(pacer.offer('a', adds, 2, 5), true);
    assert.deepEqual([pacer.take(10), pacer.due], [[], undefined]);
    pacer.offer('b', adds, 3, 20);
    assert.equal(pacer.size, 1);
  });

  test('what takes an endpoint away: it is gone, or no longer healthy', () => {
    const before = service('shop', [1, 2]);
    const to = (after: typeof before) =>
      takesAway({ type: 'updated', name: 'shop', before, after });
    assert.equal(to(service('shop', [1])), true);
    assert.equal(to(service('shop', [1, endpoint(2, { health: 'draining' })])), true);
    assert.equal(to(service('shop', [1, 2, 3])), false);
    assert.equal(to(service('shop', [1, endpoint(2, { weight: 5 })])), false);
  });
});

test('admission: a burst, then so many a second, and when to come back', () => {
  const admission = new Admission({ perSecond: 10, burst: 2 });
  const waits = [0, 0, 0, 50, 100].map((at) => admission.admit(at));
  assert.deepEqual(waits, [0, 0, 100, 150, 0], 'each is told another time');
  assert.deepEqual(
    [admission.admit(10_000), admission.admit(10_000), admission.admit(10_000)],
    [0, 0, 100],
    'no more than the burst is saved up, and nobody waits for those who did not come',
  );
});
