import assert from 'node:assert/strict';
import { test } from 'node:test';
import { report, table } from '../src/report.ts';
import { median, quantile } from '../src/statistics.ts';

const rows = [{ case: 'speed', unit: '1/s', ours: 300, peers: { fast: 600, absent: undefined } }];

test('the report has ratios, and leaves out what is not installed', () => {
  const { bench, rows: reported, machine } = report('gateway', rows);
  assert.equal(bench, 'gateway');
  assert(machine.cores > 0);
  const expected = {
    case: 'speed',
    unit: '1/s',
    ours: 300,
    peers: { fast: 600 },
    ratios: { fast: 0.5 },
  };
  assert.deepEqual(reported, [expected]);
});

test('the table says what is not installed', () => {
  assert.match(table(rows), /speed +1\/s +300 +600 \(0\.5\) +not installed/);
});

test('there is no ratio to nothing', () => {
  const nothing = [{ case: 'failures', unit: '1', ours: 0, peers: { other: 0, worse: 4 } }];
  assert.deepEqual(report('failover', nothing).rows[0]?.ratios, { worse: 0 });
  assert.match(table(nothing), /failures +1 +0 +0 +4 \(0\)/);
});

test('medians and quantiles', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(quantile([1, 2, 3, 4], 0.5), 3);
  assert(Number.isNaN(median([])));
});
