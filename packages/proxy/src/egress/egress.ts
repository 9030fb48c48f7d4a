import { NO_LOCALITY } from '@meshkeeper/mesh';
import {
  clustersOfVirtualHost,
  LISTENER_KEYS,
  ON_DEMAND_AGENT,
  OUTBOUND,
  virtualHostName,
  type XdsBatch,
  XdsClient,
  type XdsClientState,
} from '@meshkeeper/xds';
import type { Target } from '../config/assignment.ts';
import { DataPlane } from '../data-plane.ts';
import type { RequestHead } from '../forward/request-head.ts';
import type { ClientStream } from '../listen/client-stream.ts';
import { type Logger, SILENT } from '../logger.ts';
import type { EgressOptions, EgressSnapshot } from './egress-options.ts';
import { KeptResources } from './kept-resources.ts';
import { LocalListener } from './local-listener.ts';

/**
 * What is known of a service. `asked`: the control plane has not said all of it yet; `missing`: it has
 * said that there is none; `closed`: it is there, and takes no HTTP.
 */
export type Knowledge = 'unasked' | 'asked' | 'known' | 'missing' | 'closed';

const MAX_MISSING = 256;

/**
 * The data plane inside of a program: routes, balances, retries and breaks circuits for the requests that
 * the program makes, as the proxy beside it would, and asks the control plane only for the services that
 * it calls. Begins at once, and goes on with what it knows while the control plane is away.
 */
