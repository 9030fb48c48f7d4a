import type { Problem, RegistrySource, SourceChange, SourceState } from '@meshkeeper/mesh';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { DEFAULT_TTL, HostResolver, type HostResolverOptions } from '../resolve/host-resolver.ts';
import { type WatchTreeOptions, watchTree } from '../tree/watch-tree.ts';
import { Instances } from './instances.ts';

/** What a source of Curator or Spring Cloud instances takes. */
export interface CuratorSourceOptions {
  /** Name of the source. */
  readonly name: string;
  /** Opened with `onExpired: 'renew'`; it stays the caller's to close. */
  readonly zk: ZooKeeper;
  /** `/services`, `/discovery`; it need not exist yet. */
  readonly root: string;
  /** See `WatchTreeOptions.recursive`. */
  readonly recursive?: boolean;
  /** See `WatchTreeOptions.retry`. */
  readonly retry?: number;
  readonly lookup?: HostResolverOptions['lookup'];
  /** See `HostResolverOptions.ttl`. */
  readonly hostTtl?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** The services that Curator's x-discovery and Spring Cloud Zookeeper keep under a root. */
export class CuratorSource implements RegistrySource {
  readonly name: string;
  readonly #options: CuratorSourceOptions;
  readonly #instances: Instances;
  readonly #resolver: HostResolver;
  /** Znodes that can't be read, and instances whose host name has no address. */
  readonly #unreadable = new Map<string, Problem>();
  readonly #unresolved = new Map<string, Problem>();
  /** Services to tell of, or all of them; what is told is read when it is taken. */
  #dirty: Set<string> | 'all' = new Set();
  /** Host names whose services are to be told of. */
  #movedHosts = new Set<string>();
  #wake: (() => void) | undefined;
  #state: SourceState = { type: 'starting' };

  constructor(options: CuratorSourceOptions) {
    const { name, root, lookup, hostTtl } = options;
    this.name = name;
    this.#options = options;
    this.#instances = new Instances(name, root);
    this.#resolver = new HostResolver({
      changed: (host) => {
        this.#movedHosts.add(host);
        this.#wake?.();
      },
      ...(lookup && { lookup }),
      ...(hostTtl !== undefined && { ttl: hostTtl }),
    });
  }

  get state(): SourceState {
    return this.#state;
  }

  get problems(): ReadonlyMap<string, Problem> {
    return new Map([...this.#unresolved, ...this.#instances.problems, ...this.#unreadable]);
  }

  /** See `RegistrySource.changes`; it ends with the client too. It can be begun again. */
  async *changes(signal: AbortSignal): AsyncGenerator<SourceChange> {
    const stop = new AbortController();
    const ended = AbortSignal.any([signal, stop.signal]);
    this.#dirty = new Set();
    let over = false;
    let failure: { readonly error: unknown } | undefined;
    const finish = () => {
      over = true;
      this.#wake?.();
    };
    signal.addEventListener('abort', finish, { once: true });
    const refresh = setInterval(
      () => this.#resolver.refresh(this.#instances.hosts()),
      (this.#options.hostTtl ?? DEFAULT_TTL) / 3,
    );
    const reading = Promise.all([this.#followTree(ended), this.#followState(ended)])
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
      await reading;
      this.#stale();
    }
  }

  #hasNews(): boolean {
    return this.#dirty === 'all' || this.#dirty.size + this.#movedHosts.size > 0;
  }

  *#take(): Generator<SourceChange> {
    const dirty = this.#dirty;
    const moved = this.#movedHosts;
    this.#dirty = new Set();
    this.#movedHosts = new Set();
    if (dirty === 'all') {
      const services = [...this.#instances.names].map((name) => this.#service(name)!);
      yield { type: 'reset', services };
      return;
    }
    const hosts = moved.size > 0 ? this.#instances.hosts() : undefined;
    for (const host of moved) for (const name of hosts?.get(host) ?? []) dirty.add(name);
    for (const name of dirty) {
      const service = this.#service(name);
      yield service === undefined ? { type: 'remove', name } : { type: 'upsert', service };
    }
  }

  #service(name: string) {
    return this.#instances.service(name, (host, path) => {
      const address = this.#resolver.address(host);
      const message = this.#resolver.failure(host);
      if (message === undefined) this.#unresolved.delete(path);
      else this.#unresolved.set(path, { path, code: 'bad-address', message });
      return address;
    });
  }

  async #followTree(signal: AbortSignal): Promise<void> {
    const { zk, root, recursive, retry } = this.#options;
    const noticed = new Map<string, Problem>();
    const options: WatchTreeOptions = {
      signal,
      unreadable: (path, { message }) => noticed.set(path, { path, code: 'unreadable', message }),
      ...(recursive !== undefined && { recursive }),
      ...(retry !== undefined && { retry }),
    };
    for await (const event of watchTree(zk, root, options)) {
      for (const problems of [this.#unreadable, this.#unresolved]) {
        if (event.type === 'reset') problems.clear();
        else {
          for (const path of event.removed) problems.delete(path);
          for (const { path } of event.upserted) problems.delete(path);
        }
      }
      for (const [path, problem] of noticed) this.#unreadable.set(path, problem);
      noticed.clear();
      const changed = this.#instances.apply(event);
      if (event.type === 'reset' && zk.state.type === 'connected') this.#state = { type: 'live' };
      this.#mark(changed);
    }
  }

  async #followState(signal: AbortSignal): Promise<void> {
    for await (const { type } of this.#options.zk.states({ signal }))
      if (type !== 'connected') this.#stale();
  }

  #stale(): void {
    if (this.#state.type !== 'live') return;
    this.#state = { type: 'stale', since: (this.#options.now ?? Date.now)() };
  }

  #mark(changed: Iterable<string> | 'all'): void {
    if (changed === 'all') this.#dirty = 'all';
    else if (this.#dirty !== 'all') for (const name of changed) this.#dirty.add(name);
    this.#wake?.();
  }
}
