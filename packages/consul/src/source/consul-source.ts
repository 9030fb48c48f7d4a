import {
  type Departure,
  type Endpoint,
  type PluginContext,
  type Problem,
  type Protocol,
  type RegistrySource,
  type Service,
  type SourceChange,
  type SourceState,
  sameService,
  statedHosts,
} from '@meshkeeper/mesh';
import { BoundedProblems } from '../client/bounded-problems.ts';
import { ConsulClient } from '../client/consul-client.ts';
import type { HealthRecord } from '../client/records.ts';
import { TokenBucket } from '../client/token-bucket.ts';
import type { ConsulSourceSettings } from '../settings/source.ts';
import { ChangeQueue } from './change-queue.ts';
import { DatacenterReader, type ReaderListener, WAITING } from './datacenter-reader.ts';
import { decodeInstance } from './instance.ts';

/** What a source needs of where it runs. */
export type ConsulContext = Pick<PluginContext, 'name' | 'logger' | 'now' | 'resolve'>;

/** Opens a Consul that the catalog reads. @throws ConsulError `invalid-settings` */
export async function openConsulSource(
  settings: ConsulSourceSettings,
  context: ConsulContext,
): Promise<ConsulSource> {
  const datacenters = Math.max(1, settings.datacenters.length);
  const connections = datacenters * (WAITING + settings.connections);
  const client = await ConsulClient.open(settings, connections, context.resolve);
  return new ConsulSource(settings, context, client);
}

/** What one datacentre has of a service. */
interface Part {
  readonly protocol: Protocol;
  readonly endpoints: readonly Endpoint[];
}

/** A Consul that the catalog reads. */
export class ConsulSource implements RegistrySource, AsyncDisposable {
  readonly name: string;
  readonly #settings: ConsulSourceSettings;
  readonly #context: ConsulContext;
  readonly #client: ConsulClient;
  readonly #problems = new BoundedProblems<Problem>();
  readonly #queue = new ChangeQueue();
  /** By service, then by datacentre. */
  readonly #parts = new Map<string, Map<string, Part>>();
  readonly #services = new Map<string, Service>();
  /** What datacentres call themselves: the agent's own is asked for by no name. */
  readonly #called = new Map<string, string>();
  /** The datacentres that are read completely, and followed. */
  readonly #live = new Set<string>();
  readonly #stop = new AbortController();
  #state: SourceState = { type: 'starting' };

  constructor(settings: ConsulSourceSettings, context: ConsulContext, client: ConsulClient) {
    this.name = context.name;
    this.#settings = settings;
    this.#context = context;
    this.#client = client;
  }

  get state(): SourceState {
    return this.#state;
  }

  get problems(): ReadonlyMap<string, Problem> {
    return this.#problems.all;
  }

