import { startEnvoy } from '@meshkeeper/testbed';
import { meshkeeper, startMeshkeeper } from './command.ts';

/** A gateway that the control plane configures. */
export interface DataPlane extends AsyncDisposable {
  /** Its name at the control plane. */
  readonly id: string;
  readonly url: string;
}

/** The kinds there are, by name: each starts one on a free port. */
export const dataPlanes: Readonly<Record<string, (xds: string, id: string) => Promise<DataPlane>>> =
  {
    async 'the embedded proxy'(xds, id) {
      const args = ['proxy', '--xds', xds, '--gateway-listen', '127.0.0.1:0', '--id', id];
      const proxy = await startMeshkeeper(args);
      return {
        id,
        url: proxy.ready.gateway,
        [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
      };
    },
    async Envoy(xds, id) {
      const listeners = ['--gateway-listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
      const args = ['bootstrap', 'envoy', '--xds', xds, '--id', id, ...listeners];
      const { stdout, stderr, code } = await meshkeeper(args);
      if (code !== 0) throw new Error(stderr);
      const envoy = await startEnvoy({ config: stdout, logLevel: 'warning' });
      const { gateway } = await envoy.listenerPorts();
      return {
        id,
        url: `http://127.0.0.1:${gateway}`,
        [Symbol.asyncDispose]: () => envoy.close(),
      };
    },
  };