export class Egress implements AsyncDisposable {
  readonly #options: EgressOptions;
  readonly #logger: Logger;
  readonly #plane: DataPlane;
  readonly #client: XdsClient;
  readonly #running: Promise<void>;
  readonly #kept = new KeptResources();
  readonly #rejected = new Map<string, string>();
  /** Asked for, in the order in which they were. */
  readonly #services = new Set<string>();
  /** Names of clusters and hosts of which the control plane has said that there are none. */
  readonly #gone = new Set<string>();
  /** What was found out since the last change, of services by name. */
  readonly #found = new Map<string, Knowledge>();
  #entry: LocalListener | undefined;
  #applying: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(options: EgressOptions) {
    this.#options = options;
    this.#logger = options.logger ?? SILENT;
    const locality = { ...NO_LOCALITY, ...options.node.locality };
    this.#plane = new DataPlane({
      observer: options.observer ?? {},
      now: options.clock ?? (() => performance.now()),
      random: options.random ?? Math.random,
      drainTimeout: 0,
      checked: () => {},
      certificateFailed: () => {},
      node: { cluster: options.node.cluster, locality },
      virtualHosts: true,
      bind: async (config, environment) => {
        this.#entry = new LocalListener(config, environment);
        return this.#entry;
      },
    });
    this.#client = new XdsClient({
      ...options.xds,
      ...(options.onState && { onState: options.onState }),
      node: {
        ...options.node,
        userAgent: ON_DEMAND_AGENT,
        metadata: { [LISTENER_KEYS.outbound]: '127.0.0.1:0' },
      },
      onDemand: true,
      usage: () => this.#plane.takeUsage(),
      logger: this.#logger,
    });
    this.#running = this.#run();
  }

  /** The stream to the control plane. */
  get state(): XdsClientState {
    return this.#client.state;
  }

  /** What was rejected last, by kind of resource, until one of the kind is taken. */
  get rejected(): ReadonlyMap<string, string> {
    return this.#rejected;
  }

  /** What is known of a service now. */
  knows(service: string): Knowledge {
    let found = this.#found.get(service);
    if (found === undefined) {
      found = this.#find(service);
      // Nobody changes what is kept here but by `#changed`.
      if (this.#services.has(service)) this.#found.set(service, found);
    }
    return found;
  }

  /** Asks the control plane for a service, once and for all. */
  ask(service: string): void {
    if (this.#closed || this.#services.has(service)) return;
    this.#services.add(service);
    this.#client.ask(service);
  }

  /**
   * Forwards a request to a service that is {@link knows known}; a host that is no such service is answered
   * so. False before there is a listener.
   */
  handle(stream: ClientStream, head: RequestHead): boolean {
    return this.#entry?.handle(stream, head) ?? false;
  }

  /**
   * The endpoints of a service, as the control plane states them; undefined until it has. Of a host that is no
   * service's own name, those that its routes lead to.
   */
  endpoints(service: string): readonly Target[] | undefined {
    const known = this.#plane.assignment(service)?.targets;
    if (known !== undefined || !this.#gone.has(`cluster ${service}`)) return known;
    const found = this.knows(service);
    if (found === 'asked' || found === 'unasked') return undefined;
    const host = this.#kept.get('virtualHost', virtualHostName(OUTBOUND, service));
    const clusters = new Set(host === undefined ? [] : clustersOfVirtualHost(host));
    return [...clusters].flatMap((cluster) => this.#plane.assignment(cluster)?.targets ?? []);
  }

  /** Requests that are on their way. */
  get activeRequests(): number {
    let active = 0;
    for (const cluster of this.#plane.clusters.values()) active += cluster.activeRequests;
    return active;
  }

  /** All that it knows. */
  snapshot(): EgressSnapshot {
    return { services: [...this.#services], resources: this.#kept.write() };
  }

  /**
   * Begins with what was known another time, and asks for the same services.
   * @throws Error for what is no snapshot, or of another version
   */
  async restore({ services, resources }: EgressSnapshot): Promise<void> {
    for (const batch of KeptResources.read(resources)) {
      const problem = await this.#apply(batch);
      if (problem !== undefined) throw new Error(problem);
    }
    for (const service of services) this.ask(service);
    this.#changed();
  }

  /** Ends it: requests on their way may finish for up to `drainTimeout` milliseconds. Idempotent. */
  close({ drainTimeout = 0 }: { readonly drainTimeout?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(drainTimeout);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(drainTimeout: number): Promise<void> {
    await this.#client.close();
    await this.#running;
    const deadline = performance.now() + drainTimeout;
    while (this.activeRequests > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK));
    await this.#plane.close(0);
  }

  async #run(): Promise<void> {
    for await (const batch of this.#client.updates()) {
      const problem = await this.#apply(batch);
      if (problem === undefined) {
        this.#rejected.delete(batch.type);
        batch.accept();
      } else {
        this.#rejected.set(batch.type, problem);
        const { type } = batch;
        this.#logger.warn({ type, problem }, 'rejecting what the control plane sent');
        this.#options.observer?.configRejected?.({ type, message: problem });
        batch.reject(problem);
      }
      this.#changed();
    }
  }

  /** One after the other: a batch is taken whole before the next. */
  #apply(batch: XdsBatch): Promise<string | undefined> {
    const applied = this.#applying.then(() => this.#take(batch));
    this.#applying = applied.catch(() => {});
    return applied;
  }

  async #take(batch: XdsBatch): Promise<string | undefined> {
    const problem = await this.#plane.apply(batch);
    if (problem !== undefined) return problem;
    this.#kept.take(batch);
    for (const name of batch.upserts.keys()) this.#come(batch.type, name);
    for (const name of batch.removed) {
      const key = `${batch.type} ${name}`;
      if (batch.dropped) this.#gone.delete(key);
      else this.#gone.add(key);
    }
    return undefined;
  }

  #come(type: XdsBatch['type'], name: string): void {
    // A service that there was not comes with its cluster first: of its host nothing is known any more.
    if (this.#gone.delete(`${type} ${name}`) && type === 'cluster')
      this.#gone.delete(`virtualHost ${virtualHostName(OUTBOUND, name)}`);
  }

  #changed(): void {
    this.#found.clear();
    this.#forgetMissing();
    this.#options.onChange?.();
  }

  /** Whoever asks for names that nobody has must not fill the memory. */
  #forgetMissing(): void {
    const { maxMissing = MAX_MISSING } = this.#options;
    if (this.#gone.size <= maxMissing) return;
    const missing = [...this.#services].filter((service) => this.#find(service) === 'missing');
    for (const service of missing.slice(0, Math.max(0, missing.length - maxMissing))) {
      this.#services.delete(service);
      this.#client.leave(service);
      this.#gone.delete(`cluster ${service}`);
      this.#gone.delete(`virtualHost ${virtualHostName(OUTBOUND, service)}`);
    }
  }

  #find(service: string): Knowledge {
    const name = virtualHostName(OUTBOUND, service);
    const host = this.#kept.get('virtualHost', name);
    if (host === undefined) {
      const asked = this.#services.has(service) ? 'asked' : 'unasked';
      if (!this.#gone.has(`virtualHost ${name}`)) return asked;
      if (this.#plane.clusters.has(service)) return 'closed';
      return this.#gone.has(`cluster ${service}`) ? 'missing' : asked;
    }
    if (this.#entry === undefined) return 'asked';
    return clustersOfVirtualHost(host).every((cluster) => this.#isSettled(cluster))
      ? 'known'
      : 'asked';
  }

  #isSettled(cluster: string): boolean {
    return this.#plane.assignment(cluster) !== undefined || this.#gone.has(`cluster ${cluster}`);
  }
}

/** Milliseconds between two looks at what is still on its way. */
const DRAIN_LOOK = 10;
