import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EndpointPicker } from '../src/balance/endpoint-picker.ts';
import { OutlierDetector } from '../src/balance/outlier-detector.ts';
import type { Target } from '../src/config/assignment.ts';

const entry = (item: string, facts: Partial<Target> = {}) => {
  const target: Target = {
    address: item,
    port: 1,
    weight: 1,
    priority: 0,
    health: 'eligible',
    ...facts,
  };
  return { item, target };
};
const draw = (picker: EndpointPicker<string>, count: number) =>
  Array.from({ length: count }, () => picker.pick() ?? '-').join('');

test('only fit endpoints are picked, while there are enough of them', () => {
  const entries = [
    entry('a'),
    entry('b', { health: 'unhealthy' }),
    entry('c', { health: 'draining' }),
  ];
  assert.equal(draw(new EndpointPicker(entries, 1), 4), 'aaaa');
  assert.equal(draw(new EndpointPicker(entries, 50), 4), 'abab', 'panic below 50 %');
});

test('with none fit: panic, but not onto draining ones; without panic nothing', () => {
  const entries = [entry('b', { health: 'unhealthy' }), entry('c', { health: 'draining' })];
  assert.equal(draw(new EndpointPicker(entries, 1), 2), 'bb');
  assert.equal(draw(new EndpointPicker(entries, 0), 1), '-');
  const draining = new EndpointPicker([entry('c', { health: 'draining' })], 1);
  assert.equal(draining.pick(), undefined);
  assert.equal(draining.pickAny(), 'c');
});

test('a lower priority is used when the higher one has nothing fit', () => {
  const spare = entry('s', { priority: 1 });
  assert.equal(draw(new EndpointPicker([entry('a'), spare], 1), 2), 'aa');
  const sick = entry('a', { health: 'unhealthy' });
  assert.equal(draw(new EndpointPicker([sick, spare], 1), 2), 'ss');
});

const config = {
  connectFailures: 2,
  serverErrors: 3,
  baseEjection: 1000,
  maxEjection: 3000,
  maxEjectedPercent: 100,
};

test('failures in a row leave an endpoint aside, each time for longer', () => {
  const detector = new OutlierDetector<string>(config, 3);
  assert(!detector.connectFailed('a', 0));
  assert(detector.connectFailed('a', 0));
  assert(detector.isEjected('a', 999) && !detector.isEjected('a', 1000));
  assert(detector.connectFailed('a', 1000), 'once more is enough after its return');
  assert(detector.isEjected('a', 2999) && !detector.isEjected('a', 3000));
  assert(detector.connectFailed('a', 3000));
  assert(
    detector.isEjected('a', 5999) && !detector.isEjected('a', 6000),
    'no longer than the most',
  );
  detector.responded('a', 200, 7000);
  assert(detector.calm, 'a response clears the record');
});

test('server errors count in a row', () => {
  const detector = new OutlierDetector<string>(config, 3);
  for (const status of [500, 500, 200, 500, 500]) assert(!detector.responded('a', status, 0));
  assert(detector.responded('a', 503, 0));
});

test('never all are left aside', () => {
  const detector = new OutlierDetector<string>({ ...config, connectFailures: 1 }, 3);
  assert.deepEqual(
    ['a', 'b', 'c'].map((each) => detector.connectFailed(each, 0)),
    [true, true, false],
  );
  const alone = new OutlierDetector<string>({ ...config, connectFailures: 1 }, 1);
  assert(!alone.connectFailed('a', 0));
});
