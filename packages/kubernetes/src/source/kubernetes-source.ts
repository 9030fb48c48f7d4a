import type {
  Departure,
  OpenSource,
  PolicySource,
  Problem,
  SourceChange,
  SourceContext,
  SourceState,
} from '@meshkeeper/mesh';
import { MARK_LABELS } from '@meshkeeper/mesh';
import { ApiClient } from '../api/api-client.ts';
import { RESOURCES } from '../api/resource.ts';
import { KubernetesPolicies } from '../gateway-api/kubernetes-policies.ts';
import type { ServiceNaming } from '../gateway-api/service-naming.ts';
import type { ReflectorState } from '../reflector/reflector.ts';
import { type BuildOptions, buildService, reachOf } from './build-service.ts';
import { keepNode } from './kept-node.ts';
import { KeptObjects } from './kept-objects.ts';
import { keepService } from './kept-service.ts';
import { keepSlice } from './kept-slice.ts';
import { Published } from './published.ts';
import { Reflections, type ReflectorTimes } from './reflections.ts';
import { defaultName, namedPorts } from './service-names.ts';
import type { KubernetesSourceSettings } from './settings.ts';
import { WrittenServices } from './written-services.ts';

/** What a source needs of where it runs. */
export type KubernetesSourceContext = Pick<SourceContext, 'name' | 'logger' | 'now' | 'resolve'> &
  // Only for policies.
  Partial<Pick<SourceContext, 'mesh' | 'nameOf' | 'leader'>>;

/**
 * Opens a cluster that the catalog reads.
 * @throws KubernetesError `NO_CONFIGURATION`
 */
export async function openKubernetesSource(
  settings: KubernetesSourceSettings,
  context: KubernetesSourceContext,
  times: ReflectorTimes = {},
): Promise<KubernetesSource> {
  const { kubeconfig, context: of } = settings;
  const client = await ApiClient.open({
    kubeconfig: kubeconfig === undefined ? undefined : context.resolve(kubeconfig),
    context: of,
  });
  return new KubernetesSource(settings, context, client, times);
}

/** A cluster whose Services and EndpointSlices the catalog reads; and its policies, where that is asked for. */
export class KubernetesSource implements OpenSource {
  readonly name: string;
  readonly #policies: KubernetesPolicies | undefined;
  readonly #written: WrittenServices | undefined;
  readonly #settings: KubernetesSourceSettings;
  readonly #options: BuildOptions;
  readonly #context: KubernetesSourceContext;
  readonly #client: ApiClient;
  readonly #stop = new AbortController();
  readonly #reflections: Reflections;
  readonly #objects: KeptObjects;
  /** Follows what meshes have written. */
  #following: Promise<void> | undefined;
  /** Services whose parts have changed, and why what is missing has gone. */
  readonly #dirty = new Map<string, Departure>();
  readonly #published = new Published();
  readonly #problems = new Map<string, readonly Problem[]>();
  #readsNodes = false;
  #gap = false;
  #ready = false;
  #wake = Promise.withResolvers<void>();

