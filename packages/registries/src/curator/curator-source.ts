import type { Problem, RegistrySource, SourceChange, SourceState } from '@meshkeeper/mesh';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { HostResolver, type HostResolverOptions } from '../resolve/host-resolver.ts';
import { watchTree } from '../tree/watch-tree.ts';
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
  readonly lookup?: HostResolverOptions['lookup'];
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** How often host names are looked at again, in milliseconds. */
const REFRESH = 10_000;

/** The services that Curator's x-discovery and Spring Cloud Zookeeper keep under a root. */
export class CuratorSource implements RegistrySource {
  readonly name: string;
  readonly #options: CuratorSourceOptions;
  readonly #instances: Instances;
  readonly #resolver: HostResolver;
  readonly #problems = new Map<string, Problem>();
  /** Services to tell of, or all of them; what is told is read when it is taken. */
  #dirty: Set<string> | 'all' = new Set();
  #wake: (() => void) | undefined;
  #state: SourceState = { type: 'starting' };

  constructor(options: CuratorSourceOptions) {
    this.name = options.name;
    this.#options = options;
    this.#instances = new Instances(options.name, options.root);
    this.#resolver = new HostResolver({
      changed: (host) => this.#mark(this.#instances.servicesAt(host)),
      ...(options.lookup && { lookup: options.lookup }),
    });
  }

  get state(): SourceState {
    return this.#state;
  }

  get problems(): ReadonlyMap<string, Problem> {
    return new Map([...this.#instances.problems, ...this.#problems]);
  }

  async *changes(signal: AbortSignal): AsyncGenerator<SourceChange> {
    const stop = new AbortController();
    const ended = AbortSignal.any([signal, stop.signal]);
    const wake = () => this.#wake?.();
    signal.addEventListener('abort', wake, { once: true });
    const refresh = setInterval(() => this.#resolver.refresh(), REFRESH);
    let failure: { readonly error: unknown } | undefined;
    const reading = Promise.all([this.#followTree(ended), this.#followState(ended)]).catch(
      (error: unknown) => {
        failure = { error };
        wake();
      },
    );
    try {
      for (;;) {
        yield* this.#take();
        if (failure !== undefined) throw failure.error;
        if (signal.aborted) return;
        if (this.#dirty === 'all' || this.#dirty.size > 0) continue;
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
      }
    } finally {
      stop.abort();
      signal.removeEventListener('abort', wake);
      clearInterval(refresh);
      this.#resolver.close();
      await reading;
    }
  }

  *#take(): Generator<SourceChange> {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    if (dirty === 'all') {
      const services = [...this.#instances.names].map((name) => this.#service(name)!);
      yield { type: 'reset', services };
      return;
    }
    for (const name of dirty) {
      const service = this.#service(name);
      yield service === undefined ? { type: 'remove', name } : { type: 'upsert', service };
    }
  }

  #service(name: string) {
    return this.#instances.service(name, (host, path) => {
      const address = this.#resolver.address(host);
      const message = this.#resolver.failure(host);
      if (message === undefined) this.#problems.delete(path);
      else this.#problems.set(path, { path, code: 'bad-address', message });
      return address;
    });
  }

  async #followTree(signal: AbortSignal): Promise<void> {
    const { zk, root, recursive } = this.#options;
    const unreadable = (path: string, error: Error) =>
      this.#problems.set(path, { path, code: 'unreadable', message: error.message });
    const options = { signal, unreadable, ...(recursive !== undefined && { recursive }) };
    for await (const event of watchTree(zk, root, options)) {
      if (event.type === 'reset') this.#problems.clear();
      else for (const path of event.removed) this.#problems.delete(path);
      const changed = this.#instances.apply(event);
      if (event.type === 'reset' && zk.state.type === 'connected') this.#state = { type: 'live' };
      this.#mark(changed);
    }
  }

  async #followState(signal: AbortSignal): Promise<void> {
    const now = this.#options.now ?? Date.now;
    for await (const state of this.#options.zk.states({ signal }))
      if (state.type !== 'connected' && this.#state.type === 'live')
        this.#state = { type: 'stale', since: now() };
  }

  #mark(changed: Iterable<string> | 'all'): void {
    if (changed === 'all') this.#dirty = 'all';
    else if (this.#dirty !== 'all') for (const name of changed) this.#dirty.add(name);
    this.#wake?.();
  }
}
