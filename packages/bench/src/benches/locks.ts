import { startZooKeeper } from '@meshkeeper/testbed';
import type { Bench, BenchContext, Row } from '../bench.ts';
import { CONTENDERS, type Result, type Step } from '../locks/protocol.ts';
import { subjects } from '../locks/subjects.ts';
import { LineProcess } from '../process/line-process.ts';
import { median, quantile } from '../statistics.ts';

const WARM_UPS = 3;
const ROUNDS = 9;
const COUNT = 1_000;

const bench: Bench = {
  name: 'locks',
  description: `a mutex, alone and handed over among ${CONTENDERS} sessions; a real ZooKeeper`,
  run,
};

export default bench;

async function run({ signal, progress }: BenchContext): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  // As little of what is measured as possible: without waits for the disk, and compiled well.
  const properties = { 'zookeeper.forceSync': 'no' };
  const jvm = ['-XX:TieredStopAtLevel=4'];
  const server = stack.use(await startZooKeeper({ properties, jvm, signal }));
  const running: LineProcess[] = [];
  for (const [name, commandOf] of Object.entries(subjects)) {
    const command = commandOf(server.connect);
    if (command === undefined) progress(`${name} is not installed`);
    else running.push(stack.use(await LineProcess.start(name, command, signal)));
  }
  const measured = { alone: results(), queue: results() };
  for (let round = 1 - WARM_UPS; round <= ROUNDS; round++) {
    progress(round < 1 ? 'warming up' : `round ${round} of ${ROUNDS}`);
    for (const operation of ['alone', 'queue'] as const)
      for (const subject of running) {
        const step: Step = { operation, count: COUNT };
        const result = await subject.ask<Result>(step);
        if (round > 0) measured[operation].get(subject.name)?.push(result);
      }
  }
  return [
    row(measured.alone, 'alone: acquired and released', '1/s', ({ seconds }) => COUNT / seconds),
    row(measured.alone, 'alone: CPU for each', 'µs', ({ cpu }) => (cpu * 1e6) / COUNT),
    row(measured.queue, 'handed over, p50', 'ms', (result) => handedOver(result, 0.5)),
    row(measured.queue, 'handed over, p99', 'ms', (result) => handedOver(result, 0.99)),
    row(measured.queue, 'handed over: CPU for each', 'µs', ({ cpu, handOvers }) => {
      // Those who are in the queue at the end have the mutex once more.
      return (cpu * 1e6) / handOvers.length;
    }),
  ];
}

function results(): Map<string, Result[]> {
  return new Map(Object.keys(subjects).map((name) => [name, []]));
}

function handedOver({ handOvers }: Result, share: number): number {
  return quantile(Float64Array.from(handOvers).sort(), share);
}

function row(
  measured: ReadonlyMap<string, readonly Result[]>,
  title: string,
  unit: string,
  pick: (result: Result) => number,
): Row {
  const values = [...measured].map(([name, found]) => {
    return [name, found.length > 0 ? median(found.map(pick)) : undefined] as const;
  });
  const { meshkeeper, ...peers } = Object.fromEntries(values);
  return { case: title, unit, ours: meshkeeper ?? Number.NaN, peers };
}
