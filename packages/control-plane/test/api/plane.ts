import { connect, type Logger, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { PartialConfig } from '../../src/config/load.ts';
import { type ControlPlane, loadConfig, startControlPlane } from '../../src/index.ts';
import { type StartServer, startEmbedded } from '../servers.ts';

const silent: Logger = { debug() {}, info() {}, warn() {} };

/** A control plane, and what calls its API. */
export interface ApiPlane extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly server: { readonly connect: string };
  readonly zk: ZooKeeper;
  call(path: string, init?: RequestInit): Promise<Answer>;
}

/** An answer, read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the API answers is looked at, not promised
  readonly body: any;
}

/**
 * @param api of the configuration, besides the address
 * @param start the server; the embedded one unless told
 */
export async function startApiPlane(
  api: PartialConfig = {},
  prepare: (zk: ZooKeeper) => Promise<void> = async () => {},
  start: StartServer = startEmbedded,
): Promise<ApiPlane> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await start());
  const zk = stack.use(await connect({ connect: server.connect }));
  await prepare(zk);
  const plane = stack.use(await startReplicaOf(server.connect, api));
  const running = stack.move();
  return {
    ...{ plane, server, zk },
    call: (path, init) => callAt(plane.api, path, init),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** One replica more. */
export async function startReplicaOf(
  zookeeper: string,
  api: PartialConfig = {},
): Promise<ControlPlane> {
  const listen = '127.0.0.1:0';
  const config = await loadConfig({
    flags: {
      zookeeper: { connect: zookeeper },
      controlPlane: { api: { listen, ...api }, xds: { listen }, dns: { listen } },
    },
  });
  const plane = await startControlPlane({ config, logger: silent });
  await plane.ready;
  return plane;
}

/** Asks, and reads the answer. */
export async function callAt(base: string, path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(`${base}${path}`, init);
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: json ? JSON.parse(text) : undefined,
  };
}
