/** A replica in a process of its own, to be killed: `replica.ts ZOOKEEPER`. Says where its API is. */
import { loadConfig, startControlPlane } from '../../src/index.ts';

const listen = '127.0.0.1:0';
const config = await loadConfig({
  flags: {
    zookeeper: { connect: process.argv[2] ?? '' },
    controlPlane: { api: { listen }, xds: { listen }, dns: { listen } },
  },
});
const plane = await startControlPlane({ config, logger: { debug() {}, info() {}, warn() {} } });
await plane.ready;
console.log(plane.api);
