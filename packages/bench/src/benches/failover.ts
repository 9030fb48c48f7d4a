import { startZooKeeper } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import type { Bench, BenchContext, Row } from '../bench.ts';
import { startGateways } from '../failover/gateways.ts';
import { ROOT } from '../failover/root.ts';
import { killOne, type Measured } from '../failover/run.ts';
import { SIGNALS, type Signal } from '../failover/signals.ts';
import { Stage } from '../failover/stage.ts';
import { watchHeartbeats } from '../failover/watch.ts';
import { median } from '../statistics.ts';

const bench: Bench = {
  name: 'failover',
  description: 'from kill -9 of one of four instances to the last failed request, by each signal',
  run,
};

export default bench;

async function run({ signal, progress }: BenchContext): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startZooKeeper({ signal }));
  await using zk = await connect({ connect: server.connect }, { signal });
  await zk.create(ROOT);
  const stage = stack.use(await Stage.start());
  const heartbeats = stack.use(await watchHeartbeats(stage, server.connect));
  const gateways = await startGateways(stage.port, signal);
  for (const gateway of gateways) stack.use(gateway);
  const scene = { stage, gateways, zookeeper: server.connect, heartbeats };
  const rows: Row[] = [];
  for (const [name, { title, rounds }] of Object.entries(SIGNALS)) {
    const measured = new Map<string, Measured[]>(gateways.map((each) => [each.name, []]));
    for (let round = 1; round <= rounds; round++) {
      progress(`${title}: round ${round} of ${rounds}`);
      // The names are all of them.
      const killed = await killOne(scene, name as Signal, signal);
      for (const [gateway, each] of killed) measured.get(gateway)?.push(each);
    }
    rows.push(...rowsOf(title, measured));
  }
  return rows;
}

function rowsOf(title: string, measured: ReadonlyMap<string, readonly Measured[]>): Row[] {
  const failed = (measured.get('meshkeeper') ?? []).some((each) => each.failedRetried > 0);
  if (failed) throw new Error(`${title}: requests failed although they are tried again`);
  const row = (text: string, unit: string, pick: (each: Measured) => number): Row => {
    const value = (name: string) => {
      const rounds = measured.get(name);
      return rounds && median(rounds.map(pick));
    };
    const ours = value('meshkeeper') ?? Number.NaN;
    return { case: `${title}: ${text}`, unit, ours, peers: { envoy: value('envoy') } };
  };
  return [
    row('until the last failure', 'ms', ({ lastFailed }) => lastFailed),
    row('failed', '1', (each) => each.failed),
    row('tried again: failed', '1', ({ failedRetried }) => failedRetried),
    row('tried again: slowest', 'ms', ({ slowest }) => slowest),
  ];
}
