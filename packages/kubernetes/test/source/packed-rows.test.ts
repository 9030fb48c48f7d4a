import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packRows, unpackRows } from '../../src/source/packed-rows.ts';

test('rows come back as they were packed, and what they share is kept once', () => {
  const text = fc.oneof(
    fc.stringMatching(/^[a-z0-9.:-]{0,8}$/),
    fc.stringMatching(/^pod-[ab]{0,3}-x$/),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text, text), { maxLength: 12 }), (rows) => {
      assert.deepEqual(unpackRows(packRows(rows)), rows);
    }),
  );
  const rows = Array.from({ length: 100 }, (_, i) => [
    `10.0.0.${i}`,
    `web-7d9f8b6c5-${i}.internal`,
  ]);
  assert.ok(packRows(rows).length * 4 < rows.flat().join().length);
});
