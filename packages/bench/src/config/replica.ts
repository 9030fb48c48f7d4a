/** A replica of the control plane in a process of its own: `replica.ts ZOOKEEPER`. Says its API. */
import { loadConfig, startControlPlane } from '@meshkeeper/control-plane';

const listen = '127.0.0.1:0';
const config = await loadConfig({
  flags: {
    zookeeper: { connect: process.argv[2] ?? '' },
    controlPlane: {
      api: { listen, limits: { streams: 10_000 } },
      xds: { listen },
      dns: { listen },
    },
  },
});
const plane = await startControlPlane({
  config,
  logger: { debug() {}, info() {}, warn: console.error },
});
await plane.ready;
process.once('SIGTERM', () => void plane.close());
console.log(plane.api);
