import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import type { Row } from './bench.ts';

/** What `--json` prints. */
export interface Report {
  readonly bench: string;
  readonly machine: {
    readonly platform: string;
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly node: string;
  };
  readonly rows: readonly {
    readonly case: string;
    readonly unit: string;
    readonly ours: number;
    readonly peers: Readonly<Record<string, number>>;
    /** Ours divided by the peer's; there is none to nothing. */
    readonly ratios: Readonly<Record<string, number>>;
  }[];
}

/** The rows with their ratios; a peer that is not installed is left out. */
export function report(bench: string, rows: readonly Row[]): Report {
  return {
    bench,
    machine: {
      platform: `${platform()} ${arch()}`,
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
    rows: rows.map((row) => {
      const peers: Record<string, number> = {};
      const ratios: Record<string, number> = {};
      for (const [name, value] of Object.entries(row.peers)) {
        if (value === undefined) continue;
        peers[name] = value;
        if (value !== 0) ratios[name] = round(row.ours / value);
      }
      return { case: row.case, unit: row.unit, ours: row.ours, peers, ratios };
    }),
  };
}

/** The rows for a terminal: a line each, a column for every peer with the ratio beside it. */
export function table(rows: readonly Row[]): string {
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))];
  const lines = [['', 'unit', 'meshkeeper', ...peers.map((peer) => `${peer} (ratio)`)]];
  for (const row of rows) {
    const cells = peers.map((peer) => {
      const value = row.peers[peer];
      if (value === undefined) return 'not installed';
      return value === 0 ? '0' : `${figure(value)} (${round(row.ours / value)})`;
    });
    lines.push([row.case, row.unit, figure(row.ours), ...cells]);
  }
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const padded = lines.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))),
  );
  return padded.map((line) => line.join('  ').trimEnd()).join('\n');
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(round(value));
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
