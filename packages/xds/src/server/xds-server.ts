import type { ServiceChange, Snapshot } from '@meshkeeper/mesh';
import { type ResourceType, resourceTypeOf } from '../codec/resource-type.ts';
import type { HostPort } from '../resources/host-port.ts';
import type { ResourceProblem } from '../resources/problem.ts';
import { type ResourceChanges, Resources, type ResourceUpdate } from '../resources/resources.ts';
import { scopeOf } from '../resources/scope.ts';
import { XdsError } from '../xds-error.ts';
import { Debounce } from './debounce.ts';
import { DiscoveryServer, type DiscoveryServerOptions } from './discovery-server.ts';
import { EndpointPacer } from './endpoint-pacer.ts';
import { takesAway } from './endpoint-removal.ts';
import type { ProxyStatus, ResourceNames, StreamResources, TypeStatus } from './proxy-status.ts';
import type { ResourceStore } from './resource-store.ts';
import { DELTA_ADS } from './services.ts';

/** How the server is started. */
export interface XdsServerOptions extends DiscoveryServerOptions {
  /**
   * How long clusters, listeners and routes wait for more of their kind, in milliseconds. Default
   * 100 of quiet, at most 1,000. Endpoints don't wait for them.
   */
  readonly debounce?: { readonly quiet: number; readonly max: number };
}

/** An xDS server of the catalog: ADS and one service a type, state of the world and incremental. */
export interface XdsServer extends AsyncDisposable {
  /** Where it listens. */
  readonly address: HostPort;
  /** Endpoints and services that can't be told to Envoy, and why. */
  readonly problems: readonly ResourceProblem[];
  /**
   * Serves `snapshot`, which differs from the one before by `changes` (the first time: from none).
   * Nothing is answered before the first call.
   */
  update(snapshot: Snapshot, changes: readonly ServiceChange[]): void;
  /** The revision up to which all changes were handed to the streams: none is held back. */
  readonly revision: number;
  /** The data planes that are connected. */
  proxies(): ProxyStatus[];
  /** One of their streams, by its serial; undefined when it is gone. */
  proxy(stream: number): ProxyStatus | undefined;
  /** What one of them has, resource by resource, or of some; undefined when it is gone. */
  resources(stream: number, only?: ResourceNames): StreamResources | undefined;
  /** Stops listening and ends all streams, over some seconds where they are many. */
  close(): Promise<void>;
}

/**
 * Starts an xDS server.
 *
 * @throws XdsError `listen-failed`; the signal's reason.
 */
