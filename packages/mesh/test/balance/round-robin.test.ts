import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RoundRobin } from '../../src/index.ts';

const take = <T>(robin: RoundRobin<T>, count: number, accept?: (item: T) => boolean) =>
  Array.from({ length: count }, () => robin.pick(accept && { accept }));
const weighted = (weights: Record<string, number>) =>
  Object.entries(weights).map(([item, weight]) => ({ item, weight }));

test('equal weights take turns in order', () => {
  const robin = new RoundRobin(weighted({ a: 100, b: 100, c: 100 }));
  assert.equal(take(robin, 7).join(''), 'abcabca');
});

test('the phase says where the round begins', () => {
  const robin = new RoundRobin(weighted({ a: 1, b: 1, c: 1 }), 0.67);
  assert.equal(take(robin, 4).join(''), 'cabc');
});

test('a heavy item surrounds the light ones', () => {
  const robin = new RoundRobin(weighted({ a: 5, b: 1, c: 1 }));
  assert.equal(take(robin, 14).join(''), 'aaabcaaaaabcaa');
});

test('weight 0 is never picked, and nothing is picked from nothing', () => {
  assert.equal(take(new RoundRobin(weighted({ a: 0, b: 2 })), 3).join(''), 'bbb');
  assert.equal(new RoundRobin(weighted({ a: 0 })).pick(), undefined);
  assert.equal(new RoundRobin<string>([]).pick(), undefined);
});

test('an item that was refused for long does not catch up in a burst', () => {
  for (const weights of [
    { a: 1, b: 1 },
    { a: 2, b: 1 },
  ]) {
    const robin = new RoundRobin(weighted(weights));
    take(robin, 1000, (item) => item !== 'b');
    const after = take(robin, 30).filter((item) => item === 'b').length;
    assert(after <= 16, `${after} of 30`);
  }
});

test('over a round every item is picked by its weight, one turn more or less', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(weights, (list) => {
      const robin = new RoundRobin(list.map((weight, item) => ({ item, weight })));
      const total = list.reduce((sum, weight) => sum + weight, 0);
      const counts = list.map(() => 0);
      for (const item of take(robin, total)) counts[item!]!++;
      for (const [i, count] of counts.entries()) assert(Math.abs(count - list[i]!) <= 1);
    }),
  );
});

test('an acceptable item is always found', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(weights, fc.nat(), (list, n) => {
      const robin = new RoundRobin(list.map((weight, item) => ({ item, weight })));
      const only = n % list.length;
      assert.deepEqual(
        take(robin, 5, (item) => item === only),
        Array(5).fill(only),
      );
      assert.equal(robin.pick({ accept: () => false }), undefined);
      assert.notEqual(robin.pick(), undefined);
    }),
  );
});

test('a new list goes on where the old one was', () => {
  const robin = new RoundRobin(weighted({ a: 1, b: 1, c: 1, d: 1 }));
  take(robin, 2);
  robin.update(weighted({ a: 1, b: 1, d: 1, e: 1 }));
  assert.equal(take(robin, 5).join(''), 'deabd', 'c, whose turn it was, is gone');
  robin.update(weighted({ a: 2, b: 1, d: 1, e: 1 }));
  assert.equal(take(robin, 5).join(''), 'eabad', 'from equal weights to others');
  robin.update(weighted({ a: 1, b: 1, d: 1, e: 1 }));
  const turns = take(robin, 4);
  assert.equal(new Set(turns).size, 4, 'and back');
});

test('updates without end change nobody’s share', () => {
  const weights = { a: 5, b: 3, c: 1, d: 1 };
  const robin = new RoundRobin(weighted(weights));
  const counts = new Map<string, number>();
  for (let i = 0; i < 10_000; i++) {
    const item = robin.pick()!;
    counts.set(item, (counts.get(item) ?? 0) + 1);
    robin.update(weighted(weights));
  }
  for (const [item, weight] of Object.entries(weights)) {
    assert(Math.abs(counts.get(item)! - weight * 1000) <= 2, `${item}: ${counts.get(item)}`);
  }
});
