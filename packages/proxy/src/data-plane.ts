import type { Locality } from '@meshkeeper/mesh';
import type { ClusterUsage, XdsBatch } from '@meshkeeper/xds';
import { type Assignment, NO_ASSIGNMENT, parseAssignment } from './config/assignment.ts';
import { type ClusterConfig, parseCluster } from './config/cluster-config.ts';
import type { HttpManager } from './config/http-manager.ts';
import { type ListenerConfig, parseListener } from './config/listener-config.ts';
import { Problems } from './config/problems.ts';
import { RouteTable } from './config/route-table.ts';
import type { TcpProxyConfig } from './config/tcp-proxy-config.ts';
import { type RouteChange, VirtualHosts } from './config/virtual-hosts.ts';
import { RateLimiter } from './forward/filters/rate-limiter.ts';
import { CheckSlots } from './health/check-slots.ts';
import { type BoundListener, Listener, type ListenerEnvironment } from './listen/listener.ts';
import type { ProxyObserver } from './observer.ts';
import { Cluster, type ClusterEnvironment } from './upstream/cluster.ts';

/** What the data plane takes from outside. Times in milliseconds. */
export interface DataPlaneOptions {
  readonly observer: ProxyObserver;
  readonly now: () => number;
  readonly random: () => number;
  /** How long a listener that closes lets requests finish. */
  readonly drainTimeout: number;
  /** Endpoints have been checked, so that {@link DataPlane.warm} may be true now. */
  readonly checked: () => void;
  /** A certificate of a listener can't be used. */
  readonly certificateFailed: (listener: string, detail: string) => void;
  /** Where the proxy is, and the service that it calls for. */
  readonly node: { readonly cluster: string; readonly locality: Locality };
  /** How a listener begins. Default: it binds its address. */
  readonly bind?: (
    config: ListenerConfig,
    environment: ListenerEnvironment,
  ) => Promise<BoundListener>;
  /** Virtual hosts come as resources of their own. Default false: `vhds` is rejected. */
  readonly virtualHosts?: boolean;
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
  readonly #listeners = new Map<string, BoundListener>();
  readonly #routes = new Map<string, RouteTable>();
  readonly #virtualHosts: VirtualHosts | undefined;
  readonly #clusters = new Map<string, Cluster>();
  /** Taken out, but not without connections yet. */
  readonly #retired = new Set<Cluster>();
  readonly #assignments = new Map<string, Assignment>();
  readonly #closing = new Set<Promise<void>>();
  readonly #upstream: ClusterEnvironment;
  readonly #downstream: ListenerEnvironment;
  readonly #limiter: RateLimiter;
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    this.#limiter = new RateLimiter(options.now);
    this.#virtualHosts = options.virtualHosts ? new VirtualHosts() : undefined;
    this.#upstream = this.#environment();
    this.#downstream = {
      ...options,
      limiter: this.#limiter,
      source: options.node.cluster,
      routes: (name) => this.#routes.get(name),
      cluster: (name) => this.#clusters.get(name),
    };
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_INTERVAL);
    this.#sweeper.unref();
  }

  /** Addresses that are bound, by listener name. */
  get listeners(): ReadonlyMap<string, { readonly address: string; readonly port: number }> {
    return new Map([...this.#listeners].map(([name, { address }]) => [name, address]));
  }

  /** The clusters, by name. */
  get clusters(): ReadonlyMap<string, Cluster> {
    return this.#clusters;
  }

  /** The endpoints of a cluster, as the control plane states them; undefined until it has. */
  assignment(name: string): Assignment | undefined {
    const endpoints = this.#clusters.get(name)?.config.endpoints;
    return typeof endpoints === 'string' ? this.#assignments.get(endpoints) : endpoints;
  }

  /** What was sent to the clusters' endpoints since the last call. */
  takeUsage(): ClusterUsage[] {
    return [...this.#clusters.values()].map((cluster) => cluster.takeUsage());
  }

  /** True when there is a listener, and everything that the listeners lead to has come. */
  get complete(): boolean {
    for (const { config } of this.#listeners.values()) {
      for (const { network } of config.chains) {
        const targets = network.type === 'http' ? this.#table(network) : tcpTargets(network);
        if (!targets) return false;
        for (const name of targets.clusters) if (!this.#isComplete(name)) return false;
      }
    }
    return this.#listeners.size > 0;
  }

  /** True when every endpoint that is checked has been checked once. */
  get warm(): boolean {
    for (const cluster of this.#clusters.values()) if (!cluster.warm) return false;
    return true;
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
      case 'virtualHost':
        return this.#applyVirtualHosts(batch);
      case 'listener':
        return this.#applyListeners(batch);
    }
  }

  /** Closes listeners, then connections. Requests may finish for up to `drainTimeout`. */
  async close(drainTimeout: number): Promise<void> {
    clearInterval(this.#sweeper);
    for (const listener of this.#listeners.values())
      this.#closing.add(listener.close(drainTimeout));
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

  #applyRoutes(batch: XdsBatch & { type: 'route' }): string | undefined {
    const { upserts, removed } = batch;
    return this.#replaceRoutes(this.#virtualHosts?.withRoutes(upserts, removed) ?? batch);
  }

  #applyVirtualHosts({ upserts, removed }: XdsBatch & { type: 'virtualHost' }): string | undefined {
    const changed = this.#virtualHosts?.withHosts(upserts, removed);
    return changed && this.#replaceRoutes(changed);
  }

  #replaceRoutes({ upserts, removed, settle }: RouteChange): string | undefined {
    const parsed = parseAll(upserts, RouteTable.parse);
    if (typeof parsed === 'string') return parsed;
    for (const [name, table] of parsed) {
      this.#limiter.carryOver(this.#routes.get(name)?.limits ?? [], table.limits);
      this.#routes.set(name, table);
    }
    for (const name of removed) this.#routes.delete(name);
    settle?.();
    return undefined;
  }

  async #applyListeners(batch: XdsBatch & { type: 'listener' }): Promise<string | undefined> {
    const parsed = parseAll(batch.upserts, parseListener);
    if (typeof parsed === 'string') return parsed;
    const bind = this.#options.bind ?? Listener.bind;
    const bound: BoundListener[] = [];
    const updates: (() => void)[] = [];
    try {
      for (const config of parsed.values()) {
        const known = this.#listeners.get(config.name);
        if (known && sameAddress(known.config, config)) updates.push(await known.prepare(config));
        else bound.push(await bind(config, this.#downstream));
      }
    } catch (error) {
      await Promise.all(bound.map((listener) => listener.close(0)));
      throw error;
    }
    for (const update of updates) update();
    for (const listener of bound) {
      this.#closeListener(listener.config.name);
      this.#listeners.set(listener.config.name, listener);
    }
    for (const name of batch.removed) this.#closeListener(name);
    return undefined;
  }

  #closeListener(name: string): void {
    const listener = this.#listeners.get(name);
    this.#listeners.delete(name);
    if (!listener) return;
    const closing = listener.close(this.#options.drainTimeout);
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }

  #table({ routes }: HttpManager): RouteTable | undefined {
    return typeof routes === 'string' ? this.#routes.get(routes) : routes;
  }

  /** True unless a cluster is known that can't be used yet. */
  #isComplete(name: string): boolean {
    const cluster = this.#clusters.get(name);
    if (!cluster) return true;
    const { endpoints } = cluster.config;
    if (typeof endpoints === 'string' && !this.#assignments.has(endpoints)) return false;
    return true;
  }

  #environment(): ClusterEnvironment {
    const { now, random, observer, node, checked } = this.#options;
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
          checked();
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

function tcpTargets({ clusters }: TcpProxyConfig): { readonly clusters: readonly string[] } {
  return { clusters: clusters.map(({ name }) => name) };
}
