import type { Bench, BenchContext, Row } from '../bench.ts';
import { measureSync } from '../kubernetes-sync/measure.ts';
import { median, quantile } from '../statistics.ts';

const SIZE = { services: 1_000, endpoints: 100, changes: 1_000 };

const bench: Bench = {
  name: 'kubernetes-sync',
  description:
    '1,000 services of 100 endpoints brought to Kubernetes: at first, and one change after another',
  run,
};

export default bench;

/** Nobody else brings a catalog to Kubernetes from here: the figures stand alone. */
async function run({ signal, progress }: BenchContext): Promise<Row[]> {
  progress('bringing all, then changes');
  const { initial, initialWrites, changes, mostWrites } = await measureSync(SIZE, signal);
  const sorted = changes.toSorted((a, b) => a - b);
  const row = (title: string, unit: string, ours: number): Row => ({
    case: title,
    unit,
    ours,
    peers: {},
  });
  return [
    row('initial sync', 'ms', initial),
    row('initial sync, API writes', '', initialWrites),
    row('one change to its written slice, median', 'ms', median(sorted)),
    row('one change to its written slice, p99', 'ms', quantile(sorted, 0.99)),
    row('API writes of one change, at most', '', mostWrites),
  ];
}
