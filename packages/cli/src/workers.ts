import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { CliError } from './exit-code.ts';

/** Milliseconds before a worker that ended takes part again. */
const RESTART = 1_000;

/** What a worker says to the process that started it. */
interface Ready {
  readonly gateway: string;
}

/**
 * Runs so many processes of the same command line, which share their listeners. One that ends is replaced.
 * @returns what they say that they listen on, when all of them do
 */
export async function runWorkers(count: number, stack: AsyncDisposableStack): Promise<string> {
  let closing = false;
  const running = new Set<Worker>();
  const begin = (): Worker => {
    const worker = cluster.fork();
    running.add(worker);
    worker.once('exit', (code, signal) => {
      running.delete(worker);
      if (closing) return;
      process.stderr.write(`worker ${worker.id} has ended (${signal ?? code}): another begins\n`);
      void pause(RESTART).then(() => closing || begin());
    });
    return worker;
  };
  stack.defer(async () => {
    closing = true;
    await Promise.all(
      [...running].map(async (worker) => {
        const gone = once(worker, 'exit');
        worker.process.kill('SIGTERM');
        await gone;
      }),
    );
  });
  const gateways = await Promise.all(Array.from({ length: count }, () => ready(begin())));
  return gateways[0]!; // they share it
}

async function ready(worker: Worker): Promise<string> {
  const exit = Promise.withResolvers<never>();
  // The worker has said why.
  const ended = () => exit.reject(new CliError('a worker could not begin'));
  worker.once('exit', ended);
  const [said]: [Ready] = await Promise.race([
    once(worker, 'message') as Promise<[Ready]>,
    exit.promise,
  ]);
  worker.off('exit', ended);
  return said.gateway;
}

/** The number of this worker, when the process is one. */
export function workerNumber(): number | undefined {
  return cluster.worker?.id;
}

/** Of a worker: says that it serves, and ends when the process that started it does. */
export function reportReady(gateway: string): void {
  process.send?.({ gateway } satisfies Ready);
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}
