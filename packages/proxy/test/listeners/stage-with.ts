import assert from 'node:assert/strict';
import { until } from '@meshkeeper/testbed';
import type { HttpConnectionManager, VirtualHost } from '@meshkeeper/xds';
import { backend } from '../fixture.ts';
import {
  httpChain,
  listener,
  type Stage,
  startEmbedded,
  startStage,
  staticCluster,
} from '../stage.ts';

/** A host with everything, all of which goes to a cluster. */
export const to = (cluster: string): VirtualHost => ({
  name: 'all',
  domains: ['*'],
  routes: [{ match: { prefix: '/' }, route: { cluster } }],
});
/** A connection manager with the routes to `web`. */
export const manager = (more: HttpConnectionManager = {}): HttpConnectionManager => ({
  routeConfig: { virtualHosts: [to('web')] },
  ...more,
});

/** A stage with a cluster `web`, and a proxy that has it and a listener `http`. */
export async function stageWith(http: HttpConnectionManager, stack: AsyncDisposableStack) {
  const web = stack.use(
    await backend((incoming, response) => {
      incoming.resume();
      incoming.on('end', () => {
        if (incoming.url === '/big') response.end(Buffer.alloc(64 * 1024 * 1024));
        else response.end(`got ${incoming.url}`);
      });
    }),
  );
  const stage = stack.use(await startStage());
  stage.put('cluster', staticCluster('web', [web.port]));
  stage.put('listener', listener('http', [httpChain(http)]));
  const engine = stack.use(await startEmbedded(stage));
  return { stage, engine, port: engine.port('http'), web };
}

/** Puts a resource, and waits until the data plane has judged it. */
export async function judged(stage: Stage, change: () => void): Promise<void> {
  change();
  assert(!stage.settled(), 'it is a change');
  await until(() => stage.settled(), { message: 'the change is judged' });
}
