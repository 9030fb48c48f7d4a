import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random, Xoshiro128 } from '../../src/index.ts';
import { weigh } from './fixture.ts';
import { chiSquare, chiSquareBound, countPicks } from './statistics.ts';

const items = Array.from({ length: 50 }, (_, i) => i);

for (const [name, weight] of [
  ['equal weights', () => 3],
  ['weights', (i: number) => 1 + (i % 7)],
  ['a giant', (i: number) => (i === 20 ? 1000 : 1)],
] as const)
  test(`random picks are by weight: ${name}`, () => {
    const balancer = new Random(weigh(items, weight), new Xoshiro128(7));
    const counts = countPicks(items, 200_000, () => balancer.pick()!);
    const statistic = chiSquare(counts, items.map(weight));
    assert(statistic < chiSquareBound(49), `${statistic}`);
  });

test('whoever is refused leaves the shares of the others as they are', () => {
  const weight = (i: number) => 1 + (i % 3);
  const balancer = new Random(weigh(items, weight), new Xoshiro128(8));
  const even = { accept: (item: number) => item % 2 === 0 };
  const left = items.filter(even.accept);
  const counts = countPicks(left, 100_000, () => balancer.pick(even)!);
  const statistic = chiSquare(counts, left.map(weight));
  assert(statistic < chiSquareBound(left.length - 1), `${statistic}`);
});

test('the generator is xoshiro128**, and its bounds are kept', () => {
  const random = new Xoshiro128(0);
  const counts = countPicks(items.slice(0, 10), 100_000, () => random.below(10));
  const statistic = chiSquare(
    counts,
    counts.map(() => 1),
  );
  assert(statistic < chiSquareBound(9), `${statistic}`);
  const one = new Xoshiro128(42);
  const other = new Xoshiro128(42);
  for (let i = 0; i < 1000; i++) {
    const value = one.below(2 ** 31);
    assert.equal(value, other.below(2 ** 31));
    assert(Number.isInteger(value) && value >= 0 && value < 2 ** 31);
  }
});
