import { loadConfig, startControlPlane } from '@meshkeeper/control-plane';
import type { ConnectOptions } from '@meshkeeper/sdk';
import { ensemble } from './ensemble.ts';

/** Where a mesh is, to run an example in. */
export interface Home extends AsyncDisposable {
  /** For `connect()`. */
  readonly at: ConnectOptions;
}

const SILENT = { debug() {}, info() {}, warn() {} };

/**
 * The control plane that `MESHKEEPER_SERVER` names; without it one on the example's own ensemble, that ends with
 * the example.
 */
export async function home(): Promise<Home> {
  if (process.env.MESHKEEPER_SERVER) return { at: {}, [Symbol.asyncDispose]: async () => {} };
  await using stack = new AsyncDisposableStack();
  const { connect } = stack.use(await ensemble());
  const config = await loadConfig({
    flags: {
      zookeeper: { connect },
      controlPlane: {
        ...{ api: { listen: '127.0.0.1:0' }, xds: { listen: '127.0.0.1:0' } },
        dns: { listen: '127.0.0.1:0' },
      },
    },
  });
  const { api, xds, ready } = stack.use(await startControlPlane({ config, logger: SILENT }));
  await ready;
  const running = stack.move();
  return {
    at: { server: api, xds, zookeeper: connect },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
