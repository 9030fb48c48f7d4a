import {
  type ApiClient,
  type EndpointSlice,
  KubernetesDataPlane,
  type KubernetesDataPlaneOptions,
  type KubernetesService,
  type PublishRule,
  RESOURCES,
} from '@meshkeeper/kubernetes';
import {
  diff,
  EMPTY_SNAPSHOT,
  type Endpoint,
  type Service,
  ServiceMap,
  type Snapshot,
} from '@meshkeeper/mesh';
import { until } from '@meshkeeper/testbed';

/** An endpoint at 10.x.y.z. */
export function endpoint(n: number, over: Partial<Endpoint> = {}): Endpoint {
  return {
    id: `e${n}`,
    address: `10.${1 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`,
    port: 8080,
    weight: 100,
    locality: { region: '', zone: '', subzone: '' },
    health: 'healthy',
    metadata: {},
    origin: { registry: 'zk', path: `/${n}`, czxid: 0n, mzxid: 0n, mtime: 0 },
    ...over,
  };
}

export function service(name: string, ...endpoints: Endpoint[]): Service {
  return { name, protocol: 'http', endpoints };
}

/** `count` endpoints from `from` on. */
export function endpoints(from: number, count: number): Endpoint[] {
  return Array.from({ length: count }, (_, i) => endpoint(from + i));
}

export function rule(namespace: string, over: Partial<PublishRule> = {}): PublishRule {
  return { services: ['*'], namespace, type: 'Headless', zoneHints: false, ...over };
}

/** A data plane, and what the mesh holds. */
export class Published implements AsyncDisposable {
  readonly plane: KubernetesDataPlane;
  snapshot: Snapshot = EMPTY_SNAPSHOT;

  constructor(
    options: Pick<KubernetesDataPlaneOptions, 'client' | 'rules'> &
      Partial<KubernetesDataPlaneOptions>,
  ) {
    this.plane = new KubernetesDataPlane({
      ...{ name: 'k8s', mesh: 'm1', writesPerSecond: 10_000 },
      ...{ logger: { info() {}, warn() {} }, backOff: { first: 20, longest: 200 }, ...options },
    });
  }

  /** The mesh holds these now, and nothing else. */
  hold(...services: Service[]): void {
    const before = this.snapshot;
    const revision = before.revision + 1;
    this.snapshot = { ...before, revision, services: ServiceMap.from(services) };
    this.plane.update(this.snapshot, diff(before, this.snapshot));
  }

  /** Waits until all of it was written. */
  async applied(): Promise<void> {
    const { revision } = this.snapshot;
    await until(
      () => this.plane.state.type === 'applied' && this.plane.state.revision === revision,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane.close();
  }
}

/** What callers in the cluster see: `address port ready` of each service, by name. */
export async function seen(
  client: ApiClient,
  namespace: string,
): Promise<Record<string, readonly string[]>> {
  const services = await client.list<KubernetesService>(RESOURCES.services, { namespace });
  const slices = await slicesIn(client, namespace);
  return Object.fromEntries(
    services.items.map(({ metadata: { name } }) => [
      name,
      slices
        .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
        .flatMap(({ endpoints: held, ports }) =>
          (held ?? []).map(
            ({ addresses, conditions }) =>
              `${addresses.join()} ${ports?.[0]?.port} ${conditions?.ready}`,
          ),
        )
        .sort(),
    ]),
  );
}

export async function slicesIn(client: ApiClient, namespace: string): Promise<EndpointSlice[]> {
  return [...(await client.list(RESOURCES.endpointSlices, { namespace })).items];
}

/** The same of what the mesh holds. */
export function expected(...services: Service[]): Record<string, readonly string[]> {
  return Object.fromEntries(
    services.map(({ name, endpoints: held }) => [
      name,
      held.map(({ address, port, health }) => `${address} ${port} ${health === 'healthy'}`).sort(),
    ]),
  );
}