export async function startXdsServer(
  options: XdsServerOptions,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<XdsServer> {
  const resources = new Resources();
  const store: ResourceStore = {
    view: (node, method) => resources.view(scopeOf(node, method?.path === DELTA_ADS)),
  };
  const server = await DiscoveryServer.start(
    store,
    options,
    signal === undefined ? {} : { signal },
  );
  return new CatalogServer(server, resources, options);
}

/** Changes of the configuration that wait, and the revision of the first. */
interface Waiting {
  readonly changes: ResourceChanges[];
  readonly since: number;
}

/** The catalog's changes in two lanes: endpoints at once, the rest debounced. */
class CatalogServer implements XdsServer {
  readonly #server: DiscoveryServer;
  readonly #resources: Resources;
  readonly #debounce: Debounce;
  readonly #pacer = new EndpointPacer();
  #pacing: NodeJS.Timeout | undefined;
  #waiting: Waiting | undefined;
  #revision = 0;
  #ready = false;
  #closed = false;

  constructor(server: DiscoveryServer, resources: Resources, options: XdsServerOptions) {
    this.#server = server;
    this.#resources = resources;
    const { debounce = { quiet: 100, max: 1000 } } = options;
    this.#debounce = new Debounce(debounce, () => this.#settle());
  }

  get address(): HostPort {
    return this.#server.address;
  }

  get problems(): readonly ResourceProblem[] {
    return this.#resources.problems;
  }

  update(snapshot: Snapshot, changes: readonly ServiceChange[]): void {
    if (this.#closed) throw new XdsError('closed', 'The xDS server was closed');
    const { endpoints, configuration } = this.#resources.apply(snapshot, changes);
    this.#revision = snapshot.revision;
    if (!this.#ready) {
      this.#ready = true;
      this.#wait(configuration);
      this.#settle();
      return;
    }
    // A new or changed service's endpoints are subscribed to after its cluster; what is removed
    // goes with its cluster. Only changes to endpoints that are served already go at once.
    if (configuration.size > 0 || this.#resources.isUnsettled) {
      this.#wait(configuration);
      this.#debounce.request();
    }
    this.#pace(snapshot.revision, changes, endpoints);
    this.#tell();
  }

  get revision(): number {
    return this.#server.revision;
  }

  proxies(): ProxyStatus[] {
    return this.#awaiting(this.#server.proxies());
  }

  proxy(stream: number): ProxyStatus | undefined {
    const proxy = this.#server.proxy(stream);
    return proxy && this.#awaiting([proxy])[0];
  }

  resources(stream: number, only?: ResourceNames): StreamResources | undefined {
    return this.#server.resources(stream, only);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#debounce[Symbol.dispose]();
    clearTimeout(this.#pacing);
    await this.#server.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #awaiting(proxies: ProxyStatus[]): ProxyStatus[] {
    const configuration = this.#waiting !== undefined;
    const endpoints = this.#pacer.heldSince !== undefined;
    if (!configuration && !endpoints) return proxies;
    return proxies.map((proxy) => awaiting(proxy, configuration, endpoints));
  }

  #wait(changes: ResourceChanges): void {
    this.#waiting ??= { changes: [], since: this.#revision };
    this.#waiting.changes.push(changes);
  }

  /** Sends the configuration that has waited. */
  #settle(): void {
    const { changes = [], since = this.#revision } = this.#waiting ?? {};
    this.#waiting = undefined;
    const all = new Map<ResourceType, Set<string>>();
    for (const each of [...changes, this.#resources.settle()])
      for (const [type, names] of each) all.set(type, (all.get(type) ?? new Set()).union(names));
    this.#server.changed(all, since);
    this.#tell();
  }

  /** Sends the endpoints of services that exist, or holds them shortly. */
  #pace(
    revision: number,
    changes: readonly ServiceChange[],
    endpoints: ResourceUpdate['endpoints'],
  ): void {
    const now = performance.now();
    const atOnce = new Set<string>();
    for (const change of changes) {
      const { name } = change;
      const names = endpoints.get(name);
      if (names === undefined) continue;
      if (!this.#pacer.offer(name, () => takesAway(change), revision, now)) continue;
      for (const each of names) atOnce.add(each);
    }
    if (atOnce.size > 0) this.#server.changed(new Map([['endpoint', atOnce]]), revision);
    this.#schedule(now);
  }

  #schedule(now: number): void {
    const { due } = this.#pacer;
    if (due === undefined || this.#pacing !== undefined) return;
    this.#pacing = setTimeout(() => {
      this.#pacing = undefined;
      const since = this.#pacer.heldSince ?? this.#revision;
      const then = performance.now();
      const services = this.#pacer.take(then);
      const names = services.flatMap((service) => this.#resources.assignmentsOf(service));
      if (names.length > 0) {
        this.#server.changed(new Map([['endpoint', new Set(names)]]), since);
        this.#tell();
      }
      this.#schedule(then);
    }, due - now);
  }

  /** Says up to which revision the server was told everything. */
  #tell(): void {
    const waits = [this.#waiting?.since, this.#pacer.heldSince];
    const since = waits.flatMap((revision) => revision ?? []);
    this.#server.told(since.length === 0 ? this.#revision : Math.min(...since) - 1);
  }
}

/** The status while changes wait to be sent: they are under way. */
function awaiting(proxy: ProxyStatus, configuration: boolean, endpoints: boolean): ProxyStatus {
  const types = proxy.types.map((type): TypeStatus => {
    const held = resourceTypeOf(type.typeUrl) === 'endpoint' ? endpoints : configuration;
    return held && type.state === 'synced' ? { ...type, state: 'pending' } : type;
  });
  return { ...proxy, types };
}
