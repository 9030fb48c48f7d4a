import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../api/api-client.ts';
import { KubernetesError } from '../api/kubernetes-error.ts';
import type { KubernetesObject } from '../api/objects.ts';
import type { Resource } from '../api/resource.ts';
import { BackOff, type BackOffOptions } from '../queue/back-off.ts';
import { IdleError, IdleWatchdog } from './idle-watchdog.ts';
import { Reflection, type ReflectorChange } from './reflection.ts';

/** What is reflected, and how. Durations are milliseconds. */
export interface ReflectorOptions<T extends KubernetesObject, Kept> {
  readonly client: Pick<ApiClient, 'listEach' | 'watch'>;
  readonly resource: Resource<T>;
  /** Default: all. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** What is kept of an object; nothing, when it gives undefined. Must not hold on to the object. */
  readonly project: (object: T) => Kept | undefined;
  /**
   * Asked when a list is empty that was not empty before. An API server answers so for a namespace that
   * isn't there, and for one that was set up anew: until this says that it is true, what was known stays.
   * Default: it is believed.
   */
  readonly provesEmpty?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
  /** Told when it becomes live, and when it no longer is. */
  readonly stateChanged?: ((state: ReflectorState) => void) | undefined;
  /** Objects of a page. Default 500. */
  readonly pageSize?: number | undefined;
  /** A watch is asked to last from this long to twice as long. Default 240,000. */
  readonly watchTime?: number | undefined;
  /** A watch that says nothing for so long, no bookmark either, is given up. Default 90,000. */
  readonly idle?: number | undefined;
  readonly backOff?: BackOffOptions | undefined;
  /** For chance in times. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/** How far a reflector is. */
export type ReflectorState =
  /** Nothing complete was read yet. `error`: why the last try failed. */
  | { readonly type: 'starting'; readonly error?: unknown }
  /** Read completely, and followed. */
  | { readonly type: 'live' }
  /** What was read last is still held. `since`: milliseconds since the epoch. */
  | { readonly type: 'stale'; readonly since: number; readonly error: unknown };

/** Watches that fail one after another before everything is read anew. */
const PATIENCE = 3;
/** A watch that ends sooner and says nothing is no success. */
const BRIEF = 1_000;

/**
 * Keeps what an API server has of a resource: one complete list, then a watch from there on. After a gap
 * that the server can't fill (410), after a server that is silent, and after several failures all is
 * listed anew, at a random moment, and told as a `reset`. Nothing is forgotten for a failure's sake.
 */
export class Reflector<T extends KubernetesObject, Kept> {
  readonly #options: ReflectorOptions<T, Kept>;
  readonly #reflection: Reflection<T, Kept>;
  readonly #backOff: BackOff;
  #state: ReflectorState = { type: 'starting' };
  #wake = Promise.withResolvers<void>();
  #lists = 0;

  constructor(options: ReflectorOptions<T, Kept>) {
    this.#options = options;
    this.#reflection = new Reflection(options.project);
    this.#backOff = new BackOff({ random: options.random, ...options.backOff });
  }

  get state(): ReflectorState {
    return this.#state;
  }

  /** What is held now. */
  get objects(): ReadonlyMap<string, Kept> {
    return this.#reflection.objects;
  }

  /** How often everything was listed. */
  get lists(): number {
    return this.#lists;
  }

  /**
   * Reads and follows until the signal aborts, telling what changes: a complete `reset` at first, and
   * after each gap. Of each object only its newest state waits to be told. One consumer.
   */
  async *changes(signal: AbortSignal): AsyncGenerator<ReflectorChange<Kept>> {
    const ended = new AbortController();
    const both = AbortSignal.any([signal, ended.signal]);
    const wake = () => this.#wake.resolve();
    both.addEventListener('abort', wake, { once: true });
    const following = this.#follow(both);
    try {
      while (!both.aborted) {
        this.#wake = Promise.withResolvers();
        for (const change of this.#reflection.take()) {
          yield change;
          if (both.aborted) return;
        }
        await this.#wake.promise;
      }
    } finally {
      ended.abort();
      await following;
    }
  }

