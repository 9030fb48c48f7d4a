import assert from 'node:assert/strict';
import {
  type Config,
  type ControlPlane,
  configSchema,
  startControlPlane,
} from '@meshkeeper/control-plane';
import type { Endpoint, Service, Snapshot } from '@meshkeeper/mesh';
import { until } from '@meshkeeper/testbed';
import type { Logger } from '@meshkeeper/zookeeper';
import { type EndpointView, getJson, type ServicesView } from '../../support/api.ts';

const silent: Logger = { debug() {}, info() {}, warn() {} };

/** How a recorded catalog is started. */
export interface CatalogOptions {
  /** Connect string. */
  readonly zookeeper: string;
  readonly sessionTimeout?: `${number}ms`;
  /** As in `meshkeeper.yaml`. */
  readonly registries?: readonly { name: string; dialect: string; root?: string }[];
  /** As in `meshkeeper.yaml`. */
  readonly protection?: Record<string, unknown>;
}

/** An endpoint as a test compares it; `held` is the reason, where it is. */
export interface Shown {
  readonly id: string;
  readonly weight: number;
  readonly health: string;
  readonly held?: string;
}

/** What a service is to be: its endpoints by id, of the usual weight unless it is said. */
export type Expected = Readonly<Record<string, Partial<Omit<Shown, 'id'>>>>;

/** A control plane whose every snapshot is kept. */
export class Catalog implements AsyncDisposable {
  /** Everything that was ever served, in order. */
  readonly snapshots: Snapshot[] = [];
  readonly #plane: ControlPlane;

  private constructor(plane: ControlPlane, snapshots: Snapshot[]) {
    this.#plane = plane;
    this.snapshots = snapshots;
  }

  /** Starts a control plane in this process; it need not have served anything yet. */
  static async start(options: CatalogOptions): Promise<Catalog> {
    const snapshots: Snapshot[] = [];
    const plane = await startControlPlane({
      config: configOf(options),
      logger: silent,
      onSnapshot: (snapshot) => snapshots.push(snapshot),
    });
    return new Catalog(plane, snapshots);
  }

  get ready(): Promise<void> {
    return this.#plane.ready;
  }

  get api(): string {
    return this.#plane.api;
  }

  /** What is served now, by name. */
  get services(): readonly Service[] {
    return [...(this.snapshots.at(-1)?.services ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** A service as it is served now. */
  service(name: string): Service | undefined {
    return this.snapshots.at(-1)?.services.get(name);
  }

  /** An endpoint as it is served now; the only one if no id is given. */
  endpoint(service: string, id?: string): Endpoint | undefined {
    const { endpoints = [] } = this.service(service) ?? {};
    if (id === undefined && endpoints.length > 1) return undefined;
    return endpoints.find((endpoint) => id === undefined || endpoint.id === id);
  }

  /** A service's endpoints as the API shows them. */
  async shown(service: string): Promise<Shown[]> {
    const path = `${this.api}/api/v1/services/${encodeURIComponent(service)}/endpoints`;
    type View = { endpoints?: (EndpointView & { weight: number })[] };
    const { endpoints = [] } = await getJson<View>(path);
    return endpoints.map(({ id, weight, health, protection }) => ({
      ...{ id, weight, health },
      ...(protection && { held: protection.reason }),
    }));
  }

  /** Waits until a service is just this, by the API. */
  async has(service: string, expected: Expected, timeout = 20_000): Promise<void> {
    const wanted = Object.entries(expected).map(([id, stated]) => ({
      ...{ id, weight: 100, health: 'unknown' },
      ...stated,
    }));
    wanted.sort((a, b) => (a.id < b.id ? -1 : 1));
    await until(
      async () => {
        assert.deepEqual(await this.shown(service), wanted);
        return true;
      },
      { timeout, message: `${service} is ${JSON.stringify(expected)}` },
    );
  }

  /** Everything as the API shows it, by the service's name. */
  async all(): Promise<Record<string, { protocol: string; endpoints: readonly unknown[] }>> {
    type View = { name: string; protocol: string };
    const { services } = await getJson<{ services: View[] }>(`${this.api}/api/v1/services`);
    const views = services.map(async ({ name, protocol }) => {
      const path = `${this.api}/api/v1/services/${encodeURIComponent(name)}/endpoints`;
      const { endpoints = [] } = await getJson<{ endpoints?: unknown[] }>(path);
      return [name, { protocol, endpoints }] as const;
    });
    return Object.fromEntries(await Promise.all(views));
  }

  /** The registries as the API shows them: what can't be used in each, by path. */
  async problems(): Promise<Record<string, string>> {
    const { registries } = await getJson<ServicesView>(`${this.api}/api/v1/services`);
    const problems = registries.flatMap(({ problems }) => problems);
    return Object.fromEntries(problems.map(({ path, code }) => [path, code]));
  }

  /** What the snapshots were since the one of that number: fails if an endpoint was ever missing. */
  neverWithout(service: string, ids: readonly string[], since = 0): void {
    for (const snapshot of this.snapshots.slice(since)) {
      const present = snapshot.services.get(service)?.endpoints.map(({ id }) => id) ?? [];
      for (const id of ids)
        assert.ok(
          present.includes(id),
          `${service} was without ${id} in revision ${snapshot.revision}: it had ${present}`,
        );
    }
  }

  close(): Promise<void> {
    return this.#plane.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function configOf({ zookeeper, sessionTimeout, registries, protection }: CatalogOptions): Config {
  return configSchema.parse({
    zookeeper: { connect: zookeeper, ...(sessionTimeout && { sessionTimeout }) },
    controlPlane: {
      api: { listen: '127.0.0.1:0' },
      xds: { listen: '127.0.0.1:0' },
      dns: { listen: '127.0.0.1:0' },
    },
    ...(registries && { registries }),
    ...(protection && { protection }),
  });
}
