import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RoundRobin, WarmUp, warmUpFactor } from '../../src/index.ts';
import { countPicks } from './statistics.ts';

const window = { from: 1000, duration: 10_000 };

test('a weight grows with the time, from a tenth', () => {
  const at = (now: number) => warmUpFactor(window, now);
  assert.equal(at(1000), 0.1);
  assert.equal(at(2000), 0.1);
  assert.equal(at(3000), 0.2);
  assert.equal(at(6000), 0.5);
  assert.equal(at(11_000), 1);
  assert.equal(at(60_000), 1);
});

test('aggression bends the curve', () => {
  const half = (aggression: number) => warmUpFactor(window, 6000, { aggression });
  assert.equal(half(2), Math.sqrt(0.5));
  assert.equal(half(0.5), 0.25);
  assert.equal(warmUpFactor(window, 1000, { minWeightPercent: 0 }), 1 / 10_000);
});

test('a newcomer’s share grows over its window, and is then like the others’', () => {
  const items = ['a', 'b', 'c', 'new'];
  let time = 0;
  let asked = 0;
  const now = () => {
    asked++;
    return time;
  };
  const balancer = new WarmUp(new RoundRobin<string>([]), [], {
    now,
    window: (item) => (item === 'new' ? { from: 0, duration: 10_000 } : undefined),
  });
  balancer.update(items.map((item) => ({ item, weight: 7 })));
  const share = () => countPicks(items, 3000, () => balancer.pick()!)[3]! / 3000;
  for (const [at, weight] of [
    [0, 0.1],
    [2500, 0.25],
    [5000, 0.5],
    [9000, 0.9],
    [10_000, 1],
  ] as const) {
    time = at;
    const expected = weight / (3 + weight);
    assert(Math.abs(share() - expected) < 0.002, `at ${at}: ${share()} of ${expected}`);
  }
  asked = 0;
  share();
  assert.equal(asked, 0, 'once all are warm, nobody looks at the clock');
});

test('the turns of the warm go on while weights grow', () => {
  let time = 0;
  const items = ['a', 'b', 'c', 'new'];
  const balancer = new WarmUp(new RoundRobin<string>([]), [], {
    now: () => time,
    window: (item) => (item === 'new' ? { from: 0, duration: 10_000 } : undefined),
  });
  balancer.update(items.map((item) => ({ item, weight: 7 })));
  // Each pick finds new weights.
  const counts = countPicks(items, 100, () => {
    time += 100;
    return balancer.pick()!;
  });
  assert(Math.max(...counts.slice(0, 3)) - Math.min(...counts.slice(0, 3)) <= 1, `${counts}`);
});
