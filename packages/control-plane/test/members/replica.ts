import assert from 'node:assert/strict';
import { type FaultProxy, startFaultProxy } from '@meshkeeper/testbed';
import { XdsClient } from '@meshkeeper/xds';
import type { MeshView } from '../../src/api/mesh-view.ts';
import { type ControlPlane, loadConfig, startControlPlane } from '../../src/index.ts';

/** What `GET /convergence?policies=` answers. */
export type Outcome = ReturnType<MeshView['outcome']>;

/** A replica of the control plane, with a network to ZooKeeper that can break. */
export interface Replica extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly network: FaultProxy;
  readonly id: string;
  /** How far all data planes are with a revision of the policies, or will be in time. */
  convergence(policies: number, timeout?: string): Promise<Outcome>;
  /** Applies a policy for `shop` that differs from any before, and gives the revision. */
  apply(query?: string): Promise<number>;
  // biome-ignore lint/suspicious/noExplicitAny: what the API answers is looked at, not promised
  get(path: string): Promise<any>;
}

let applied = 0;

/** Starts one on an ensemble. */
export async function startReplica(zookeeper: string): Promise<Replica> {
  const at = zookeeper.lastIndexOf(':');
  const target = { host: zookeeper.slice(0, at), port: Number(zookeeper.slice(at + 1)) };
  const network = await startFaultProxy({ target });
  const listen = '127.0.0.1:0';
  const config = await loadConfig({
    flags: {
      zookeeper: { connect: network.connect, sessionTimeout: '4s' },
      controlPlane: { api: { listen }, xds: { listen }, dns: { listen } },
    },
  });
  const logger = { debug() {}, info() {}, warn() {} };
  const plane = await startControlPlane({ config, logger });
  await plane.ready;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const get = async (path: string): Promise<any> =>
    (await fetch(`${plane.api}/api/v1${path}`)).json();
  const { members } = await get('/members');
  return {
    ...{ plane, network, get },
    id: members[0].id,
    convergence: (policies, timeout = '0ms') =>
      get(`/convergence?policies=${policies}&timeout=${timeout}`),
    async apply(query = '') {
      const policy = {
        apiVersion: 'meshkeeper.io/v1',
        kind: 'ServicePolicy',
        metadata: { name: 'shop' },
        spec: {
          targetRefs: [{ name: 'shop' }],
          subsets: [{ name: `v${++applied}`, metadata: { version: '1' } }],
        },
      };
      const response = await fetch(`${plane.api}/api/v1/policies/apply${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([policy]),
      });
      const body = await response.json();
      assert.equal(response.status, 200, JSON.stringify(body));
      // What was asked for is what is answered.
      return (body as { revision: number }).revision;
    },
    async [Symbol.asyncDispose]() {
      await plane.close();
      await network.close();
    },
  };
}

/** A data plane that says what it is told to say. */
export interface Puppet extends AsyncDisposable {
  readonly id: string;
  /** The ports of all endpoints that it has accepted. */
  readonly ports: ReadonlySet<number>;
  /** It takes its time with what comes from now on. */
  hold(): void;
  /** It answers what it was sent. */
  release(): void;
  /** What becomes of clusters from now on; the reason of a rejection. */
  clusters: 'accepted' | { readonly rejected: string };
  close(): Promise<void>;
}

/** Starts one at a replica. */
export function startPuppet({ plane: { xds } }: Replica, id: string, held = false): Puppet {
  const at = xds.lastIndexOf(':');
  const address = { host: xds.slice(0, at), port: Number(xds.slice(at + 1)) };
  const client = new XdsClient({ address, node: { id, cluster: 'test', userAgent: 'test' } });
  const ports = new Set<number>();
  const state: Pick<Puppet, 'clusters'> = { clusters: 'accepted' };
  let gate = Promise.withResolvers<void>();
  if (!held) gate.resolve();
  const following = (async () => {
    for await (const batch of client.updates()) {
      await gate.promise;
      if (batch.type === 'cluster' && state.clusters !== 'accepted') {
        batch.reject(state.clusters.rejected);
        continue;
      }
      if (batch.type === 'endpoint')
        for (const { endpoints } of batch.upserts.values())
          for (const { lbEndpoints } of endpoints ?? [])
            for (const { endpoint } of lbEndpoints ?? [])
              ports.add(endpoint?.address?.socketAddress?.portValue ?? 0);
      batch.accept();
    }
  })();
  const close = async () => {
    gate.resolve();
    await client.close();
    await following;
  };
  return Object.assign(state, {
    ...{ id, ports },
    hold: () => {
      gate = Promise.withResolvers();
    },
    release: () => gate.resolve(),
    close,
    [Symbol.asyncDispose]: close,
  });
}
