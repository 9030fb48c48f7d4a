import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inPanic, priorityLoads, zoneRoute } from '../../src/index.ts';

const loads = (...healthy: readonly number[]) =>
  priorityLoads(healthy.map((count) => ({ healthy: count, all: 100 })));
const shares = (...healthy: readonly number[]) => loads(...healthy).map(({ load }) => load);
const panics = (...healthy: readonly number[]) => loads(...healthy).map(({ panic }) => panic);

test('a priority takes what its healthy endpoints are good for, as Envoy’s page has it', () => {
  assert.deepEqual(shares(100, 100), [100, 0]);
  assert.deepEqual(shares(72, 100), [100, 0]);
  assert.deepEqual(shares(71, 100), [99, 1]);
  assert.deepEqual(shares(50, 100), [70, 30]);
  assert.deepEqual(shares(25, 100), [35, 65]);
  assert.deepEqual(shares(0, 100), [0, 100]);
  assert.deepEqual(shares(71, 71, 100), [99, 1, 0]);
  assert.deepEqual(shares(25, 25, 100), [35, 35, 30]);
});

test('what all together are not good for is shared out in proportion', () => {
  assert.deepEqual(shares(25, 25), [50, 50]);
  const few = [20, 10].map((healthy) => ({ healthy, all: 100 }));
  const [first, second] = priorityLoads(few, { panicThreshold: 0 });
  assert.deepEqual([first?.load, second?.load], [67, 33], 'rounding is the first one’s');
  assert.deepEqual(shares(5, 0, 55), [9, 0, 91]);
});

test('panic is when all priorities together are not good for everything', () => {
  assert.deepEqual(panics(72, 0), [false, false]);
  assert.deepEqual(panics(5, 0, 55), [true, true, false]);
  assert.deepEqual(panics(60, 10), [false, true], '84 and 14 percent are not enough');
  assert.deepEqual(panics(60, 20), [false, false], '84 and 28 are');
});

test('when all panic, load goes by the number of endpoints', () => {
  const all = [
    { healthy: 0, all: 0 },
    { healthy: 0, all: 20 },
    { healthy: 3, all: 10 },
  ];
  assert.deepEqual(
    priorityLoads(all).map(({ load, panic }) => [load, panic]),
    [
      [0, true],
      [67, true],
      [33, true],
    ],
  );
});

test('without a threshold nothing panics, and the first takes what nobody can', () => {
  const none = [
    { healthy: 0, all: 5 },
    { healthy: 0, all: 5 },
  ];
  assert.deepEqual(priorityLoads(none, { panicThreshold: 0 }), [
    { load: 100, panic: false },
    { load: 0, panic: false },
  ]);
  assert.deepEqual(priorityLoads([], { panicThreshold: 0 }), []);
});

test('overprovisioning can be had otherwise', () => {
  const half = [
    { healthy: 5, all: 10 },
    { healthy: 10, all: 10 },
  ];
  const shareAt = (overprovisioning: number) => priorityLoads(half, { overprovisioning })[0]!.load;
  assert.deepEqual([100, 140, 200].map(shareAt), [50, 70, 100]);
});

test('panic begins below the threshold', () => {
  assert(!inPanic({ healthy: 5, all: 10 }, 50));
  assert(inPanic({ healthy: 4, all: 10 }, 50));
  assert(inPanic({ healthy: 0, all: 0 }, 50));
  assert(!inPanic({ healthy: 0, all: 10 }, 0));
});

const zones = (counts: Readonly<Record<string, number>>) => new Map(Object.entries(counts));

test('requests stay in their zone as far as every endpoint then has the same load', () => {
  const own = 'a';
  const callers = zones({ a: 4, b: 4, c: 2 });
  assert.deepEqual(zoneRoute({ own, callers, upstream: zones({ a: 5, b: 10, c: 5 }) }), {
    type: 'split',
    own: 6250,
    capacity: [0, 1000, 500],
  });
  assert.deepEqual(zoneRoute({ own, callers, upstream: zones({ a: 8, b: 8, c: 4 }) }), {
    type: 'own',
  });
  assert.deepEqual(zoneRoute({ own, callers, upstream: zones({ b: 8, c: 8 }) }), {
    type: 'split',
    own: 0,
    capacity: [1000, 3000],
  });
});

test('who is overrun from its own zone is sent nothing from others', () => {
  const callers = zones({ a: 3, b: 6, c: 1 });
  assert.deepEqual(zoneRoute({ own: 'a', callers, upstream: zones({ a: 2, b: 5, c: 13 }) }), {
    type: 'split',
    own: 3333,
    capacity: [0, 0, 5500],
  });
});

test('zones are of no use with few endpoints, in one zone, or when nobody calls from here', () => {
  const callers = zones({ a: 1, b: 1 });
  const upstream = zones({ a: 2, b: 3 });
  const anywhere = { type: 'anywhere' };
  assert.deepEqual(zoneRoute({ own: 'a', callers, upstream }), anywhere);
  assert.notDeepEqual(zoneRoute({ own: 'a', callers, upstream, minClusterSize: 5 }), anywhere);
  const many = zones({ a: 10, b: 10 });
  assert.deepEqual(zoneRoute({ own: 'a', callers, upstream: zones({ a: 20 }) }), anywhere);
  assert.deepEqual(zoneRoute({ own: 'a', callers: zones({ a: 2 }), upstream: many }), anywhere);
  assert.deepEqual(zoneRoute({ own: 'c', callers, upstream: many }), anywhere);
});
