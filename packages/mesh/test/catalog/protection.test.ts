import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '../../src/index.ts';
import { endpoint } from '../sample.ts';
import { OneService, types } from './fixture.ts';

/** Endpoints `1` to `count`, each at a port of its own. */
function endpoints(count: number): Endpoint[] {
  return Array.from({ length: count }, (_, i) => endpoint(String(i + 1), i + 1));
}

test('one that deregisters goes when it was waited for as long as a re-creation takes', () => {
  const a = new OneService(endpoints(2));
  assert.deepEqual(types(a.leave(5, 'deregistered', '1')), []);
  assert.deepEqual(
    a.catalog.held('a'),
    new Map([['1', { reason: 'absorbing', since: 5, until: 15 }]]),
  );
  assert.equal(a.catalog.deadline, 15);
  assert.equal(a.served(14), '1,2');
  assert.equal(a.served(15), '2');
  assert.deepEqual(a.held(15), {});
  assert.equal(a.catalog.deadline, Number.POSITIVE_INFINITY);
});

test('one that is deleted and created again never went away', () => {
  const a = new OneService(endpoints(2));
  a.leave(5, 'unknown', '1');
  assert.deepEqual(types(a.join(9, endpoint('1', 1, 7))), []);
  assert.equal(a.catalog.snapshot.services.get('a')?.endpoints[0]?.origin.czxid, 7n);
  assert.equal(a.catalog.deadline, Number.POSITIVE_INFINITY);
});

test('one whose session has ended is waited for longer, for it may register anew', () => {
  const a = new OneService(endpoints(3));
  a.leave(0, 'session-ended', '1', '2');
  assert.deepEqual(a.held(50), { 1: 'limbo', 2: 'limbo' });
  a.join(60, endpoint('anew', 1, 9)); // the same address under another id
  assert.equal(a.served(60), '2,3,anew');
  assert.equal(a.served(100), '3,anew');
});

test('after a gap whatever is missing is waited for as long as clients take to come back', () => {
  const a = new OneService(endpoints(4));
  a.reset(100, '1');
  assert.deepEqual(a.held(100), { 1: 'recovery' });
  a.leave(500, 'deregistered', '2'); // within the same recovery
  assert.deepEqual(a.held(1099), { 1: 'recovery', 2: 'recovery' });
  assert.equal(a.served(1100), '3,4');
});

test('a second gap puts off what is waited for, but never beyond the longest hold', () => {
  const a = new OneService(endpoints(2), { maxHold: 1_500 });
  a.reset(100, '1');
  a.reset(900);
  assert.equal(a.served(1_599), '1,2');
  assert.equal(a.served(1_600), '2');
});

test('a gap puts nothing forward', () => {
  const a = new OneService(endpoints(2), { recovery: 0 });
  a.leave(0, 'session-ended', '1');
  a.reset(50);
  assert.equal(a.served(99), '1,2');
  assert.equal(a.served(100), '2');
});

test('those that leave in a mass are held, with an alarm, until time is over', () => {
  const a = new OneService(endpoints(6));
  a.leave(0, 'unknown', '1', '2', '3', '4');
  assert.equal(a.catalog.alarms.size, 0, 'they may only be re-created');
  assert.equal(a.served(10), '1,2,3,4,5,6');
  assert.deepEqual(a.held(10), { 1: 'mass-drop', 2: 'mass-drop', 3: 'mass-drop', 4: 'mass-drop' });
  assert.deepEqual(
    [...a.catalog.alarms.values()],
    [{ service: 'a', reason: 'mass-drop', held: 4, since: 0, until: 10_000 }],
  );
  assert.equal(a.served(9_999), '1,2,3,4,5,6');
  assert.equal(a.served(10_000), '5,6');
  assert.equal(a.catalog.alarms.size, 0);
});

