import { startZooKeeper } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import type { Bench, BenchContext, Row } from '../bench.ts';
import { ControlPlaneProcess } from '../propagation/control-plane-process.ts';
import { Fleet } from '../propagation/fleet.ts';
import { startGateway } from '../propagation/gateway.ts';
import { rows } from '../propagation/rows.ts';
import { measure, type Pace } from '../propagation/run.ts';

const SERVICES = 100;
const INSTANCES = 10;
const CHANGES = 1_000;
const WARM_UP = 500;

const PACES: readonly Pace[] = [
  { name: '50 a second', burst: 1, gap: 20 },
  { name: 'bursts of 50', burst: 50, gap: 500 },
];

const bench: Bench = {
  name: 'propagation',
  description: 'from a commit in ZooKeeper to the ACK of an Envoy; 100 services of 10 instances',
  run,
};

export default bench;

async function run({ signal, progress }: BenchContext): Promise<Row[]> {
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
