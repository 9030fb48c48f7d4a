import { createInterface } from 'node:readline';
import { type Clock, startZooKeeperServer, systemClock } from '@meshkeeper/zookeeper-server';

// The embedded server in a process of its own, to be killed and paused: argument 1 is the data
// directory, 2 the port. Each line of its input is by how many milliseconds its wall clock is wrong.
const [dataDir, port] = process.argv.slice(2);
let skipped = 0;
const clock: Clock = {
  now: () => systemClock.now() + skipped,
  monotonic: () => systemClock.monotonic(),
};
const server = await startZooKeeperServer({ dataDir, port: Number(port), tickTime: 200, clock });
process.stdout.write('ready\n');
process.once('SIGTERM', () => void server.close().then(() => process.exit()));
for await (const line of createInterface(process.stdin)) skipped = Number(line);
process.exit(); // whoever started it is gone
