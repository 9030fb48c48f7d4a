import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { startZooKeeper } from '@meshkeeper/testbed';
import type { Bench, BenchContext, Row } from '../bench.ts';
import { ask, publishes } from '../config/publishes.ts';
import { runScript } from '../process/child.ts';
import { cpuSeconds } from '../process/cpu-time.ts';
import { quantile } from '../statistics.ts';

const WATCHERS = 1_000;
const PUBLISHES = 30;
const KEYS = 100;
const SECONDS = 4;
const AT_ONCE = 32;

const bench: Bench = {
  name: 'config',
  description: 'A publish to 1,000 watching clients through another replica; resolves per second',
  run,
};

export default bench;

async function run({ signal, progress }: BenchContext): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startZooKeeper({ signal }));
  const script = join(import.meta.dirname, '../config/replica.ts');
  const start = async () => stack.use(await runScript(script, [server.connect], signal));
  const [one, other] = [await start(), await start()];
  const set = Object.fromEntries(Array.from({ length: KEYS }, (_, i) => [`key.${i}`, `v${i}`]));
  await ask(one.said, 'PATCH', '/config/shop/default/draft', { set }, signal);
  await ask(one.said, 'POST', '/config/shop/default/publish', {}, signal);
  progress(`${PUBLISHES} publishes to ${WATCHERS} watchers`);
  const load = { watchers: WATCHERS, count: PUBLISHES };
  const { arrivals, whole } = await publishes([one.said, other.said], load, signal);
  progress('resolves');
  const before = cpuSeconds(one.pid);
  const { count, seconds } = await resolves(one.said, signal);
  const cpu = cpuSeconds(one.pid) - before;
  const sorted = arrivals.toSorted((a, b) => a - b);
  const row = (title: string, unit: string, ours: number): Row => {
    return { case: title, unit, ours, peers: {} };
  };
  const all = whole.toSorted((a, b) => a - b);
  return [
    row("from the publish's answer to a watcher's digest, p50", 'ms', quantile(sorted, 0.5)),
    row("from the publish's answer to a watcher's digest, p99", 'ms', quantile(sorted, 0.99)),
    row('from the publish to its last watcher, p50', 'ms', quantile(all, 0.5)),
    row(`resolves of ${KEYS} keys per second`, '1/s', count / seconds),
    row(`resolves of ${KEYS} keys per CPU-second`, '1/s', count / cpu),
  ];
}

/** Asks again and again, always so many at once. */
async function resolves(
  api: string,
  signal: AbortSignal,
): Promise<{ readonly count: number; readonly seconds: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const url = `${api}/api/v1/config/shop/resolve?profile=prod`;
  const begun = performance.now();
  let count = 0;
  const elapsed = () => (performance.now() - begun) / 1_000;
  const worker = async () => {
    while (elapsed() < SECONDS) {
      await new Promise<void>((resolve, reject) => {
        get(url, { agent, signal }, (response) => response.resume().once('end', resolve)).once(
          'error',
          reject,
        );
      });
      count++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  agent.destroy();
  return { count, seconds: elapsed() };
}
