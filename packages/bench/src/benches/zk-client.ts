import { provision } from '@meshkeeper/testbed';
import type { Bench, BenchContext, Row } from '../bench.ts';
import { LineProcess } from '../process/line-process.ts';
import { clients } from '../zk-client/clients.ts';
import { countOf, OPERATIONS, WATCHES, WINDOWS } from '../zk-client/plan.ts';
import type { Result, Step, Watch } from '../zk-client/protocol.ts';
import { rows } from '../zk-client/rows.ts';
import { runOne } from '../zk-client/run.ts';
import { startServer, Writer } from '../zk-client/server.ts';

const WARM_UPS = 2;
const ROUNDS = 5;

const STEPS: readonly (Step | Watch)[] = [
  ...OPERATIONS.flatMap((operation) =>
    WINDOWS.map((window) => ({ operation, window, count: countOf(operation, window) })),
  ),
  { operation: 'watch', window: 256, count: WATCHES },
];

const bench: Bench = {
  name: 'zk-client',
  description: 'clients of ZooKeeper: get, set, create+delete at windows 1, 16, 256; watches',
  run,
};

export default bench;

async function run({ signal, progress }: BenchContext): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  // Compiles C, once; where that fails there is no such peer.
  await provision({ components: ['native-client'], log: progress, signal });
  const server = stack.use(await startServer(signal));
  const writer = stack.use(await Writer.connect(server.connect, signal));
  const running: LineProcess[] = [];
  for (const [name, commandOf] of Object.entries(clients)) {
    const command = commandOf(server.connect);
    if (command === undefined) progress(`${name} is not installed`);
    else running.push(stack.use(await LineProcess.start(name, command, signal)));
  }
  const measured = STEPS.map(() => new Map<string, Result[]>());
  for (const { name } of running) for (const results of measured) results.set(name, []);
  for (let round = 1 - WARM_UPS; round <= ROUNDS; round++) {
    progress(round < 1 ? 'warming up' : `round ${round} of ${ROUNDS}`);
    for (const [index, step] of STEPS.entries()) {
      for (const client of running) {
        const result = await runOne(client, step, writer);
        if (round >= 1) measured[index]?.get(client.name)?.push(result);
      }
    }
  }
  return STEPS.flatMap((step, index) => rows(step, measured[index] ?? new Map()));
}
