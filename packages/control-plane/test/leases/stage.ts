import { request } from 'node:http';
import { after, before, describe } from 'node:test';
import { DIALECTS } from '@meshkeeper/registries';
import { connect, type Logger, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type ControlPlane, loadConfig, startControlPlane } from '../../src/index.ts';
import { type Answer, callAt } from '../api/plane.ts';
import { SERVERS } from '../servers.ts';

const silent: Logger = { debug() {}, info() {}, warn() {} };

/** A replica that follows a registry of each dialect. */
export async function startReplicaOf(connect: string): Promise<ControlPlane> {
  const listen = '127.0.0.1:0';
  const registries = Array.from(DIALECTS, ([dialect, { defaultRoot }]) => ({
    ...{ name: dialect, dialect, root: defaultRoot ?? `/${dialect}`, priority: 0, prefix: '' },
  }));
  const loaded = await loadConfig({
    flags: {
      zookeeper: { connect },
      controlPlane: { api: { listen }, xds: { listen }, dns: { listen } },
    },
  });
  const config = { ...loaded, registries };
  const plane = await startControlPlane({ config, logger: silent });
  await plane.ready;
  return plane;
}

/** Two replicas on one server. */
export interface Stage {
  readonly connect: string;
  readonly zk: ZooKeeper;
  /** `http://host:port` of each replica. */
  readonly apis: readonly [string, string];
  /** Asks a replica, the first unless told. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
}

export interface CallOptions {
  readonly at?: 0 | 1;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** The same tests on each server, with two replicas. */
export function onReplicas(title: string, tests: (on: Stage) => void): void {
  describe(title, { concurrency: true }, () => {
    for (const [name, start] of Object.entries(SERVERS))
      describe(`on ${name}`, { concurrency: true }, () => {
        const stack = new AsyncDisposableStack();
        let stage: Omit<Stage, 'call'> | undefined;
        before(async () => {
          const server = stack.use(await start());
          const zk = stack.use(await connect({ connect: server.connect }));
          const a = stack.use(await startReplicaOf(server.connect));
          const b = stack.use(await startReplicaOf(server.connect));
          stage = { connect: server.connect, zk, apis: [a.api, b.api] };
        });
        after(() => stack.disposeAsync());
        const staged = () => {
          if (stage === undefined) throw new Error('the stage is not set yet');
          return stage;
        };
        tests({
          get connect() {
            return staged().connect;
          },
          get zk() {
            return staged().zk;
          },
          get apis() {
            return staged().apis;
          },
          call: (method, path, body, { at = 0, headers, signal } = {}) =>
            callAt(staged().apis[at], `/api/v1${path}`, {
              method,
              headers: {
                ...(body !== undefined && { 'content-type': 'application/json' }),
                ...headers,
              },
              ...(body !== undefined && { body: JSON.stringify(body) }),
              ...(signal && { signal }),
            }),
        });
      });
  });
}

/** A request whose connection can be broken while it waits, at once. */
export function openRequest(api: string, path: string, body: unknown) {
  const sent = request(`${api}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    agent: false,
  });
  sent.on('error', () => {});
  sent.end(JSON.stringify(body));
  return { break: () => void sent.destroy() };
}
