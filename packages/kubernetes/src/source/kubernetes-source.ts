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
import type { KubernetesObject } from '../api/objects.ts';
import { RESOURCES, type Resource } from '../api/resource.ts';
import { KubernetesPolicies } from '../gateway-api/kubernetes-policies.ts';
import type { ServiceNaming } from '../gateway-api/service-naming.ts';
import type { ReflectorChange } from '../reflector/reflection.ts';
import { Reflector, type ReflectorOptions, type ReflectorState } from '../reflector/reflector.ts';
import { type BuildOptions, buildService, reachOf } from './build-service.ts';
import { type KeptNode, keepNode } from './kept-node.ts';
import { type KeptService, keepService } from './kept-service.ts';
import { type KeptSlice, keepSlice } from './kept-slice.ts';
import { Published } from './published.ts';
import { defaultName, namedPorts } from './service-names.ts';
import type { KubernetesSourceSettings } from './settings.ts';
import { WrittenServices } from './written-services.ts';

/** What a source needs of where it runs. */
export type KubernetesSourceContext = Pick<SourceContext, 'name' | 'logger' | 'now' | 'resolve'> &
  // Only for policies.
  Partial<Pick<SourceContext, 'mesh' | 'nameOf' | 'leader'>>;

/** How it reads, for tests: shorter times. */
export type ReflectorTimes = Pick<
  ReflectorOptions<KubernetesObject, unknown>,
  'pageSize' | 'watchTime' | 'idle' | 'backOff'
>;

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

