import type { Mark } from '@meshkeeper/mesh';
import type { ApiClient } from '../api/api-client.ts';
import { isRefused } from '../api/kubernetes-error.ts';
import type { KubernetesObject } from '../api/objects.ts';
import { RESOURCES, type Resource } from '../api/resource.ts';
import type { Logger } from '../logger.ts';
import type { BackOffOptions } from '../queue/back-off.ts';
import { WorkQueue } from '../queue/work-queue.ts';
import type { ReflectorChange } from '../reflector/reflection.ts';
import { Reflector } from '../reflector/reflector.ts';
import { ownSelector } from './ownership.ts';
import { plan, removals } from './plan.ts';
import { PresentObjects, presentEntry, presentService, presentSlice } from './present-objects.ts';
import type { Problems } from './problems.ts';
import type { RemovalGate } from './removal-gate.ts';
import { SERVICE_ENTRIES } from './service-entry.ts';
import { TokenBucket } from './token-bucket.ts';
import type { WantedServices } from './wanted-services.ts';
import { ForeignError, Writer } from './writer.ts';

/** What one reign of a sync takes. */
export interface KubernetesSyncOptions {
  readonly client: ApiClient;
  readonly owner: Mark;
  readonly wanted: WantedServices;
  readonly gate: RemovalGate;
  readonly problems: Problems;
  /** Where something of ours may be. */
  readonly namespaces: ReadonlySet<string>;
  /** Whether there are ServiceEntries. */
  readonly entries: boolean;
  /** What is wanted is known, and is not nothing. */
  readonly known: () => boolean;
  /** Removals go on, however many. */
  readonly allowed: () => boolean;
  /** API writes a second. */
  readonly writesPerSecond: number;
  /** Something has changed of how it stands. */
  readonly changed: () => void;
  readonly logger: Logger;
  readonly backOff?: BackOffOptions | undefined;
}

/** Services that are worked on at a time. */
const CONCURRENCY = 8;
/** Tries after a write that came too late, before it waits. */
const TRIES = 3;
/** Until a foreign object is looked at again, in milliseconds. */
const FOREIGN = 60_000;
/** Between two looks at what was held back, in milliseconds. */
const RELEASE = 500;

/** Brings what is wanted to an API server, from its first read to `close`: as long as this replica leads. */
export class KubernetesSync implements AsyncDisposable {
  readonly #options: KubernetesSyncOptions;
  readonly #present = new PresentObjects();
  readonly #writer: Writer;
  readonly #queue: WorkQueue;
  readonly #reflectors: Reflector<KubernetesObject, unknown>[] = [];
  readonly #unread = new Set<object>();
  readonly #foreign = new Set<string>();
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;
  /** Keys with something to take away that may not go now. */
  readonly #held = new Set<string>();
  #error: unknown;

