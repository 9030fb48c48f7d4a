import { loadConfig, startControlPlane } from '@meshkeeper/control-plane';
import type { Stage } from './stage.ts';

/** Who is registered in ZooKeeper, as a control plane sees it. */
export interface HeartbeatWatch extends AsyncDisposable {
  /** From now on it is the instances of this service that the heartbeat's cluster has. */
  follow(service: string): void;
}

/** Assigns instances to the heartbeat's cluster. */
export async function watchHeartbeats(stage: Stage, zookeeper: string): Promise<HeartbeatWatch> {
  let followed = '';
  const config = await loadConfig({
    flags: {
      zookeeper: { connect: zookeeper },
      controlPlane: {
        api: { listen: '127.0.0.1:0' },
        xds: { listen: '127.0.0.1:0' },
        dns: { listen: '127.0.0.1:0' },
      },
    },
  });
  const controlPlane = await startControlPlane({
    config,
    logger: { debug() {}, info() {}, warn: console.error },
    onSnapshot({ services }) {
      const endpoints = services.get(followed)?.endpoints ?? [];
      stage.assign(
        'heartbeat',
        endpoints.map(({ port }) => port),
      );
    },
  });
  await controlPlane.ready;
  return {
    follow(service) {
      followed = service;
    },
    [Symbol.asyncDispose]: () => controlPlane.close(),
  };
}
