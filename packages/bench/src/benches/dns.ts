import { join } from 'node:path';
import type { Bench, BenchContext, Row } from '../bench.ts';
import { startCoreDns } from '../dns/core-dns.ts';
import { drains } from '../dns/drains.ts';
import type { Load } from '../dns/load.ts';
import { runScript } from '../process/child.ts';
import { cpuSeconds } from '../process/cpu-time.ts';
import { median, quantile } from '../statistics.ts';

const WINDOW = 32;
const ROUNDS = 5;
const SECONDS = 2;
const DRAINS = 400;
const PEERS = ['coredns', 'dns2'] as const;

/** One of those that are compared. */
interface Subject extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** What it is asked for. */
  readonly types: readonly string[];
}

interface Round {
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly p50: number;
  readonly p99: number;
}

const bench: Bench = {
  name: 'dns',
  description: 'DNS answers from 1,000 services of 10 endpoints; each server on one core',
  run,
};

export default bench;

async function run({ signal, progress }: BenchContext): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const subjects: Subject[] = [];
  for (const start of [ours, coreDns, dns2]) {
    const subject = await start(signal);
    if (subject) subjects.push(stack.use(subject));
  }
  const rounds = new Map<string, Round[]>();
  for (let round = 0; round <= ROUNDS; round++) {
    progress(round === 0 ? 'warming up' : `round ${round} of ${ROUNDS}`);
    for (const subject of subjects)
      for (const type of subject.types) {
        const measured = await measure(subject, type, signal);
        const key = `${subject.name} ${type}`;
        if (round > 0) rounds.set(key, [...(rounds.get(key) ?? []), measured]);
      }
  }
  progress('drains');
  const times = (await drains(DRAINS, signal)).sort((a, b) => a - b);
  const drain = (share: number): Row => {
    const title = `from an overlay's write to the changed answer, p${share * 100}`;
    return { case: title, unit: 'ms', ours: quantile(times, share), peers: {} };
  };
  return [...rowsOf(rounds, 'A'), ...rowsOf(rounds, 'SRV'), drain(0.5), drain(0.99)];
}

async function measure(
  { name, pid, port }: Subject,
  type: string,
  signal: AbortSignal,
): Promise<Round> {
  const before = cpuSeconds(pid);
  const args = [port, type, WINDOW, SECONDS].map(String);
  await using child = await runScript(join(import.meta.dirname, '../dns/load.ts'), args, signal);
  // By the process's own protocol.
  const { answered, failed, perSecond, p50, p99 } = JSON.parse(child.said) as Load;
  if (failed > 0) throw new Error(`${name}: ${failed} of ${answered} questions failed`);
  return { perSecond, perCpuSecond: answered / (cpuSeconds(pid) - before), p50, p99 };
}

function rowsOf(rounds: ReadonlyMap<string, readonly Round[]>, type: string): Row[] {
  const row = (title: string, unit: string, pick: (round: Round) => number): Row => {
    const value = (name: string) => {
      const measured = rounds.get(`${name} ${type}`);
      return measured && median(measured.map(pick));
    };
    const peers = Object.fromEntries(PEERS.map((name) => [name, value(name)]));
    return { case: `${type}: ${title}`, unit, ours: value('meshkeeper') ?? Number.NaN, peers };
  };
  return [
    row('answers per second', '1/s', ({ perSecond }) => perSecond),
    row('answers per CPU-second', '1/s', ({ perCpuSecond }) => perCpuSecond),
    row('latency p50', 'ms', ({ p50 }) => p50),
    row('latency p99', 'ms', ({ p99 }) => p99),
  ];
}

function ours(signal: AbortSignal): Promise<Subject> {
  return script('meshkeeper', 'ours.ts', ['A', 'SRV'], signal);
}

function dns2(signal: AbortSignal): Promise<Subject> {
  return script('dns2', 'dns2.ts', ['A'], signal);
}

async function script(
  name: string,
  file: string,
  types: readonly string[],
  signal: AbortSignal,
): Promise<Subject> {
  const child = await runScript(join(import.meta.dirname, '../dns', file), [], signal);
  const dispose = () => child[Symbol.asyncDispose]();
  return { name, types, pid: child.pid, port: Number(child.said), [Symbol.asyncDispose]: dispose };
}

async function coreDns(signal: AbortSignal): Promise<Subject | undefined> {
  const child = await startCoreDns(signal);
  if (child === undefined) return undefined;
  const dispose = () => child[Symbol.asyncDispose]();
  const { pid, port } = child;
  return { name: 'coredns', types: ['A', 'SRV'], pid, port, [Symbol.asyncDispose]: dispose };
}