test('those that leave one by one are a mass from the one on that is too many', () => {
  const a = new OneService(endpoints(8));
  for (let i = 1; i <= 8; i++) a.leave(i * 20, 'unknown', String(i));
  // Five are more than half; the four before were gone when the fifth went.
  assert.equal(a.served(200), '5,6,7,8');
  assert.deepEqual(a.held(200), { 5: 'mass-drop', 6: 'mass-drop', 7: 'mass-drop', 8: 'mass-drop' });
  assert.equal(a.served(5_000), '5,6,7,8', 'also when the window has long passed');
});

test('a mass drop is one event until it is over, however long ago the first went', () => {
  const a = new OneService(endpoints(10));
  for (let i = 1; i <= 7; i++) a.leave(i * 20, 'unknown', String(i));
  assert.equal(a.served(200), '10,6,7,8,9', 'half of them were gone when the sixth went');
  a.join(5_000, endpoint('8', 8, 9));
  assert.equal(a.served(5_200), '10,6,7,8,9');
});

test('a service that loses one now and then is not in doubt', () => {
  const a = new OneService(endpoints(8));
  for (let i = 1; i <= 7; i++) a.leave(i * 500, 'unknown', String(i));
  assert.equal(a.served(5_000), '8');
});

test('one of few is not a mass', () => {
  const a = new OneService(endpoints(3));
  a.leave(0, 'unknown', '1', '2');
  assert.equal(a.served(10), '3');
});

test('a service whose instances are all replaced is not in doubt', () => {
  const a = new OneService(endpoints(6));
  for (let i = 1; i <= 6; i++) {
    a.join(i * 20, endpoint(`new-${i}`, 100 + i, 2));
    a.leave(i * 20 + 5, 'unknown', String(i));
    assert.equal(a.catalog.alarms.size, 0);
  }
  assert.equal(a.served(300), 'new-1,new-2,new-3,new-4,new-5,new-6');
});

test('what deregisters is no part of a mass, and is not held by one', () => {
  const a = new OneService(endpoints(8));
  a.leave(0, 'deregistered', '1', '2', '3', '4', '5');
  assert.equal(a.served(10), '6,7,8');
  a.leave(20, 'unknown', '6', '7', '8');
  a.join(25, endpoint('9', 9));
  a.leave(30, 'deregistered', '9');
  assert.equal(a.served(100), '6,7,8');
});

test('when enough are back, the others are waited for no longer than a limbo', () => {
  const a = new OneService(endpoints(6));
  a.leave(0, 'unknown', '1', '2', '3', '4', '5', '6');
  assert.equal(a.served(1_000), '1,2,3,4,5,6');
  a.join(1_000, endpoint('1', 1, 9), endpoint('2', 2, 9));
  assert.equal(a.catalog.alarms.get('a')?.held, 4);
  a.join(2_000, endpoint('fresh', 77, 9)); // half of what it had
  assert.deepEqual(a.held(2_000), { 3: 'limbo', 4: 'limbo', 5: 'limbo', 6: 'limbo' });
  assert.equal(a.catalog.alarms.size, 0);
  assert.equal(a.served(2_099), '1,2,3,4,5,6,fresh');
  assert.equal(a.served(2_100), '1,2,fresh');
});

test('one that is back of three that were lost together is not enough', () => {
  const a = new OneService(endpoints(3));
  a.reset(0, '1', '2', '3');
  assert.deepEqual(a.held(1_100), { 1: 'mass-drop', 2: 'mass-drop', 3: 'mass-drop' });
  a.join(1_200, endpoint('1', 1, 9));
  assert.deepEqual(a.held(1_700), { 2: 'mass-drop', 3: 'mass-drop' });
  a.join(1_800, endpoint('2', 2, 9));
  assert.deepEqual(a.held(1_800), { 3: 'limbo' });
  assert.equal(a.served(1_900), '1,2');
});

