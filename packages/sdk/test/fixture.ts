import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ControlPlane, loadConfig, startControlPlane } from '@meshkeeper/control-plane';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { type ConnectOptions, connect, type Mesh } from '../src/index.ts';

const SILENT = { debug() {}, info() {}, warn() {} };

/** A ZooKeeper and a control plane on it. */
export interface Home extends AsyncDisposable {
  readonly zookeeper: string;
  readonly api: string;
  readonly xds: string;
  /** Connects to it; where its xDS server is, it says itself. */
  mesh(options?: ConnectOptions): Promise<Mesh>;
  /** Ends the control plane, as if its machine were gone. */
  stop(): Promise<void>;
  /** Starts another one at the same addresses. */
  restart(): Promise<void>;
}

/**
 * Starts a control plane on a ZooKeeper: an embedded one, unless it is given.
 * @param rest of its configuration
 */
export async function home(
  zookeeper?: string,
  rest: Readonly<Record<string, unknown>> = {},
): Promise<Home> {
  await using stack = new AsyncDisposableStack();
  const embedded = zookeeper
    ? undefined
    : stack.use(await startZooKeeperServer({ port: 0, tickTime: 200 }));
  const ensemble = zookeeper ?? embedded?.connect ?? '';
  const start = async (api: string, xds: string): Promise<ControlPlane> => {
    const config = await loadConfig({
      flags: {
        ...rest,
        zookeeper: { connect: ensemble },
        controlPlane: {
          api: { listen: api },
          xds: { listen: xds },
          dns: { listen: '127.0.0.1:0' },
        },
      },
    });
    const started = await startControlPlane({ config, logger: SILENT });
    await started.ready;
    return started;
  };
  let plane = await start('127.0.0.1:0', '127.0.0.1:0');
  stack.defer(() => plane.close());
  const { api, xds } = plane;
  const running = stack.move();
  return {
    ...{ zookeeper: ensemble, api, xds },
    mesh: (options) =>
      connect({ server: api, zookeeper: ensemble, sessionTimeout: 4_000, ...options }),
    stop: () => plane.close(),
    async restart() {
      plane = await start(api.replace('http://', ''), xds);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A server that listens on loopback. */
export interface Backend extends AsyncDisposable {
  readonly port: number;
  readonly server: Server;
  /** Drops every connection and stops listening, as a killed process does. */
  kill(): Promise<void>;
}

/** A real HTTP server. */
export async function backend(handler: RequestListener): Promise<Backend> {
  const server = createServer({ keepAliveTimeout: 60_000 }, handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const kill = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  // A TCP server that listens has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return { port, server, kill, [Symbol.asyncDispose]: kill };
}

/** Registers an instance on loopback that takes requests at once, and leaves at once. */
export function instance(mesh: Mesh, service: string, port: number) {
  return mesh.register({ service, address: '127.0.0.1', port, drain: { delay: 0 } });
}