  /** Never rejects. */
  async #follow(signal: AbortSignal): Promise<void> {
    let revision: string | undefined;
    let failed = 0;
    while (!signal.aborted) {
      try {
        if (revision === undefined) {
          revision = await this.#list(signal);
          failed = 0;
        }
        revision = await this.#watch(revision, signal, (newest) => {
          revision = newest;
          failed = 0;
        });
        // Whoever lost their watch for being too old lists again, but not all at one moment.
        if (revision === undefined) await this.#pause(this.#backOff.next(), signal);
      } catch (error) {
        if (signal.aborted) return;
        failed += 1;
        if (isGap(error) || failed >= PATIENCE) revision = undefined;
        // A watch that broke and goes on where it was has missed nothing.
        if (revision === undefined || failed > 1) this.#lost(error);
        this.#wake.resolve();
        const { retryAfter } = error instanceof KubernetesError ? error : {};
        await this.#pause(this.#backOff.next(retryAfter), signal);
      }
    }
  }

  async #pause(time: number, signal: AbortSignal): Promise<void> {
    await pause(time, undefined, { signal }).catch(() => {});
  }

  /** Lists all. @returns the revision that it is of */
  async #list(signal: AbortSignal): Promise<string> {
    const { client, resource, namespace, labelSelector, fieldSelector, provesEmpty } =
      this.#options;
    const where = { namespace, labelSelector, fieldSelector, signal };
    let limit: number | undefined = this.#options.pageSize ?? 500;
    let list = this.#reflection.replacement();
    let token: string | undefined;
    let revision = '';
    for (;;) {
      try {
        const into = list;
        const page = await client.listEach(
          resource,
          { ...where, limit, continue: token },
          (object) => into.add(object),
        );
        revision = page.resourceVersion;
        token = page.continue;
      } catch (error) {
        // The rest would be of another moment than the pages before: all of it at once can't expire.
        if (token === undefined || !isGap(error)) throw error;
        limit = undefined;
        token = undefined;
        list = this.#reflection.replacement();
        continue;
      }
      if (token === undefined || token === '') break;
    }
    this.#lists += 1;
    const doubtful = list.objects.size === 0 && this.#reflection.objects.size > 0;
    if (doubtful && provesEmpty !== undefined && !(await provesEmpty(signal)))
      throw new KubernetesError(
        'MALFORMED',
        `${resource.plural}: the answer is empty and was not before, and nothing proves that they are gone: what was there is kept`,
      );
    this.#reflection.replace(list);
    this.#live();
    return revision;
  }

  /**
   * Watches until the server ends it.
   * @param seen told each revision that it has come to
   * @returns where the next one goes on; undefined when all has to be listed anew
   */
  async #watch(
    from: string,
    signal: AbortSignal,
    seen: (revision: string) => void,
  ): Promise<string | undefined> {
    const { client, resource, namespace, labelSelector, fieldSelector } = this.#options;
    const {
      random = Math.random,
      now = Date.now,
      watchTime = 240_000,
      idle = 90_000,
    } = this.#options;
    using watchdog = new IdleWatchdog(idle);
    const begun = now();
    const events = client.watch(resource, {
      ...{ namespace, labelSelector, fieldSelector, resourceVersion: from },
      timeoutSeconds: Math.ceil((watchTime * (1 + random())) / 1_000),
      signal: AbortSignal.any([signal, watchdog.signal]),
    });
    let revision = from;
    let told = false;
    try {
      for await (const event of events) {
        watchdog.alive();
        if (event.type === 'ERROR') {
          const { code = 500, reason = '', message = '', details } = event.object;
          if (code === 410) return undefined;
          const after = details?.retryAfterSeconds;
          throw new KubernetesError('STATUS', `${resource.plural}: the watch ended: ${message}`, {
            refusal: {
              status: code,
              reason,
              retryAfter: after === undefined ? undefined : after * 1_000,
            },
          });
        }
        if (event.type === 'DELETED') this.#reflection.delete(event.object);
        else if (event.type !== 'BOOKMARK') this.#reflection.set(event.object);
        const { resourceVersion } = event.object.metadata;
        if (resourceVersion !== undefined && resourceVersion !== '') {
          revision = resourceVersion;
          seen(revision);
        }
        if (!told) this.#live();
        told = true;
        this.#backOff.reset();
        this.#wake.resolve();
      }
    } catch (error) {
      if (!watchdog.signal.aborted || signal.aborted) throw error;
      // Not even a bookmark: the server may have been set back, to before this revision.
      if (!told) return undefined;
      throw watchdog.signal.reason;
    }
    if (!told && now() - begun < BRIEF)
      throw new KubernetesError('UNREACHABLE', `${resource.plural}: the watch ended at once`);
    this.#live();
    this.#backOff.reset();
    return revision;
  }

  #live(): void {
    if (this.#state.type !== 'live') {
      this.#state = { type: 'live' };
      this.#options.stateChanged?.(this.#state);
    }
    this.#wake.resolve();
  }

  #lost(error: unknown): void {
    const before = this.#state;
    const { now = Date.now, stateChanged } = this.#options;
    if (before.type === 'starting') this.#state = { type: 'starting', error };
    else if (before.type === 'stale') this.#state = { ...before, error };
    else this.#state = { type: 'stale', since: now(), error };
    const isNews = before.type === 'live' || (before.type === 'starting' && !before.error);
    if (isNews) stateChanged?.(this.#state);
  }
}

/** True when the server no longer has what was before. */
function isGap(error: unknown): boolean {
  return !(error instanceof IdleError) && error instanceof KubernetesError && error.status === 410;
}