test('the last instance is held, with an alarm, until another is there', () => {
  const a = new OneService(endpoints(2));
  a.leave(0, 'unknown', '1');
  a.leave(50, 'unknown', '2');
  assert.deepEqual(a.held(60), { 2: 'last-instance' });
  assert.equal(a.catalog.alarms.get('a')?.reason, 'last-instance');
  a.join(200, endpoint('3', 3, 9));
  assert.equal(a.served(299), '2,3');
  assert.equal(a.served(300), '3');
  assert.equal(a.catalog.alarms.size, 0);
});

test('the last instance goes after the longest hold, if its service is gone or not', () => {
  const a = new OneService(endpoints(1));
  a.leave(0, 'session-ended', '1');
  assert.equal(a.served(9_999), '1');
  assert.equal(a.served(10_000), '');
  const b = new OneService(endpoints(1));
  b.catalog.apply('r', { type: 'remove', name: 'a' }, 0);
  assert.equal(b.served(0), '1');
  assert.equal(b.served(10), '1');
  assert.deepEqual(types(b.catalog.commit(9_999)), []);
  assert.deepEqual(types(b.catalog.commit(10_000)), ['removed a']);
});

test('the last instance goes at once when it deregisters, is drained or is unfit', () => {
  const deregistered = new OneService(endpoints(1));
  deregistered.leave(0, 'deregistered', '1');
  assert.equal(deregistered.served(10), '');
  for (const health of ['draining', 'unhealthy'] as const) {
    const said = new OneService([{ ...endpoint('1', 1), health }]);
    said.leave(0, 'session-ended', '1');
    assert.equal(said.served(10), '', health);
  }
  const drained = new OneService(endpoints(1));
  drained.leave(0, 'unknown', '1');
  assert.equal(drained.served(10), '1');
  drained.catalog.overlay('a', '1', { drain: true });
  assert.equal(drained.served(11), '', 'also when it is drained while it is held');
});

test('one that takes no requests does not stand in for the last that does', () => {
  const a = new OneService([endpoint('1', 1), { ...endpoint('2', 2), health: 'draining' }]);
  a.leave(0, 'unknown', '1');
  assert.deepEqual(a.held(10), { 1: 'last-instance' });
});

test('each service may have thresholds of its own', () => {
  const protection = { services: { a: { lastInstance: false, massDrop: { share: 1 } } } };
  const a = new OneService(endpoints(6), protection);
  a.leave(0, 'unknown', '1', '2', '3', '4', '5', '6');
  assert.equal(a.served(10), '');
  const other = { b: { lastInstance: false }, a: { lastInstance: undefined, massDrop: undefined } };
  const inherited = new OneService(endpoints(1), { services: other });
  inherited.leave(0, 'unknown', '1');
  assert.equal(inherited.served(10), '1');
});

test('an operator lets go what is held; what leaves later is protected anew', () => {
  const a = new OneService(endpoints(6));
  a.leave(0, 'unknown', '1', '2', '3', '4');
  assert.equal(a.served(10), '1,2,3,4,5,6');
  a.catalog.release('a');
  assert.equal(a.served(11), '5,6');
  assert.equal(a.catalog.alarms.size, 0);
  a.leave(20, 'unknown', '5');
  assert.equal(a.served(30), '6', 'the mass drop is over');
  a.leave(40, 'unknown', '6');
  assert.equal(a.served(50), '6', 'but the last instance is one');
});

test('an operator holds a service: nothing goes until it is released', () => {
  const a = new OneService(endpoints(3));
  a.catalog.hold('a');
  a.leave(0, 'deregistered', '1', '2', '3');
  assert.deepEqual(a.held(100_000), { 1: 'operator', 2: 'operator', 3: 'operator' });
  assert.equal(a.catalog.alarms.size, 0);
  assert.equal(a.catalog.deadline, Number.POSITIVE_INFINITY);
  a.catalog.release('a');
  assert.equal(a.served(100_001), '');
});
