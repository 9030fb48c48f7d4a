import { parseArgs } from 'node:util';
import { benchNames, loadBench } from './catalog.ts';
import { report, table } from './report.ts';

const USAGE = 'npm run bench -- NAME [--json]';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const names = await benchNames();
const [name] = positionals;
if (name === undefined) {
  const benches = await Promise.all(names.map(loadBench));
  const lines = benches.map((bench) => `  ${bench.name.padEnd(14)} ${bench.description}`);
  console.log([USAGE, '', ...lines].join('\n'));
} else if (positionals.length > 1 || !names.includes(name)) {
  console.error(`There is no such bench; there are ${names.join(', ')}.\n${USAGE}`);
  process.exitCode = 2;
} else {
  await run(name);
}

async function run(name: string): Promise<void> {
  const stop = new AbortController();
  // The programs that it has started end with it.
  for (const end of ['SIGINT', 'SIGTERM'])
    process.once(end, () => stop.abort(new Error('interrupted')));
  const bench = await loadBench(name);
  const progress = (message: string) => console.error(message);
  const rows = await bench.run({ signal: stop.signal, progress });
  console.log(values.json ? JSON.stringify(report(name, rows)) : table(rows));
}
