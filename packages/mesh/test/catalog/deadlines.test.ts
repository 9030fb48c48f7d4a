import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Deadlines } from '../../src/catalog/deadlines.ts';

test('whatever is set, put off and taken back: the earliest comes first, each once', () => {
  const never = Number.POSITIVE_INFINITY;
  const set = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    at: fc.oneof(fc.nat(50), fc.constant(never)),
  });
  const step = fc.oneof(set, fc.record({ now: fc.nat(50) }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const deadlines = new Deadlines();
      const model = new Map<string, number>();
      for (const each of steps) {
        if ('now' in each) {
          const due = [...model].filter(([, at]) => at <= each.now);
          const times = [...deadlines.due(each.now)].map((name) => [name, model.get(name)]);
          assert.deepEqual(times.toSorted(), due.toSorted());
          for (const [name] of due) model.delete(name);
        } else {
          deadlines.set(each.name, each.at);
          if (each.at === never) model.delete(each.name);
          else model.set(each.name, each.at);
        }
        assert.equal(deadlines.next, Math.min(never, ...model.values()));
      }
    }),
    { numRuns: 1_000 },
  );
});
