/**
 * Runs the benches and writes `docs/performance.md` from what they measured: `npm run performance`,
 * or `npm run performance -- gateway` for one of them (the others keep what stands there).
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Report } from '@meshkeeper/bench';

const PAGE = 'docs/performance.md';
const BENCHES = [
  'propagation',
  'xds-push',
  'gateway',
  'failover',
  'locks',
  'zk-client',
  'catalog',
  'balance',
  'dns',
  'config',
  'sdk',
  'api',
];

function measure(bench: string): Report {
  const args = ['--conditions=source', 'packages/bench/src/main.ts', bench, '--json'];
  const output = execFileSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  // The runner's own form.
  return JSON.parse(output.toString()) as Report;
}

function section({ bench, machine, rows }: Report): string {
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const number = (value: number) =>
    value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
  return [
    `## ${bench}`,
    '',
    `\`npm run bench -- ${bench}\`, on ${machine.cores} cores of ${machine.cpu} (${machine.platform}, ${machine.memoryGiB} GiB, Node ${machine.node}).`,
    ...(peers.length > 0 ? ['In brackets: ours divided by the peer.'] : []),
    '',
    line(['', 'unit', 'ours', ...peers]),
    line(['---', '---', '---', ...peers.map(() => '---')]),
    ...rows.map((row) =>
      line([
        row.case,
        row.unit,
        number(row.ours),
        ...peers.map((peer) => {
          const value = row.peers[peer];
          const ratio = row.ratios[peer];
          if (value === undefined) return '-';
          return ratio === undefined ? number(value) : `${number(value)} (${number(ratio)})`;
        }),
      ]),
    ),
    '',
  ].join('\n');
}

const wanted = process.argv.slice(2);
const page = readFileSync(PAGE, 'utf8');
const [intro, ...sections] = page.split(/^(?=## )/m);
const kept = new Map(sections.map((text) => [text.slice(3, text.indexOf('\n')), text]));
for (const bench of wanted.length > 0 ? wanted : BENCHES) kept.set(bench, section(measure(bench)));
writeFileSync(
  PAGE,
  [intro, ...[...kept.values()].map((text) => `${text.trimEnd()}\n`)]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n'),
);
