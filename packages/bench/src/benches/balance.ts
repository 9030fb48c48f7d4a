import { join } from 'node:path';
import type { Cost } from '../balance/protocol.ts';
import { subjects } from '../balance/subjects.ts';
import type { Bench, BenchContext, Row } from '../bench.ts';
import { runScript } from '../process/child.ts';

const SIZES = [10, 1_000, 10_000];

const bench: Bench = {
  name: 'balance',
  description: `a pick among ${SIZES.join(', ')} endpoints, each algorithm in a process of its own`,
  run,
};

export default bench;

async function run({ signal, progress }: BenchContext): Promise<Row[]> {
  const file = join(import.meta.dirname, '../balance/picks-process.ts');
  const rows: Row[] = [];
  for (const name of Object.keys(subjects)) {
    progress(name);
    await using child = await runScript(file, [name, ...SIZES.map(String)], signal);
    // By the process's own protocol.
    rows.push(...rowsOf(name, JSON.parse(child.said) as Cost[]));
  }
  return rows;
}

function rowsOf(name: string, costs: readonly Cost[]): Row[] {
  const peers = {};
  return [
    ...costs.map(({ endpoints, nanoseconds }) => ({
      ...{ case: `${name}: ${endpoints.toLocaleString('en')} endpoints`, unit: 'ns', peers },
      ours: nanoseconds,
    })),
    {
      ...{ case: `${name}: allocated, at most`, unit: 'B', peers },
      // A hundredth of a byte is the measuring's own.
      ours: Math.round(Math.max(0, ...costs.map(({ bytes }) => bytes))),
    },
  ];
}
