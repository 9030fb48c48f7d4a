import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationText, milliseconds } from '@meshkeeper/policy';
import fc from 'fast-check';
import { faultsOf } from '../support.ts';

test('durations are those of Gateway API', () => {
  // GEP-2257's own examples.
  for (const [text, ms] of Object.entries({
    '0h': 0,
    '0s': 0,
    '0h0m0s': 0,
    '1h': 3_600_000,
    '30m': 1_800_000,
    '10s': 10_000,
    '500ms': 500,
    '2h30m': 9_000_000,
    '150m': 9_000_000,
    '7230s': 7_230_000,
    '1h30m10s': 5_410_000,
    '10s30m1h': 5_410_000,
    '100ms200ms300ms': 600,
  }))
    assert.equal(milliseconds(text), ms, text);
  for (const text of ['', '1', '1d', '1.5h', '-30s', '100000h', '1h1m1s1ms1h', '1us', '1 s', '1S'])
    assert.ok(Number.isNaN(milliseconds(text)), text);
});

test('a written duration is as long as it was', () => {
  fc.assert(fc.property(fc.nat(99_999 * 3_600_000), (ms) => milliseconds(durationText(ms)) === ms));
  assert.equal(durationText(0), '0s');
  assert.equal(durationText(90_250), '1m30s250ms');
});

test('what is no duration is said to be none', () => {
  const rules = (request: unknown) => ({ rules: [{ timeouts: { request } }] });
  assert.deepEqual(faultsOf('HTTPRoute', rules('1.5s')), [
    'spec.rules[0].timeouts.request: is no duration: write 250ms, 10s, 1m30s or 1h (whole numbers)',
  ]);
  assert.deepEqual(faultsOf('HTTPRoute', rules(10)), [
    'spec.rules[0].timeouts.request: has to be text, and is 10: write "10" in quotes',
  ]);
});