/** One reflector that runs, whatever it reflects. */
interface Reflected {
  /** What is read: `services`, `endpointslices in shop`. */
  readonly what: string;
  readonly state: ReflectorState;
  begun: boolean;
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
  readonly #times: ReflectorTimes;
  readonly #stop = new AbortController();
  readonly #reflected: Reflected[] = [];
  readonly #running: Promise<void>[] = [];
  readonly #services = new Map<string, KeptService>();
  /** By Service, then by their keys. */
  readonly #slices = new Map<string, Map<string, KeptSlice>>();
  /** The Service of each slice. */
  readonly #sliceOf = new Map<string, string>();
  readonly #nodes = new Map<string, KeptNode>();
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
    this.#times = times;
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
    const since = this.#reflected.flatMap(({ state }) =>
      state.type === 'stale' ? [state.since] : [],
    );
    return since.length === 0 ? { type: 'live' } : { type: 'stale', since: Math.min(...since) };
  }

  get problems(): ReadonlyMap<string, Problem> {
    const all = new Map<string, Problem>();
    for (const problems of this.#problems.values())
      for (const [i, problem] of problems.entries())
        all.set(i === 0 ? problem.path : `${problem.path} (${i + 1})`, problem);
    for (const { what, state } of this.#reflected) {
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
    if (this.#written !== undefined) this.#running.push(this.#written.follow(both));
    try {
      while (!both.aborted) {
        this.#wake = Promise.withResolvers();
        // Nothing is said before everything was read once.
        if (this.#reflected.every(({ begun }) => begun)) {
          this.#build();
          // Nodes are read when a Service is found that needs them.
          if (this.#reflected.every(({ begun }) => begun)) yield* this.#tell();
          else continue;
        }
        await this.#wake.promise;
      }
    } finally {
      this.#stop.abort();
      await Promise.all(this.#running);
    }
  }

  /** Ends it. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#policies?.close();
    await Promise.all(this.#running);
    await this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
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
        const service = this.#services.get(`${namespace}/${name}`);
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
      this.#reflect(signal, {
        resource: RESOURCES.services,
        namespace,
        labelSelector: selector,
        project: (object) => keepService(object, this.#settings),
        set: (key, service) => this.#setService(key, service),
      });
      this.#reflect(signal, {
        resource: RESOURCES.endpointSlices,
        namespace,
        labelSelector: foreign,
        project: keepSlice,
        // They may be large, and a page is in memory as a whole.
        pageSize: 100,
        set: (key, slice) => this.#setSlice(key, slice),
      });
    }
  }

  #reflect<T extends KubernetesObject, Kept>(
    signal: AbortSignal,
    {
      set,
      optional,
      ...of
    }: Pick<
      ReflectorOptions<T, Kept>,
      'resource' | 'namespace' | 'labelSelector' | 'project' | 'pageSize'
    > & {
      /** Takes one; @returns the Services that it concerns. */
      readonly set: (key: string, kept: Kept | undefined) => readonly string[];
      /** Nothing waits for it when it can't be read. Default false. */
      readonly optional?: boolean;
    },
  ): void {
    const { resource, namespace } = of;
    const where = namespace === undefined ? '' : ` in ${namespace}`;
    const what = `${resource.plural}${where}`;
    const reflector = new Reflector<T, Kept>({
      ...of,
      ...this.#times,
      client: this.#client,
      now: this.#context.now,
      provesEmpty: (until) => this.#provesEmpty(resource, namespace, until),
      stateChanged: (state) => {
        // Who may not read nodes still reads what needs none.
        if (optional === true && state.type === 'starting') reflected.begun = true;
        this.#noticed(what, state);
        this.#wake.resolve();
      },
    });
    const reflected: Reflected = {
      what,
      begun: false,
      get state() {
        return reflector.state;
      },
    };
    this.#reflected.push(reflected);
    const keys = new Set<string>();
    const take = (key: string, kept: Kept | undefined, departure: Departure) => {
      if (kept === undefined) keys.delete(key);
      else keys.add(key);
      for (const service of set(key, kept)) this.#dirty.set(service, departure);
    };
    const apply = (change: ReflectorChange<Kept>) => {
      if (change.type === 'upsert') take(change.key, change.object, 'deregistered');
      else if (change.type === 'remove') take(change.key, undefined, 'deregistered');
      else {
        for (const key of [...keys]) if (!change.objects.has(key)) take(key, undefined, 'unknown');
        for (const [key, kept] of change.objects) take(key, kept, 'unknown');
        this.#gap = reflected.begun || this.#gap;
        reflected.begun = true;
      }
      this.#wake.resolve();
    };
    const run = async () => {
      for await (const change of reflector.changes(signal)) apply(change);
    };
    this.#running.push(run());
  }

  /**
   * An empty list proves something where the same question without a selector has an answer (each cluster
   * has a Service of its API), or the namespace is there.
   */
  async #provesEmpty(
    resource: Resource,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      const { items } = await this.#client.list(resource, { namespace, limit: 1, signal });
      if (items.length > 0 || namespace === undefined) return items.length > 0;
      await this.#client.get(RESOURCES.namespaces, namespace, { signal });
      return true;
    } catch {
      return false;
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

  #setService(key: string, service: KeptService | undefined): readonly string[] {
    if (service === undefined) this.#services.delete(key);
    else this.#services.set(key, service);
    this.#policies?.renamed();
    return [key];
  }

  #setSlice(key: string, slice: KeptSlice | undefined): readonly string[] {
    const before = this.#sliceOf.get(key);
    const slices = before === undefined ? undefined : this.#slices.get(before);
    slices?.delete(key);
    if (before !== undefined && slices?.size === 0) this.#slices.delete(before);
    if (slice === undefined) {
      this.#sliceOf.delete(key);
      return before === undefined ? [] : [before];
    }
    const { service } = slice;
    this.#sliceOf.set(key, service);
    this.#slices.set(service, (this.#slices.get(service) ?? new Map()).set(key, slice));
    return before === undefined || before === service ? [service] : [before, service];
  }

  #setNode(name: string, node: KeptNode | undefined): readonly string[] {
    if (node === undefined) this.#nodes.delete(name);
    else this.#nodes.set(name, node);
    return this.#reaching('nodes');
  }

  /** Keys of the Services that are reached so. */
  #reaching(...reaches: readonly ReturnType<typeof reachOf>[]): readonly string[] {
    return [...this.#services]
      .filter(([, service]) => reaches.includes(reachOf(service, this.#options)))
      .map(([key]) => key);
  }

  /** Builds what has changed. */
  #build(): void {
    if (!this.#readsNodes && this.#reaching('nodes').length > 0) {
      this.#readsNodes = true;
      this.#reflect(this.#stop.signal, {
        resource: RESOURCES.nodes,
        project: keepNode,
        optional: true,
        set: (key, node) => this.#setNode(key, node),
      });
      return;
    }
    const changed = new Map(this.#dirty);
    this.#dirty.clear();
    for (const [key, departure] of changed) this.#buildOne(key, departure);
  }

  #buildOne(key: string, departure: Departure): void {
    const service = this.#services.get(key);
    if (service === undefined) {
      this.#problems.delete(key);
      this.#published.set(key, undefined, departure);
      return;
    }
    const { services, problems } = buildService(
      {
        service,
        slices: [...(this.#slices.get(key)?.values() ?? [])],
        node: (name) => this.#nodes.get(name),
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
