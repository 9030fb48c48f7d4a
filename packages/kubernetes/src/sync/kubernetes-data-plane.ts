import type {
  DataPlane,
  DataPlaneState,
  Leadership,
  ServiceChange,
  Snapshot,
} from '@meshkeeper/mesh';
import type { ApiClient } from '../api/api-client.ts';
import type { Logger } from '../logger.ts';
import type { BackOffOptions } from '../queue/back-off.ts';
import { KubernetesSync } from './kubernetes-sync.ts';
import { Problems } from './problems.ts';
import type { PublishRule } from './publish-rule.ts';
import { REMOVAL_LIMITS, RemovalGate } from './removal-gate.ts';
import { WantedServices } from './wanted-services.ts';

/** What is written where, and by whom. */
export interface KubernetesDataPlaneOptions {
  readonly client: ApiClient;
  /** Unique among the data planes of the mesh; a label of all that is written. */
  readonly name: string;
  /** Who the mesh is: objects of another are none of ours. At most 63 of `A-Za-z0-9._-`. */
  readonly mesh: string;
  /** The first that fits counts. */
  readonly rules: readonly PublishRule[];
  /** Whether this process is the one that writes. Default: it is. */
  readonly leader?: Pick<Leadership, 'changes'>;
  /** The share of what is there that may be removed at once. Default 0.25. */
  readonly maxRemovedShare?: number;
  /** Removals are never held back. Default false. */
  readonly allowMassDelete?: boolean;
  /** Default 50. */
  readonly writesPerSecond?: number;
  readonly logger: Logger;
  readonly backOff?: BackOffOptions;
  /** Called when it has ended. */
  readonly close?: () => Promise<void>;
}

/** Services of the mesh as Services and EndpointSlices of Kubernetes. */
export class KubernetesDataPlane implements DataPlane {
  readonly name: string;
  readonly #options: KubernetesDataPlaneOptions;
  readonly #wanted: WantedServices;
  readonly #problems = new Problems();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #sync: KubernetesSync | undefined;
  #snapshot: Snapshot | undefined;
  #failing: number | undefined;
  #allowed: boolean;
  #settled = Promise.withResolvers<void>();

  constructor(options: KubernetesDataPlaneOptions) {
    this.#options = options;
    this.name = options.name;
    this.#wanted = new WantedServices(options.rules);
    this.#allowed = options.allowMassDelete ?? false;
    this.#running = this.#stand();
  }

  get state(): DataPlaneState {
    const [sync, snapshot] = [this.#sync, this.#snapshot];
    const failure = sync?.failure;
    if (failure !== undefined) {
      this.#failing ??= Date.now();
      const message = failure instanceof Error ? failure.message : String(failure);
      return { type: 'failing', since: this.#failing, message };
    }
    this.#failing = undefined;
    if (sync === undefined || snapshot === undefined || !sync.complete) return { type: 'starting' };
    const { revision } = snapshot;
    return { type: sync.settled ? 'applied' : 'applying', revision };
  }

  get problems(): ReadonlyMap<string, string> {
    return this.#problems.all;
  }

  update(snapshot: Snapshot, changes: readonly ServiceChange[]): void {
    const first = this.#snapshot === undefined;
    this.#snapshot = snapshot;
    const dirty = new Set<string>();
    const take = (name: string) => {
      for (const key of this.#wanted.set(name, snapshot.services.get(name))) dirty.add(key);
    };
    if (first) for (const { name } of snapshot.services) take(name);
    else for (const { name } of changes) take(name);
    if (first) this.#sync?.all();
    else this.#sync?.wants(dirty);
  }

  /** Whether removals may go on, however many they are. */
  allowMassDelete(allowed: boolean): void {
    this.#allowed = allowed;
    this.#sync?.all();
  }

  /** Resolves when something has changed of how it stands. */
  changed(): Promise<void> {
    return this.#settled.promise;
  }

  /** Ends it. What it has written stays. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#options.close?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #stand(): Promise<void> {
    const { leader = ALWAYS, logger } = this.#options;
    const { signal } = this.#stop;
    try {
      for await (const term of leader.changes(signal)) {
        if (term === undefined || signal.aborted) continue;
        await this.#lead(AbortSignal.any([signal, term]));
      }
    } catch (err) {
      if (!signal.aborted)
        logger.warn({ err }, 'nothing is written to Kubernetes: nobody can lead');
    }
  }

  /** Writes until the signal aborts. */
  async #lead(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { client, name, mesh, rules, logger, writesPerSecond = 50, backOff } = this.#options;
    const { maxRemovedShare = REMOVAL_LIMITS.maxShare } = this.#options;
    this.#problems.clear();
    await using sync = new KubernetesSync({
      client,
      owner: { mesh, rule: name },
      wanted: this.#wanted,
      gate: new RemovalGate({ ...REMOVAL_LIMITS, maxShare: maxRemovedShare }),
      problems: this.#problems,
      namespaces: new Set(rules.map(({ namespace }) => namespace)),
      entries: rules.some(({ serviceEntry }) => serviceEntry !== undefined),
      // A mesh of nothing is more likely not read than empty.
      known: () => (this.#snapshot?.services.size ?? 0) > 0,
      allowed: () => this.#allowed,
      changed: () => this.#wake(),
      ...{ writesPerSecond, logger, backOff },
    });
    this.#sync = sync;
    await new Promise((resolve) => {
      if (signal.aborted) resolve(undefined);
      else signal.addEventListener('abort', resolve, { once: true });
    });
    this.#sync = undefined;
    this.#wake();
  }

  #wake(): void {
    this.#settled.resolve();
    this.#settled = Promise.withResolvers();
  }
}

const ALWAYS: Pick<Leadership, 'changes'> = {
  async *changes(signal) {
    yield signal;
  },
};
