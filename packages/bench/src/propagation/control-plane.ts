/** A control plane alone in a process: `control-plane.ts ZOOKEEPER`. Any message asks for a report. */
import { loadConfig, startControlPlane } from '@meshkeeper/control-plane';
import type { Message } from './message.ts';
import { now } from './now.ts';
import { Tracker } from './tracker.ts';

const config = await loadConfig({
  flags: {
    zookeeper: { connect: process.argv[2] ?? '' },
    controlPlane: {
      api: { listen: '127.0.0.1:0' },
      xds: { listen: '127.0.0.1:0' },
      dns: { listen: '127.0.0.1:0' },
    },
  },
});
const tracker = new Tracker();
const controlPlane = await startControlPlane({
  config,
  now,
  logger: { debug() {}, info() {}, warn: console.error },
  onSnapshot: (_, changes, at) => tracker.published(changes, at),
  observer: {
    acked: (event) => tracker.acked(event, event.ackedAt),
    nacked: () => tracker.nacked(),
  },
});
await controlPlane.ready;

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  say({ type: 'report', ...tracker.take(), cpu: (user + system) / 1000 });
});
process.once('disconnect', () => void controlPlane.close());
say({ type: 'listening', xds: controlPlane.xds });

function say(message: Message): void {
  process.send?.(message);
}
