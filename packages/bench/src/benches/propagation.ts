import { startZooKeeper } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import type { Bench, BenchContext, Row } from '../bench.ts';
import { ControlPlaneProcess } from '../propagation/control-plane-process.ts';
import { Fleet } from '../propagation/fleet.ts';
import { startGateway } from '../propagation/gateway.ts';
import { rows } from '../propagation/rows.ts';
import { measure, type Pace } from '../propagation/run.ts';
import { Streams } from '../propagation/streams.ts';

const SERVICES = 100;
const INSTANCES = 10;
const CHANGES = 1_000;
const WARM_UP = 500;

/** Of the second part: streams that all have everything. */
const LARGE = { services: 1_000, instances: 10 };
const STREAMS = 100;

const PACES: readonly Pace[] = [
  { name: '50 a second', burst: 1, gap: 20 },
  { name: 'bursts of 50', burst: 50, gap: 500 },
];

const bench: Bench = {
  name: 'propagation',
  description: 'from a commit in ZooKeeper to the ACK of an Envoy, and to the last of 100 streams',
  run,
};

export default bench;

async function run(context: BenchContext): Promise<Row[]> {
  return [...(await toEnvoy(context)), ...(await toStreams(context))];
}

/** 1,000 services of 10 instances; a change has arrived when the last of 100 streams has it. */
async function toStreams({ signal, progress }: BenchContext): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startZooKeeper({ signal }));
  const zk = stack.use(await connect({ connect: server.connect }, { signal }));
  const fleet = await Fleet.register(zk, LARGE);
  const controlPlane = stack.use(await ControlPlaneProcess.start(server.connect, signal));
  const streams = stack.use(
    await Streams.connect(controlPlane.xds, STREAMS, fleet.services, signal),
  );
  progress(`${STREAMS} streams: warming up with ${WARM_UP} changes`);
  for (const pace of PACES) await streams.measure(fleet, controlPlane, pace, WARM_UP / 2, signal);
  const result: Row[] = [];
  for (const pace of PACES) {
    progress(`${STREAMS} streams: ${CHANGES} changes, ${pace.name}`);
    const measured = await streams.measure(fleet, controlPlane, pace, CHANGES, signal);
    result.push(...rows(`${STREAMS} streams, ${pace.name}`, measured));
  }
  return result;
}

async function toEnvoy({ signal, progress }: BenchContext): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startZooKeeper({ signal }));
  const zk = stack.use(await connect({ connect: server.connect }, { signal }));
  const fleet = await Fleet.register(zk, { services: SERVICES, instances: INSTANCES });
  const controlPlane = stack.use(await ControlPlaneProcess.start(server.connect, signal));
  stack.use(await startGateway(controlPlane.xds, signal));
  progress(`warming up with ${WARM_UP} changes`);
  for (const pace of PACES) await measure(fleet, controlPlane, pace, WARM_UP / 2, signal);
  const result: Row[] = [];
  for (const pace of PACES) {
    progress(`${CHANGES} changes, ${pace.name}`);
    const measured = await measure(fleet, controlPlane, pace, CHANGES, signal);
    result.push(...rows(pace.name, measured));
  }
  return result;
}
