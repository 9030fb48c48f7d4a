import { join } from 'node:path';
import type { Bench, BenchContext, Row } from '../bench.ts';
import { HOST, ours, peers, type Subject } from '../gateway/peers.ts';
import { generator, load } from '../load/load.ts';
import { runScript } from '../process/child.ts';
import { cpuSeconds } from '../process/cpu-time.ts';
import { median } from '../statistics.ts';

const CONNECTIONS = 64;
const ROUNDS = 5;
const SECONDS = 2;

/** One short run against one gateway. */
interface Round {
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

const bench: Bench = {
  name: 'gateway',
  description: 'forwarding HTTP/1.1, 1 KiB responses, 64 connections; each gateway on one core',
  run,
};

export default bench;

async function run({ signal, progress }: BenchContext): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const file = join(import.meta.dirname, '../gateway/backend.ts');
  const backend = stack.use(await runScript(file, [], signal));
  const subjects: Subject[] = [];
  for (const start of [ours, ...Object.values(peers)]) {
    const subject = await start(Number(backend.said), signal);
    if (subject) subjects.push(stack.use(subject));
  }
  const rounds = new Map<string, Round[]>(subjects.map(({ name }) => [name, []]));
  for (const subject of subjects) await measure(subject, 2, signal);
  for (let round = 1; round <= ROUNDS; round++) {
    progress(`round ${round} of ${ROUNDS}, load by ${generator()}`);
    for (const subject of subjects) {
      rounds.get(subject.name)?.push(await measure(subject, SECONDS, signal));
    }
  }
  return rows(rounds);
}

async function measure({ name, pid, port }: Subject, seconds: number, signal: AbortSignal) {
  const before = cpuSeconds(pid);
  const result = await load({ port, host: HOST, connections: CONNECTIONS, seconds }, signal);
  const used = cpuSeconds(pid) - before;
  if (result.errors > 0) throw new Error(`${name}: ${result.errors} requests failed`);
  const { perSecond, p50, p99 } = result;
  return { perCpuSecond: result.requests / used, perSecond, p50, p99 };
}

function rows(rounds: ReadonlyMap<string, readonly Round[]>): Row[] {
  const row = (title: string, unit: string, pick: (round: Round) => number): Row => {
    const value = (name: string) => {
      const measured = rounds.get(name);
      return measured && median(measured.map(pick));
    };
    const values = Object.fromEntries(Object.keys(peers).map((name) => [name, value(name)]));
    return { case: title, unit, ours: value('meshkeeper') ?? Number.NaN, peers: values };
  };
  return [
    row('requests per CPU-second', '1/s', ({ perCpuSecond }) => perCpuSecond),
    row('requests per second', '1/s', ({ perSecond }) => perSecond),
    row('latency p50', 'ms', ({ p50 }) => p50),
    row('latency p99', 'ms', ({ p99 }) => p99),
  ];
}
