import { setTimeout as wait } from 'node:timers/promises';
import { ApiClient, KubernetesDataPlane } from '@meshkeeper/kubernetes';
import {
  diff,
  EMPTY_SNAPSHOT,
  type Endpoint,
  NO_LOCALITY,
  type Service,
  ServiceMap,
  type Snapshot,
} from '@meshkeeper/mesh';
import { startKubernetes } from '@meshkeeper/testbed';

/** How much there is. */
export interface SyncSize {
  readonly services: number;
  /** Of each. */
  readonly endpoints: number;
  readonly changes: number;
}

/** What was measured; times in milliseconds. */
export interface SyncFigures {
  /** From the first snapshot until all of it is written. */
  readonly initial: number;
  readonly initialWrites: number;
  /** From a changed endpoint until its slice is written, each. */
  readonly changes: readonly number[];
  /** Requests that wrote, of the change that took most. */
  readonly mostWrites: number;
}

const WRITES = ['create', 'update', 'patch', 'delete'];

/** Brings services to the API server that stands in, and changes one endpoint after another. */
export async function measureSync(size: SyncSize, signal: AbortSignal): Promise<SyncFigures> {
  await using cluster = await startKubernetes({ namespaces: ['mesh'] });
  await using client = await ApiClient.open({ kubeconfig: cluster.kubeconfig });
  await using plane = new KubernetesDataPlane({
    ...{ client, name: 'bench', mesh: 'bench', writesPerSecond: 100_000 },
    rules: [{ services: ['*'], namespace: 'mesh', type: 'Headless', zoneHints: false }],
    logger: { info() {}, warn() {} },
  });
  const writes = () => WRITES.reduce((sum, verb) => sum + cluster.count({ verb }), 0);
  const state = new Map<string, Service>();
  let snapshot: Snapshot = EMPTY_SNAPSHOT;
  /** Gives it what there is now, and waits until that is written. */
  const bring = async (services: ServiceMap): Promise<number> => {
    const before = snapshot;
    snapshot = { ...before, revision: before.revision + 1, services };
    const begun = performance.now();
    plane.update(snapshot, diff(before, snapshot));
    while (plane.state.type !== 'applied') await wait(1, undefined, { signal });
    return performance.now() - begun;
  };
  for (let s = 0; s < size.services; s++) {
    const endpoints = Array.from({ length: size.endpoints }, (_, e) => endpoint(s, e, 100));
    state.set(`s${s}`, { name: `s${s}`, protocol: 'http', endpoints });
  }
  const all = ServiceMap.from(state.values());
  const initial = await bring(all);
  const initialWrites = writes();
  const changes: number[] = [];
  let mostWrites = 0;
  for (let i = 0; i < size.changes; i++) {
    cluster.clearRequests();
    const s = i % size.services;
    const service = state.get(`s${s}`)!;
    const at = i % size.endpoints;
    const endpoints = service.endpoints.map((each, e) => (e === at ? changed(each) : each));
    const next = { ...service, endpoints };
    state.set(next.name, next);
    changes.push(await bring(snapshot.services.with(new Map([[next.name, next]]))));
    mostWrites = Math.max(mostWrites, writes());
  }
  return { initial, initialWrites, changes, mostWrites };
}

function endpoint(service: number, number: number, weight: number): Endpoint {
  const address = `10.${service >> 8}.${service & 255}.${number + 1}`;
  return {
    ...{ id: `e${number}`, address, port: 8080, weight, locality: NO_LOCALITY },
    ...{ health: 'healthy', metadata: {} },
    origin: { registry: 'bench', path: `/${number}`, czxid: 0n, mzxid: 0n, mtime: 0 },
  };
}

function changed(endpoint: Endpoint): Endpoint {
  return { ...endpoint, health: endpoint.health === 'healthy' ? 'unhealthy' : 'healthy' };
}
