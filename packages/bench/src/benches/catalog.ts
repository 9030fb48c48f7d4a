import type { Bench, BenchContext, Row } from '../bench.ts';
import { type Measured, measure } from '../catalog-load/measure.ts';
import { type Size, sizeText } from '../catalog-load/tree.ts';

const SIZES: readonly Size[] = [
  { services: 1_000, each: 10 },
  { services: 10_000, each: 10 },
  { services: 10_000, each: 66 },
];
const CHURN = { changes: 10_000, rate: 1_000 };

const bench: Bench = {
  name: 'catalog',
  description:
    'a registry is loaded, then changes; three sizes, a real ZooKeeper and a recorded stream',
  run,
};

export default bench;

async function run({ signal, progress }: BenchContext): Promise<Row[]> {
  const rows: Row[] = [];
  for (const size of SIZES) {
    progress(`${sizeText(size)} endpoints`);
    rows.push(...rowsOf(sizeText(size), await measure(size, CHURN, signal)));
  }
  return rows;
}

function rowsOf(size: string, { load, change, replayed }: Measured): Row[] {
  const row = (what: string, unit: string, ours: number): Row => ({
    ...{ case: `${size}: ${what}`, unit, ours, peers: {} },
  });
  return [
    row('loaded from ZooKeeper', 's', load.seconds),
    row('CPU of it', 's', load.cpu),
    row('resident then', 'MB', load.resident / 1e6),
    row(`CPU of a change from ZooKeeper, ${CHURN.rate} a second`, 'µs', change * 1e6),
    row('loaded from a recorded stream', 's CPU', replayed.load),
    row('CPU of a change of a recorded stream', 'µs', replayed.change * 1e6),
  ];
}
