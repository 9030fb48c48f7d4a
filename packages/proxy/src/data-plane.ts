import type { Locality } from '@meshkeeper/mesh';
import type { XdsBatch } from '@meshkeeper/xds';
import { type Assignment, NO_ASSIGNMENT, parseAssignment } from './config/assignment.ts';
import { type ClusterConfig, parseCluster } from './config/cluster-config.ts';
import { type ListenerConfig, parseListener } from './config/listener-config.ts';
import { Problems } from './config/problems.ts';
import { RouteTable } from './config/route-table.ts';
import { RequestRouter } from './forward/request-router.ts';
import { CheckSlots } from './health/check-slots.ts';
import { GatewayListener } from './listen/gateway-listener.ts';
import type { ProxyObserver } from './observer.ts';
import { Cluster, type ClusterEnvironment } from './upstream/cluster.ts';

/** What the data plane takes from outside. Times in milliseconds. */
export interface DataPlaneOptions {
  readonly observer: ProxyObserver;
  readonly now: () => number;
  readonly random: () => number;
  /** How long a listener that closes lets requests finish. */
  readonly drainTimeout: number;
  /** Where the proxy is, and the service that it calls for. */
  readonly node: { readonly cluster: string; readonly locality: Locality };
}

interface OpenListener {
  readonly server: GatewayListener;
  /** Both are replaced when the configuration changes and the address doesn't. */
  config: ListenerConfig;
  router: RequestRouter;
}

const SWEEP_INTERVAL = 1_000;
/** Active health checks at once, of all clusters. */
const CHECK_SLOTS = 128;

/**
 * Listeners, route tables, clusters and endpoints as they are in force. {@link apply} takes the
 * control plane's batches; each is taken whole or not at all.
 */
