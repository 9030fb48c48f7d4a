import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureSync } from '../src/kubernetes-sync/measure.ts';

test('kubernetes-sync: a Service and a slice each at first, then one write a change', async () => {
  const size = { services: 5, endpoints: 20, changes: 15 };
  const figures = await measureSync(size, new AbortController().signal);
  assert.equal(figures.initialWrites, 10);
  assert.equal(figures.mostWrites, 1);
  assert.equal(figures.changes.length, 15);
  assert.ok(figures.initial > 0 && figures.changes.every((each) => each > 0));
});
