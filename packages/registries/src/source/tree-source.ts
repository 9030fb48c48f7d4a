import { isIP } from 'node:net';
import {
  type Departure,
  type Endpoint,
  type Locality,
  NO_LOCALITY,
  type Problem,
  type RegistrySource,
  type Service,
  type SourceChange,
  type SourceState,
} from '@meshkeeper/mesh';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import type { Dialect, Reading } from '../dialect.ts';
import { Identifier } from '../mirror/identifier.ts';
import { DEFAULT_TTL, HostResolver, type HostResolverOptions } from '../resolve/host-resolver.ts';
import { rootOf } from '../root.ts';
import type { TreeEvent, ZNode } from '../tree/tree-change.ts';
import { type WatchTreeOptions, watchTree } from '../tree/watch-tree.ts';
import { HostIndex } from './host-index.ts';
import { Wants } from './wants.ts';

/** How long a complete read waits for what is to be had elsewhere than in its trees, in milliseconds. */
const PATIENCE = 5_000;
/** The same for addresses of host names: those that are known are there much sooner. */
const HOST_PATIENCE = 1_000;

/** What a source takes. */
export interface TreeSourceOptions {
  /** Name of the source. */
  readonly name: string;
  readonly dialect: Dialect;
  /** Opened with `onExpired: 'renew'`; it stays the caller's to close. */
  readonly zk: ZooKeeper;
  /** Need not exist yet. Default: the dialect's, if it has one. */
  readonly root?: string | undefined;
  /** Of endpoints that state none. */
  readonly locality?: Locality | undefined;
  /** Put before each service's name. */
  readonly prefix?: string | undefined;
  /** See `WatchTreeOptions.recursive`. */
  readonly recursive?: boolean | undefined;
  /** See `WatchTreeOptions.retry`. */
  readonly retry?: number | undefined;
  readonly lookup?: HostResolverOptions['lookup'] | undefined;
  /** See `HostResolverOptions.ttl`. */
  readonly hostTtl?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
}

/** A registry that is kept in trees of znodes, in any dialect. */
export class TreeSource implements RegistrySource {
  readonly name: string;
  readonly #options: TreeSourceOptions;
  readonly #root: string;
  #reading: Reading;
  readonly #identifier: Identifier;
  readonly #resolver: HostResolver;
  readonly #hosts = new HostIndex();
  readonly #wants: Wants;
  /** The services as they were told last, by the dialect's name for them. */
  readonly #told = new Map<string, Service>();
  /** Znodes that can't be read. */
  readonly #unreadable = new Map<string, Problem>();
  /** Instances whose host name has no address, by service. */
  readonly #unresolved = new Map<string, readonly Problem[]>();
  /** Trees that have not been read completely since they were begun, or since a gap. */
  readonly #incomplete = new Set<string>();
  /** A `reset` is due as soon as everything is complete. */
  #anew = true;
  /** How long the `reset` has waited for what is to be had elsewhere, in milliseconds. */
  #waited = 0;
  #patience: NodeJS.Timeout | undefined;
  /** Services to tell of; what is told is read when it is taken. */
  #dirty = new Set<string>();
  /** Why znodes went that told services came from, by path. */
  #departures = new Map<string, Departure>();
  #wake: (() => void) | undefined;
  #state: SourceState = { type: 'starting' };

