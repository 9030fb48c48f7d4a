import type { Bench, BenchContext, Row } from '../bench.ts';
import { onPath } from '../process/on-path.ts';
import { measureChurn } from '../xds-push/churn.ts';
import { measureHerd } from '../xds-push/herd.ts';
import { measurePush } from '../xds-push/push.ts';
import { measureStart } from '../xds-push/start.ts';

const CASES = { push: measurePush, churn: measureChurn, start: measureStart, herd: measureHerd };
const VARIANTS = ['delta', 'sotw'] as const;

const bench: Bench = {
  name: 'xds-push',
  description: "the xDS server beside go-control-plane's caches; up to 1,000 streams and services",
  run,
};

export default bench;

async function run({ signal, progress }: BenchContext): Promise<Row[]> {
  if (onPath('go') === undefined) progress('Go is not installed: ours is measured alone');
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries(CASES)) {
    for (const variant of VARIANTS) {
      progress(`${name}, ${variant}`);
      rows.push(...(await measure(variant, signal)));
    }
  }
  return rows;
}
