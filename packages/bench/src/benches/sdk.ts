import { join } from 'node:path';
import type { Bench, BenchContext, Row } from '../bench.ts';
import { runScript } from '../process/child.ts';
import { type Cost, PATHS } from '../sdk/protocol.ts';

/** Processes of each, by turns: what the machine does meanwhile happens to both. */
const TURNS = 4;
const ROUNDS = 3;
const REQUESTS = 4_000;

const bench: Bench = {
  name: 'sdk',
  description:
    'CPU of a request by mesh.fetch, beside the platform’s fetch, which balances nothing',
  run,
};

export default bench;

async function run({ signal, progress }: BenchContext): Promise<Row[]> {
  const folder = join(import.meta.dirname, '../sdk');
  await using first = await runScript(join(folder, 'instance.ts'), [], signal);
  await using second = await runScript(join(folder, 'instance.ts'), [], signal);
  const ports = [first.said, second.said];
  const costs = { mesh: [] as Cost[], fetch: [] as Cost[] };
  for (let turn = 1; turn <= TURNS; turn++)
    for (const subject of ['mesh', 'fetch'] as const) {
      progress(`${subject}, ${turn} of ${TURNS}`);
      const args = [subject, String(ROUNDS), String(REQUESTS), ...ports];
      await using child = await runScript(join(folder, 'caller.ts'), args, signal);
      // By the process's own protocol.
      costs[subject].push(...(JSON.parse(child.said) as Cost[]));
    }
  return PATHS.map((path) => ({
    case: `CPU of a request for ${Number(path.slice(1)).toLocaleString('en')} bytes`,
    unit: 'µs',
    ours: median(costs.mesh, path),
    peers: { fetch: median(costs.fetch, path) },
  }));
}

function median(costs: readonly Cost[], path: string): number {
  const sorted = costs
    .filter((cost) => cost.path === path)
    .map(({ microseconds }) => microseconds)
    .sort((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * 10) / 10;
}
