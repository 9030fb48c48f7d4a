import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '@meshkeeper/mesh';
import fc from 'fast-check';
import { usable } from '../src/resources/endpoint/usable.ts';
import { endpoint, service } from './fixture.ts';

/** Few addresses and ports, so that they meet; and some that no data plane takes. */
const anEndpoint = fc
  .record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'),
    address: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '::1', 'host'),
    port: fc.integer({ min: 0, max: 4 }),
  })
  .map((fields): Endpoint => endpoint(1, fields));

const some = fc.uniqueArray(anEndpoint, { selector: ({ id }) => id, maxLength: 12 });

/** As the catalog keeps them: by id, what is the same is the same object. */
function merged(
  before: readonly Endpoint[],
  changes: readonly Endpoint[],
  gone: readonly string[],
) {
  const all = new Map([...before, ...changes].map((each) => [each.id, each]));
  for (const id of gone) all.delete(id);
  return [...all.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

test('what can be taken is the same, whether all is looked at or only what differs', () => {
  let incremental = 0;
  fc.assert(
    fc.property(some, some, fc.array(fc.constantFrom('a', 'b', 'c')), (first, changes, gone) => {
      const { endpoints: before } = usable(service('shop', merged([], first, [])));
      const after = service('shop', merged(before, changes.slice(0, 3), gone));
      const found = usable(after, before);
      assert.deepEqual(found, usable(after));
      if (found.problems.length === 0 && found.endpoints.length > 3) incremental++;
    }),
    { numRuns: 2000 },
  );
  assert.ok(incremental > 100, `only ${incremental} without problems`);
});

test('one object twice is a duplicate', () => {
  const one = endpoint(1);
  const { problems } = usable(service('shop', [one, one]), [one]);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['duplicate-address'],
  );
});