export class DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #listeners = new Map<string, OpenListener>();
  readonly #routes = new Map<string, RouteTable>();
  readonly #clusters = new Map<string, Cluster>();
  /** Taken out, but not without connections yet. */
  readonly #retired = new Set<Cluster>();
  readonly #assignments = new Map<string, Assignment>();
  readonly #closing = new Set<Promise<void>>();
  readonly #upstream: ClusterEnvironment;
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    this.#upstream = this.#environment();
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_INTERVAL);
    this.#sweeper.unref();
  }

  /** Addresses that are bound, by listener name. */
  get listeners(): ReadonlyMap<string, { readonly address: string; readonly port: number }> {
    return new Map([...this.#listeners].map(([name, { server }]) => [name, server.address]));
  }

  /** The clusters, by name. */
  get clusters(): ReadonlyMap<string, Cluster> {
    return this.#clusters;
  }

  /** True when there is a listener, and everything that the listeners lead to has come. */
  get complete(): boolean {
    for (const { config } of this.#listeners.values()) {
      const routes = this.#table(config);
      if (!routes) return false;
      for (const name of routes.clusters) {
        const cluster = this.#clusters.get(name);
        if (!cluster) continue;
        const { endpoints } = cluster.config;
        if (typeof endpoints === 'string' && !this.#assignments.has(endpoints)) return false;
        if (!cluster.warm) return false;
      }
    }
    return this.#listeners.size > 0;
  }

  /**
   * Puts a batch into force; undefined, or what is wrong with it.
   *
   * @throws ProxyError when a listener's address can't be bound; the batch is not in force then.
   */
  async apply(batch: XdsBatch): Promise<string | undefined> {
    switch (batch.type) {
      case 'cluster':
        return this.#applyClusters(batch);
      case 'endpoint':
        return this.#applyEndpoints(batch);
      case 'route':
        return this.#applyRoutes(batch);
      case 'listener':
        return this.#applyListeners(batch);
    }
  }

  /** Closes listeners, then connections. Requests may finish for up to `drainTimeout`. */
  async close(drainTimeout: number): Promise<void> {
    clearInterval(this.#sweeper);
    for (const { server } of this.#listeners.values())
      this.#closing.add(server.close(drainTimeout));
    await Promise.all(this.#closing);
    for (const cluster of [...this.#clusters.values(), ...this.#retired]) cluster.destroy();
  }

  #applyClusters({ upserts, removed }: XdsBatch & { type: 'cluster' }): string | undefined {
    const parsed = parseAll(upserts, parseCluster);
    if (typeof parsed === 'string') return parsed;
    for (const [name, config] of parsed) {
      const known = this.#clusters.get(name);
      if (known) known.update(config, this.#endpointsOf(config));
      else {
        const assignment = this.#endpointsOf(config);
        this.#clusters.set(name, new Cluster(config, assignment, this.#upstream));
      }
    }
    for (const name of removed) {
      const cluster = this.#clusters.get(name);
      this.#clusters.delete(name);
      if (!cluster) continue;
      cluster.retire();
      this.#retired.add(cluster);
    }
    this.#callersMayHaveChanged();
    return undefined;
  }

  #applyEndpoints({ upserts, removed }: XdsBatch & { type: 'endpoint' }): string | undefined {
    const parsed = parseAll(upserts, parseAssignment);
    if (typeof parsed === 'string') return parsed;
    for (const [name, assignment] of parsed) this.#assignments.set(name, assignment);
    for (const name of removed) this.#assignments.delete(name);
    for (const cluster of this.#clusters.values()) {
      const { endpoints } = cluster.config;
      // As Envoy: a removed assignment is no statement about the endpoints; an empty one is.
      if (typeof endpoints === 'string' && parsed.has(endpoints)) {
        cluster.update(cluster.config, this.#endpointsOf(cluster.config));
      }
    }
    this.#callersMayHaveChanged();
    return undefined;
  }

  #applyRoutes({ upserts, removed }: XdsBatch & { type: 'route' }): string | undefined {
    const parsed = parseAll(upserts, RouteTable.parse);
    if (typeof parsed === 'string') return parsed;
    for (const [name, table] of parsed) this.#routes.set(name, table);
    for (const name of removed) this.#routes.delete(name);
    return undefined;
  }

  async #applyListeners(batch: XdsBatch & { type: 'listener' }): Promise<string | undefined> {
    const parsed = parseAll(batch.upserts, parseListener);
    if (typeof parsed === 'string') return parsed;
    const bound: OpenListener[] = [];
    try {
      for (const config of parsed.values()) {
        const known = this.#listeners.get(config.name);
        if (!known || !sameAddress(known.config, config)) bound.push(await this.#bind(config));
      }
    } catch (error) {
      await Promise.all(bound.map(({ server }) => server.close(0)));
      throw error;
    }
    for (const config of parsed.values()) {
      const known = this.#listeners.get(config.name);
      if (!known || !sameAddress(known.config, config)) continue;
      known.config = config;
      known.router = this.#router(config, known.server);
    }
    for (const open of bound) {
      this.#closeListener(open.config.name);
      this.#listeners.set(open.config.name, open);
    }
    for (const name of batch.removed) this.#closeListener(name);
    return undefined;
  }

  async #bind(config: ListenerConfig): Promise<OpenListener> {
    let open: OpenListener | undefined;
    const server = await GatewayListener.bind(config, (...request) => {
      open?.router.handle(...request);
    });
    open = { config, server, router: this.#router(config, server) };
    return open;
  }

  #router(config: ListenerConfig, server: GatewayListener): RequestRouter {
    return new RequestRouter(config, {
      ...this.#options,
      routes: () => this.#table(config),
      cluster: (name) => this.#clusters.get(name),
      draining: () => server.draining,
    });
  }

  #closeListener(name: string): void {
    const server = this.#listeners.get(name)?.server;
    this.#listeners.delete(name);
    if (!server) return;
    const closing = server.close(this.#options.drainTimeout);
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }

  #table({ routes }: ListenerConfig): RouteTable | undefined {
    return typeof routes === 'string' ? this.#routes.get(routes) : routes;
  }

  #environment(): ClusterEnvironment {
    const { now, random, observer, node } = this.#options;
    return {
      now,
      random: { below: (bound) => Math.floor(random() * bound) },
      slots: new CheckSlots(CHECK_SLOTS),
      own: node.locality,
      callers: () => this.#clusters.get(node.cluster)?.localities ?? [],
      observer: {
        connectFailed: (cluster, { key: endpoint }, detail) =>
          observer.connectFailed?.({ cluster, endpoint, detail }),
        outlier(cluster, change) {
          const endpoint = change.key.key;
          if (change.type === 'returned') observer.endpointReturned?.({ cluster, endpoint });
          else observer.endpointEjected?.({ cluster, endpoint, reason: change.reason });
        },
        checked(cluster, { key: endpoint, checks }, status) {
          const detail = checks?.detail;
          observer.healthChanged?.({ cluster, endpoint, healthy: status === 'passing', detail });
        },
      },
    };
  }

  /** Zones count by where the instances of the proxy's own service are. */
  #callersMayHaveChanged(): void {
    for (const cluster of this.#clusters.values()) cluster.callersChanged();
  }

  #endpointsOf({ endpoints }: ClusterConfig): Assignment {
    return typeof endpoints === 'string'
      ? (this.#assignments.get(endpoints) ?? NO_ASSIGNMENT)
      : endpoints;
  }

  #sweep(): void {
    const now = Date.now();
    for (const cluster of this.#clusters.values()) cluster.sweep(now);
    for (const cluster of this.#retired) {
      cluster.sweep(now);
      if (cluster.connections === 0) this.#retired.delete(cluster);
    }
  }
}

/** All messages parsed, by name, or everything that is wrong with any of them. */
function parseAll<M, R>(
  messages: ReadonlyMap<string, M>,
  parse: (message: M, problems: Problems) => R,
): Map<string, R> | string {
  const results = new Map<string, R>();
  const wrong: string[] = [];
  for (const [name, message] of messages) {
    const problems = new Problems();
    results.set(name, parse(message, problems));
    if (problems.text !== undefined) wrong.push(`${name}: ${problems.text}`);
  }
  return wrong.length === 0 ? results : wrong.join('\n');
}

function sameAddress(a: ListenerConfig, b: ListenerConfig): boolean {
  return a.address === b.address && a.port === b.port;
}