  constructor(options: KubernetesSyncOptions) {
    this.#options = options;
    const { client, owner, namespaces, entries, writesPerSecond, logger, backOff } = options;
    const bucket = new TokenBucket(writesPerSecond, writesPerSecond);
    this.#writer = new Writer({ client, present: this.#present, owner, bucket });
    this.#queue = new WorkQueue({
      work: (key, signal) => this.#work(key, signal),
      failed: (key, err, pause) => {
        this.#error = err;
        logger.warn({ err, key, pause }, 'a service can not be written to Kubernetes yet');
        options.problems.set(key, [[key, err instanceof Error ? err.message : String(err)]]);
        options.changed();
      },
      concurrency: CONCURRENCY,
      backOff,
    });
    const present = this.#present;
    this.#running = Promise.all(
      [...namespaces].flatMap((namespace) => [
        this.#follow(RESOURCES.services, namespace, presentService, (change) =>
          present.tellServices(namespace, change),
        ),
        this.#follow(RESOURCES.endpointSlices, namespace, presentSlice, (change) =>
          present.tellSlices(namespace, change),
        ),
        ...(entries
          ? [
              this.#follow(SERVICE_ENTRIES, namespace, presentEntry, (change) =>
                present.tellEntries(namespace, change),
              ),
            ]
          : []),
      ]),
    );
    this.#timers = [
      setInterval(() => this.#lookAgain(), FOREIGN).unref(),
      // That a watch goes on is not told.
      setInterval(() => this.#release(), RELEASE).unref(),
    ];
  }

  /** True once all that is there was read. */
  get complete(): boolean {
    return this.#unread.size === 0;
  }

  /** True when nothing is left to write; what is held back is not left. */
  get settled(): boolean {
    return this.complete && this.#queue.size === 0;
  }

  /** Why it does not go on: the last failure, as long as something fails. */
  get failure(): unknown {
    for (const { state } of this.#reflectors)
      if (state.type !== 'live' && state.error !== undefined) return state.error;
    return this.#queue.failing > 0 ? this.#error : undefined;
  }

  /** What is wanted of these has changed. */
  wants(keys: Iterable<string>): void {
    if (!this.complete) return;
    // All are counted before the first is worked on.
    const all = [...keys];
    for (const key of all) this.#count(key);
    for (const key of all) this.#queue.add(key);
    this.#release();
  }

  /** Looks at all there is. */
  all(): void {
    this.wants(new Set([...this.#options.wanted.keys, ...this.#present.keys]));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#queue.close();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #follow<T extends KubernetesObject, Kept>(
    resource: Resource<T>,
    namespace: string,
    project: (object: T) => Kept,
    tell: (change: ReflectorChange<Kept>) => Iterable<string>,
  ): Promise<void> {
    const { client, owner, changed, backOff } = this.#options;
    const labelSelector = ownSelector(owner);
    const reflector = new Reflector({
      client,
      resource,
      namespace,
      labelSelector,
      project,
      backOff,
    });
    // It is only asked how it stands.
    this.#reflectors.push(reflector as unknown as Reflector<KubernetesObject, unknown>);
    this.#unread.add(reflector);
    for await (const change of reflector.changes(this.#stop.signal)) {
      const dirty = tell(change);
      if (this.#unread.delete(reflector) && this.complete) this.all();
      else this.wants(dirty);
      changed();
    }
  }

  async #work(key: string, signal: AbortSignal): Promise<void> {
    const { wanted, owner, problems, changed } = this.#options;
    for (let tries = 1; ; tries++) {
      const want = this.#foreign.has(key) ? undefined : wanted.get(key);
      const keep = !this.#mayRemove();
      const writes = plan({ wanted: want, present: this.#present.get(key), owner, keep });
      if (keep) this.#held.add(key);
      try {
        for (const write of writes) await this.#writer.write(key, write, signal);
      } catch (error) {
        if (error instanceof ForeignError && error.kind === 'Service') {
          this.#foreign.add(key);
          problems.set(key, [[key, error.message]]);
          this.#queue.add(key); // what of ours goes with it would be another's
          break;
        }
        const isLate = isRefused(error, 'Conflict') || isRefused(error, 'AlreadyExists');
        if (!isLate || tries >= TRIES) throw error;
        await this.#writer.refresh(key, signal);
        continue;
      } finally {
        this.#count(key);
      }
      // What was made is what the rest goes with.
      if (writes.some(({ type }) => type === 'create-service')) continue;
      const rejected = want?.sliced.rejected ?? [];
      if (!this.#foreign.has(key))
        problems.set(
          key,
          [...rejected].map(([id, message]) => [`${key} ${id}`, message]),
        );
      break;
    }
    this.#release();
    changed();
  }

  /** Nothing is removed by what may be wrong. */
  #mayRemove(): boolean {
    const { known, gate, allowed } = this.#options;
    if (!known() || this.#reflectors.some(({ state }) => state.type !== 'live')) return false;
    return allowed() || !gate.held;
  }

  /** What was held back goes on when it may. */
  #release(): void {
    const { gate, problems } = this.#options;
    if (this.#mayRemove()) {
      problems.delete('removals');
      if (this.#held.size === 0) return;
      const keys = [...this.#held];
      this.#held.clear();
      for (const key of keys) this.#queue.add(key);
    } else if (gate.held) {
      const message = `${gate.removing} of ${gate.present} endpoints and services would be removed at once: they are kept until they come back, or allowMassDelete is set`;
      problems.set('removals', [['removals', message]]);
    }
  }

  #count(key: string): void {
    const { wanted, gate } = this.#options;
    const counts = removals({ wanted: wanted.get(key), present: this.#present.get(key) });
    gate.set(key, counts.present, counts.removing);
  }

  #lookAgain(): void {
    const keys = [...this.#foreign];
    this.#foreign.clear();
    this.wants(keys);
  }
}