  async *changes(signal: AbortSignal): AsyncGenerator<SourceChange> {
    const both = AbortSignal.any([signal, this.#stop.signal]);
    const { datacenters, queriesPerSecond } = this.#settings;
    const bucket = new TokenBucket(queriesPerSecond);
    const all = datacenters.length === 0 ? [undefined] : datacenters;
    const running = all.map((datacenter) =>
      new DatacenterReader({
        ...{ client: this.#client, settings: this.#settings, datacenter, bucket },
        listener: this.#listener(datacenter ?? '', all.length),
      }).run(both),
    );
    yield* this.#queue.take(both);
    await Promise.all(running);
  }

  /** Ends it. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#client[Symbol.dispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #listener(datacenter: string, count: number): ReaderListener {
    return {
      read: (name, records, departure) => this.#read(datacenter, name, records, departure),
      gone: (name, departure) => this.#put(datacenter, name, undefined, departure),
      complete: () => {
        this.#live.add(datacenter);
        if (this.#live.size < count) return;
        this.#state = { type: 'live' };
        this.#queue.reset(() => [...this.#services.values()]);
      },
      stale: (err) => {
        this.#live.delete(datacenter);
        if (this.#state.type !== 'live') return;
        this.#state = { type: 'stale', since: this.#context.now() };
        const { name } = this;
        this.#context.logger.warn(
          { source: name, err },
          'Consul is away: what was read last is served',
        );
      },
      problem: (path, problem) => this.#problems.set(path, problem),
    };
  }

  #read(
    datacenter: string,
    name: string,
    records: readonly HealthRecord[],
    departure: Departure,
  ): void {
    const { protocol: otherwise, taggedAddress, datacenters } = this.#settings;
    const options = { registry: this.name, taggedAddress, several: datacenters.length > 1 };
    const endpoints: Endpoint[] = [];
    const problems = new Map<string, Problem>();
    let protocol: Protocol | undefined;
    for (const record of records) {
      const here = record.Node.Datacenter || datacenter;
      this.#called.set(datacenter, here);
      const decoded = decodeInstance(record, { ...options, datacenter: here });
      if (decoded.type === 'problem') problems.set(decoded.problem.path, decoded.problem);
      if (decoded.type !== 'endpoint') continue;
      endpoints.push(decoded.endpoint);
      protocol ??= decoded.protocol;
    }
    this.#problems.replace(`${datacenter}/${name.toLowerCase()}`, problems);
    // What has only what we wrote is no service here.
    const isOurs = endpoints.length === 0 && records.length > 0 && problems.size === 0;
    const part = isOurs ? undefined : { protocol: protocol ?? otherwise, endpoints };
    this.#put(datacenter, name, part, departure);
  }

  #put(datacenter: string, name: string, part: Part | undefined, departure: Departure): void {
    const key = name.toLowerCase();
    const parts = this.#parts.get(key) ?? new Map<string, Part>();
    this.#parts.set(key, parts);
    if (part === undefined) parts.delete(datacenter);
    else parts.set(datacenter, part);
    if (part === undefined) this.#problems.replace(`${datacenter}/${key}`, new Map());
    if (parts.size === 0) this.#parts.delete(key);
    const before = this.#services.get(key);
    const after = parts.size === 0 ? undefined : this.#service(before?.name, name, parts);
    if (before === undefined && after === undefined) return;
    if (before !== undefined && after !== undefined && sameService(before, after)) return;
    if (after === undefined) this.#services.delete(key);
    else this.#services.set(key, after);
    const there = new Set(after?.endpoints.map(({ id }) => id));
    const gone = before?.endpoints.filter(({ id }) => !there.has(id)) ?? [];
    const departed = new Map(gone.map(({ id }) => [id, departure]));
    this.#queue.put(`${before?.name ?? after?.name}`, after, departed);
  }

  /** A service keeps the case of its name: Consul tells none apart. */
  #service(known: string | undefined, name: string, parts: ReadonlyMap<string, Part>): Service {
    const [first] = parts.values();
    const all = [...parts.values()].flatMap(({ endpoints }) => endpoints);
    const hosts = this.#hostsOf(name, [...parts.keys()]);
    return {
      name: known ?? name,
      protocol: first!.protocol,
      endpoints: distinct(all),
      ...(hosts && { hosts }),
    };
  }

  /** The names that it has in Consul's DNS; those with a datacentre stand for the service in all of them, too. */
  #hostsOf(name: string, datacenters: readonly string[]): readonly string[] | undefined {
    const { hosts, domain } = this.#settings;
    if (!hosts) return undefined;
    const places = datacenters.flatMap((each) => this.#called.get(each) || []);
    const inAll = `${name}.service.${domain}`;
    return statedHosts([inAll, ...places.map((place) => `${name}.service.${place}.${domain}`)]);
  }
}

/** Of those at one address and port the fittest, sorted by id. */
function distinct(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const sorted = endpoints.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const byPlace = new Map<string, Endpoint>();
  for (const endpoint of sorted) {
    const place = `${endpoint.address} ${endpoint.port}`;
    const other = byPlace.get(place);
    if (other === undefined || (!isFit(other) && isFit(endpoint))) byPlace.set(place, endpoint);
  }
  return sorted.filter(
    (endpoint) => byPlace.get(`${endpoint.address} ${endpoint.port}`) === endpoint,
  );
}

function isFit({ health }: Endpoint): boolean {
  return health === 'healthy' || health === 'unknown';
}