  constructor(
    settings: KubernetesSourceSettings,
    context: KubernetesSourceContext,
    client: ApiClient,
    times: ReflectorTimes,
  ) {
    this.name = context.name;
    this.#settings = settings;
    this.#options = { ...settings, registry: context.name };
    this.#context = context;
    this.#client = client;
    this.#objects = new KeptObjects((service) => reachOf(service, this.#options) === 'nodes');
    this.#reflections = new Reflections({
      ...{ client, times, now: context.now },
      concerns: (services, departure) => {
        for (const service of services) this.#dirty.set(service, departure);
      },
      gap: () => {
        this.#gap = true;
      },
      stateChanged: (what, state) => this.#noticed(what, state),
      news: () => this.#wake.resolve(),
    });
    if (!settings.policies) return;
    const { namespaces, except, policyStatus } = settings;
    const { mesh, leader, logger, now } = context;
    this.#policies = new KubernetesPolicies({
      ...{ client, namespaces, except, leader, logger, now, backOff: times.backOff },
      naming: () => (this.#ready && this.#written?.read !== false ? this.#naming : undefined),
      status: policyStatus,
    });
    if (mesh !== undefined)
      this.#written = new WrittenServices({
        ...{ client, mesh, times, namespaces: this.#places },
        changed: () => this.#policies?.renamed(),
      });
  }

  /** Undefined unless the settings ask for them. */
  get policies(): PolicySource | undefined {
    return this.#policies;
  }

  get state(): SourceState {
    if (!this.#ready) return { type: 'starting' };
    const since = this.#reflections.all.flatMap(({ state }) =>
      state.type === 'stale' ? [state.since] : [],
    );
    return since.length === 0 ? { type: 'live' } : { type: 'stale', since: Math.min(...since) };
  }

  get problems(): ReadonlyMap<string, Problem> {
    const all = new Map<string, Problem>();
    for (const problems of this.#problems.values())
      for (const [i, problem] of problems.entries())
        all.set(i === 0 ? problem.path : `${problem.path} (${i + 1})`, problem);
    for (const { what, state } of this.#reflections.all) {
      const error = state.type === 'live' ? undefined : state.error;
      if (error !== undefined)
        all.set(what, { path: what, code: 'unreadable', message: (error as Error).message });
    }
    for (const [what, error] of this.#policies?.errors ?? [])
      all.set(what, { path: what, code: 'unreadable', message: (error as Error).message });
    return all;
  }

  async *changes(signal: AbortSignal): AsyncGenerator<SourceChange> {
    const both = AbortSignal.any([signal, this.#stop.signal]);
    const wake = () => this.#wake.resolve();
    both.addEventListener('abort', wake, { once: true });
    this.#start(both);
    if (this.#written !== undefined) this.#following = this.#written.follow(both);
    try {
      while (!both.aborted) {
        this.#wake = Promise.withResolvers();
        // Nothing is said before everything was read once.
        if (this.#reflections.begun) {
          this.#build();
          // Nodes are read when a Service is found that needs them.
          if (this.#reflections.begun) yield* this.#tell();
          else continue;
        }
        await this.#wake.promise;
      }
    } finally {
      this.#stop.abort();
      await this.#ended();
    }
  }

  /** Ends it. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#policies?.close();
    await this.#ended();
    await this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #ended(): Promise<void> {
    await Promise.all([this.#reflections.ended(), this.#following]);
  }

  /** The namespaces that are read; undefined is all. */
  get #places(): readonly (string | undefined)[] {
    const { namespaces, except } = this.#settings;
    if (namespaces.length === 0) return [undefined];
    return namespaces.filter((namespace) => !except.includes(namespace));
  }

  /** What Services are called in the catalog, those that the mesh has written too. */
  get #naming(): ServiceNaming {
    const { nameOf = (service) => service } = this.#context;
    return {
      portsOf: (namespace, name) => {
        const service = this.#objects.service(`${namespace}/${name}`);
        if (service === undefined) return this.#written?.portsOf(namespace, name);
        return namedPorts(service).map((port) => ({ ...port, name: nameOf(port.name) }));
      },
      wouldBe: (namespace, name) => nameOf(defaultName(namespace, name)),
    };
  }

  #start(signal: AbortSignal): void {
    const { labels } = this.#settings;
    // What meshes have written need not be told at all.
    const foreign = `!${MARK_LABELS.mesh}`;
    const selector = labels === undefined ? foreign : `${labels},${foreign}`;
    for (const namespace of this.#places) {
      this.#reflections.start(signal, {
        resource: RESOURCES.services,
        namespace,
        labelSelector: selector,
        project: (object) => keepService(object, this.#settings),
        set: (key, service) => {
          this.#policies?.renamed();
          return this.#objects.setService(key, service);
        },
      });
      this.#reflections.start(signal, {
        resource: RESOURCES.endpointSlices,
        namespace,
        labelSelector: foreign,
        project: keepSlice,
        // They may be large, and a page is in memory as a whole.
        pageSize: 100,
        set: (key, slice) => this.#objects.setSlice(key, slice),
      });
    }
  }

  #noticed(what: string, state: ReflectorState): void {
    const { name } = this;
    if (state.type === 'live')
      this.#context.logger.debug({ source: name, what }, 'read, and followed');
    else
      this.#context.logger.warn(
        { source: name, what, err: state.error },
        'Kubernetes is away, or refuses: what was read last is served',
      );
  }

  /** Builds what has changed. */
  #build(): void {
    if (!this.#readsNodes && this.#objects.atNodes.length > 0) {
      this.#readsNodes = true;
      this.#reflections.start(this.#stop.signal, {
        resource: RESOURCES.nodes,
        project: keepNode,
        optional: true,
        set: (key, node) => this.#objects.setNode(key, node),
      });
      return;
    }
    const changed = new Map(this.#dirty);
    this.#dirty.clear();
    for (const [key, departure] of changed) this.#buildOne(key, departure);
  }

  #buildOne(key: string, departure: Departure): void {
    const service = this.#objects.service(key);
    if (service === undefined) {
      this.#problems.delete(key);
      this.#published.set(key, undefined, departure);
      return;
    }
    const { services, problems } = buildService(
      {
        service,
        slices: this.#objects.slices(key),
        node: (name) => this.#objects.node(name),
      },
      this.#options,
    );
    if (problems.length === 0) this.#problems.delete(key);
    else this.#problems.set(key, problems);
    this.#published.set(key, services, departure);
  }

  *#tell(): Generator<SourceChange> {
    if (!this.#ready) {
      this.#ready = true;
      this.#policies?.renamed();
      yield this.#published.begin();
      return;
    }
    if (this.#gap) this.#published.reset();
    this.#gap = false;
    yield* this.#published.take();
  }
}
