import { flushCompileCache } from 'node:module';
import { startZooKeeperServer } from '../../src/index.ts';

// Started by the crash tests as a process of its own: argument 1 is the data directory, 2 the port.
const [dataDir, port, snapshotEvery] = process.argv.slice(2);
const server = await startZooKeeperServer({
  dataDir,
  port: Number(port),
  snapshotEvery: Number(snapshotEvery ?? 1_000),
});
process.stdout.write(`${server.address.port}\n`);
// At the end there may be no time for it: the tests kill.
flushCompileCache();
process.once('SIGTERM', () => void server.close());
server.ended.catch(() => process.exit(1));
