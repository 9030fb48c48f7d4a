import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { startZooKeeper } from '@meshkeeper/testbed';
import type { Bench, BenchContext, Row } from '../bench.ts';
import {
  type Audience,
  ask,
  type Propagation,
  type Publisher,
  publishes,
  through,
  WARM_UP,
} from '../config/publishes.ts';
import { served } from '../config/served.ts';
import { within } from '../config/within.ts';
import { type Child, runScript } from '../process/child.ts';
import { cpuSeconds } from '../process/cpu-time.ts';
import { quantile } from '../statistics.ts';

const KEYS = 100;
const PUBLISHES = 30;
const SECONDS = 4;
const AT_ONCE = 32;
/** Milliseconds for a program to be ready in, on a busy machine. */
const START = 120_000;
/** Those who have what is published, and how. */
const AUDIENCES: readonly (Audience & { readonly who: string })[] = [
  { who: '1,000 clients that wait at resolve', script: 'pollers.ts', clients: 1_000, processes: 2 },
  { who: '200 of openConfig', script: 'openers.ts', clients: 200, processes: 4 },
];

/** What the stack takes by itself: nothing is stored, and what is sent is there already. */
const PEER = 'fastify, the same bytes';

const bench: Bench = {
  name: 'config',
  description: 'A publish to 1,000 waiting clients through another replica; resolves per second',
  run,
};

export default bench;

async function run({ signal, progress }: BenchContext): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startZooKeeper({ signal }));
  const start = async (name: string, ...args: string[]) => {
    const started = runScript(join(import.meta.dirname, '../config', name), args, signal);
    return stack.use(await within(START, `${name} to be ready`, started));
  };
  const watched = await start('replica.ts', server.connect);
  const written = await start('replica.ts', server.connect);
  const set = Object.fromEntries(Array.from({ length: KEYS }, (_, i) => [`key.${i}`, `v${i}`]));
  await ask(written.said, 'PATCH', '/config/shop/default/draft', { set }, signal);
  await ask(written.said, 'POST', '/config/shop/default/publish', {}, signal);
  const publisher = through(written.said, signal);
  await publisher.prepare(0);
  await publisher.publish();
  const url = `${watched.said}/api/v1/config/shop/resolve?profile=prod`;
  const bare = await start('bare.ts', await served(url, 0, signal));
  const rows: Row[] = [];
  let value = 1;
  for (const { who, ...audience } of AUDIENCES) {
    progress(`${PUBLISHES} publishes to ${who}`);
    const values = Array.from({ length: 1 + WARM_UP + PUBLISHES }, () => value++);
    const ours = await publishes(publisher, watched, audience, values, signal);
    const isPolled = audience.script === 'pollers.ts';
    const theirs = isPolled
      ? await publishes(toBare(bare.said, signal), bare, audience, values, signal)
      : undefined;
    rows.push(...rowsOf(who, ours, theirs));
  }
  progress('resolves');
  const loaded = (child: Child, of: string) =>
    within(START, `resolves of ${of}`, load(child, of, signal));
  const [ours, fastify] = [await loaded(watched, url), await loaded(bare, bare.said)];
  const titles = { perSecond: 'per second', perCpuSecond: 'per CPU-second' } as const;
  for (const name of ['perSecond', 'perCpuSecond'] as const)
    rows.push({
      case: `resolves of ${KEYS} keys ${titles[name]}`,
      unit: '1/s',
      ours: ours[name],
      peers: { [PEER]: fastify[name] },
    });
  return rows;
}

function toBare(url: string, signal: AbortSignal): Publisher {
  let next = 0;
  return {
    async prepare(value) {
      next = value;
    },
    async publish() {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ value: next });
      const response = await fetch(`${url}/publish`, { method: 'POST', headers, body, signal });
      await response.arrayBuffer();
    },
  };
}

function rowsOf(who: string, ours: Propagation, theirs: Propagation | undefined): Row[] {
  type Of = (propagation: Propagation) => number;
  const alone = (title: string, unit: string, of: Of): Row => {
    return { case: `${title}, ${who}`, unit, ours: of(ours), peers: {} };
  };
  const row = (title: string, unit: string, of: Of): Row => ({
    ...alone(title, unit, of),
    peers: theirs === undefined ? {} : { [PEER]: of(theirs) },
  });
  const at = (all: readonly number[], q: number) => quantile(Float64Array.from(all).sort(), q);
  return [
    // Who has nothing to store has sent everything before it answers.
    alone("from the publish's answer to the values, p50", 'ms', (all) => at(all.fromAnswer, 0.5)),
    alone("from the publish's answer to the values, p99", 'ms', (all) => at(all.fromAnswer, 0.99)),
    row('from the publish to the values, p50', 'ms', (all) => at(all.fromRequest, 0.5)),
    row('from the publish to the values, p99', 'ms', (all) => at(all.fromRequest, 0.99)),
    row("the server's CPU for a client and a publish", 'µs', (all) => all.replica),
    row("the client's CPU for a publish", 'µs', (all) => all.client),
  ];
}

/** Asks again and again, always so many at once. */
async function load({ pid }: Child, url: string, signal: AbortSignal) {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const [begun, before] = [performance.now(), cpuSeconds(pid)];
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
  return { perSecond: count / elapsed(), perCpuSecond: count / (cpuSeconds(pid) - before) };
}