  constructor(options: TreeSourceOptions) {
    const { name, lookup, hostTtl } = options;
    this.name = name;
    this.#options = options;
    this.#root = rootOf(options);
    this.#identifier = new Identifier(options.dialect, this.#root);
    this.#reading = this.#nothingRead();
    this.#wants = new Wants((names) => this.#mark(names));
    this.#resolver = new HostResolver({
      changed: (host) => this.#mark(this.#hosts.services(host)),
      ...(lookup && { lookup }),
      ...(hostTtl !== undefined && { ttl: hostTtl }),
    });
  }

  get state(): SourceState {
    return this.#state;
  }

  get problems(): ReadonlyMap<string, Problem> {
    const unresolved = [...this.#unresolved.values()].flat();
    return new Map([
      ...unresolved.map((problem) => [problem.path, problem] as const),
      ...this.#reading.problems,
      ...this.#unreadable,
    ]);
  }

  /** See `RegistrySource.changes`; it ends with the client too. It can be begun again. */
  async *changes(signal: AbortSignal): AsyncGenerator<SourceChange> {
    const stop = new AbortController();
    const ended = AbortSignal.any([signal, stop.signal]);
    const trees = this.#options.dialect.trees(this.#root);
    this.#reading = this.#nothingRead();
    this.#unreadable.clear();
    for (const tree of trees) this.#incomplete.add(tree);
    for (const name of this.#told.keys()) this.#dirty.add(name);
    this.#anew = true;
    let over = false;
    let failure: { readonly error: unknown } | undefined;
    const finish = () => {
      over = true;
      this.#wake?.();
    };
    signal.addEventListener('abort', finish, { once: true });
    const refresh = setInterval(
      () => this.#resolver.refresh(this.#hosts),
      (this.#options.hostTtl ?? DEFAULT_TTL) / 3,
    );
    const reading = Promise.all([
      ...trees.map((tree) => this.#followTree(tree, ended)),
      this.#followState(ended),
    ])
      .catch((error: unknown) => {
        failure = { error };
      })
      .finally(finish);
    try {
      while (!over) {
        yield* this.#take();
        if (over || this.#hasNews()) continue;
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
      }
      if (failure !== undefined && !signal.aborted) throw failure.error;
    } finally {
      stop.abort();
      signal.removeEventListener('abort', finish);
      clearInterval(refresh);
      this.#resolver.pause();
      this.#wants.stop();
      clearTimeout(this.#patience);
      await reading;
      this.#stale();
    }
  }

  #hasNews(): boolean {
    if (this.#incomplete.size > 0) return false;
    if (!this.#anew) return this.#dirty.size > 0;
    if (!this.#wants.settled && this.#waited < PATIENCE) return false;
    return this.#resolver.settled || this.#waited >= HOST_PATIENCE;
  }

  /** What is wanted elsewhere, addresses too, is part of a complete read, as long as it comes soon. */
  #waitElsewhere(): void {
    for (const name of this.#dirty) {
      const service = this.#reading.service(name);
      if (service !== undefined) for (const host of hostsOf(service)) this.#resolver.address(host);
    }
    clearTimeout(this.#patience);
    const wait = (from: number, to: number) => {
      this.#waited = from;
      this.#wake?.();
      if (to > from) this.#patience = setTimeout(() => wait(to, PATIENCE), to - from).unref();
    };
    wait(0, HOST_PATIENCE);
  }

  /** What is told is read here; nothing is told of what was only read in part. */
  *#take(): Generator<SourceChange> {
    if (!this.#hasNews()) return;
    const dirty = this.#dirty;
    const departures = this.#departures;
    this.#dirty = new Set();
    this.#departures = new Map();
    if (this.#anew) {
      this.#anew = false;
      for (const name of dirty) this.#read(name);
      yield { type: 'reset', services: [...this.#told.values()] };
      return;
    }
    for (const name of dirty) {
      const before = this.#told.get(name);
      const service = this.#read(name);
      if (service === undefined && before === undefined) continue;
      const departed = before && departedFrom(before, service, departures);
      const why = departed !== undefined && { departed };
      yield service === undefined
        ? { type: 'remove', name: this.#prefixed(name), ...why }
        : { type: 'upsert', service, ...why };
    }
  }

  /** The service as it is now, which is what is told of it. */
  #read(name: string): Service | undefined {
    const told = this.#told.get(name);
    const read = this.#reading.service(name);
    this.#hosts.set(name, read === undefined ? [] : hostsOf(read));
    const unresolved: Problem[] = [];
    const service = read && this.#resolved(read, unresolved);
    if (unresolved.length === 0) this.#unresolved.delete(name);
    else this.#unresolved.set(name, unresolved);
    if (service === undefined) this.#told.delete(name);
    else if (told === undefined || !identical(told, service)) this.#told.set(name, service);
    return this.#told.get(name);
  }

  #resolved(service: Service, unresolved: Problem[]): Service {
    const name = this.#prefixed(service.name);
    if (service.endpoints.every(({ address }) => isIP(address) !== 0)) return { ...service, name };
    const endpoints: Endpoint[] = [];
    for (const endpoint of service.endpoints) {
      const { address: host, origin } = endpoint;
      const address = this.#resolver.address(host);
      const message = this.#resolver.failure(host);
      if (message !== undefined)
        unresolved.push({ path: origin.path, code: 'bad-address', message });
      if (address === host) endpoints.push(endpoint);
      else if (address !== undefined) endpoints.push({ ...endpoint, address, hostname: host });
    }
    return { ...service, name, endpoints };
  }

  #prefixed(name: string): string {
    return `${this.#options.prefix ?? ''}${name}`;
  }

  #nothingRead(): Reading {
    const { name, dialect, locality = NO_LOCALITY } = this.#options;
    return dialect.reading({ registry: name, root: this.#root, locality });
  }

  async #followTree(tree: string, signal: AbortSignal): Promise<void> {
    const { zk, recursive, retry } = this.#options;
    const unreadable = new Map<string, Problem>();
    const options: WatchTreeOptions = {
      signal,
      unreadable: (path, { message }) =>
        unreadable.set(path, { path, code: 'unreadable', message }),
      ...(recursive !== undefined && { recursive }),
      ...(retry !== undefined && { retry }),
    };
    for await (const event of watchTree(zk, tree, options)) {
      this.#apply(tree, event);
      for (const [path, problem] of unreadable) this.#unreadable.set(path, problem);
      unreadable.clear();
    }
  }

  #apply(tree: string, event: TreeEvent): void {
    switch (event.type) {
      case 'changes': {
        const changed = new Set<string>();
        for (const { path, departure } of event.removed) {
          this.#unreadable.delete(path);
          for (const name of this.#reading.remove(path)) {
            changed.add(name);
            this.#departures.set(path, departure);
          }
        }
        for (const node of event.upserted) {
          this.#unreadable.delete(node.path);
          for (const name of this.#put(node)) changed.add(name);
          if (!this.#anew && this.#reading.lists?.(node.path))
            this.#departures.set(node.path, 'deregistered');
        }
        this.#mark(changed);
        return;
      }
      case 'gap':
        this.#incomplete.add(tree);
        this.#anew = true;
        return;
      case 'complete':
        this.#incomplete.delete(tree);
        if (this.#incomplete.size === 0 && this.#anew) this.#waitElsewhere();
        if (this.#incomplete.size === 0 && this.#options.zk.state.type === 'connected')
          this.#state = { type: 'live' };
        this.#mark([]);
    }
  }

  /** Mirrored instances are served from where they were registered: a mirror of them would be a loop. */
  #put(node: ZNode): Iterable<string> {
    return this.#identifier.isMirrored(node)
      ? this.#reading.remove(node.path)
      : this.#reading.put(node);
  }

  async #followState(signal: AbortSignal): Promise<void> {
    for await (const { type } of this.#options.zk.states({ signal }))
      if (type !== 'connected') this.#stale();
  }

  #stale(): void {
    if (this.#state.type !== 'live') return;
    this.#state = { type: 'stale', since: (this.#options.now ?? Date.now)() };
  }

  #mark(changed: Iterable<string>): void {
    for (const name of changed) this.#dirty.add(name);
    this.#wants.look(this.#reading.wants ?? []);
    this.#wake?.();
  }
}

function hostsOf({ endpoints }: Service): string[] {
  return endpoints.map(({ address }) => address).filter((address) => isIP(address) === 0);
}

/** Why endpoints have left that came from znodes that are gone, or list others now; by id. */
function departedFrom(
  before: Service,
  after: Service | undefined,
  departures: ReadonlyMap<string, Departure>,
) {
  const departed = new Map<string, Departure>();
  for (const { id, origin } of before.endpoints) {
    const departure = departures.get(origin.path);
    if (departure !== undefined) departed.set(id, departure);
  }
  // A list that has changed still names others.
  if (departed.size > 0) for (const { id } of after?.endpoints ?? []) departed.delete(id);
  return departed;
}

/** True when nothing was read anew, not only the same again. */
function identical(a: Service, b: Service): boolean {
  return (
    a.protocol === b.protocol &&
    a.policy === b.policy &&
    a.endpoints.length === b.endpoints.length &&
    a.endpoints.every((endpoint, i) => endpoint === b.endpoints[i])
  );
}
