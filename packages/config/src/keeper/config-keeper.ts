import { setTimeout } from 'node:timers/promises';
import { type Logger, mayFollow, persistently, type ZooKeeper } from '@meshkeeper/zookeeper';
import { isConfigError } from '../config-error.ts';
import { type NamespaceRef, refText } from '../model/names.ts';
import type { ConfigStore } from '../store/config-store.ts';
import type { CollectOptions } from '../store/garbage.ts';

/** What a keeper takes. */
export interface ConfigKeeperOptions extends CollectOptions {
  readonly zk: ZooKeeper;
  readonly store: ConfigStore;
  readonly logger: Logger;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** Milliseconds between two collections of what nothing refers to. Default 600,000. */
  readonly collectInterval?: number;
}

/** However far away what is due next is, in milliseconds: timers don't wait longer than 24 days. */
const LONGEST = 3_600_000;
/** Between two looks at a server that has no recursive watches, in milliseconds. */
const POLL = 2_000;
/** Before what has failed is tried again, in milliseconds. */
const PAUSE = 1_000;

/**
 * What somebody has to do, and whoever leads does: publishes scheduled releases when they are due, ends
 * gray releases whose time is up or whose signal was raised, removes what nothing refers to. Everything
 * it does is done once, also while two believe that they lead.
 */
export class ConfigKeeper {
  readonly #options: ConfigKeeperOptions;
  readonly #now: () => number;
  /** What has to be looked at. */
  readonly #dirty = new Set<string>();
  #everything = true;
  #collectAt = 0;
  /** When something is due, by application. */
  readonly #due = new Map<string, number>();
  #wake: (() => void) | undefined;

  constructor(options: ConfigKeeperOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { zk, store, logger } = this.#options;
    try {
      const watch = await persistently(
        zk,
        () =>
          zk.addWatch(store.root, {
            recursive: true,
            poll: POLL,
            signal,
            listener: (event) => {
              if (event.type === 'reset') this.#everything = true;
              else this.#changed(event.path);
              this.#wake?.();
            },
          }),
        signal,
      );
      try {
        while (!signal.aborted) await this.#turn(signal);
      } finally {
        await watch.close();
      }
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error }, 'configuration is not kept any more');
    }
  }

  /** Which application has to be looked at: pointers, schedules and signals matter. */
  #changed(path: string): void {
    const parts = path.slice(this.#options.store.root.length + 1).split('/');
    const [application = '', , part] = parts;
    const matters = parts[1] === '_signals' || parts.length <= 2 || part === 'schedule';
    if (application !== '' && matters) this.#dirty.add(application);
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { zk, store, logger, collectInterval = 600_000 } = this.#options;
    try {
      if (this.#everything) {
        this.#everything = false;
        for (const application of await store.applications.list(signal))
          this.#dirty.add(application);
      }
      const now = this.#now();
      for (const [application, at] of this.#due) if (at <= now) this.#dirty.add(application);
      for (const application of [...this.#dirty]) {
        this.#dirty.delete(application);
        await this.#look(application, signal);
      }
      if (this.#now() >= this.#collectAt) {
        this.#collectAt = this.#now() + collectInterval;
        await this.#collect(signal);
      }
      await this.#rest(signal);
    } catch (error) {
      if (signal.aborted || zk.ended) throw error;
      if (!mayFollow(zk, error))
        logger.warn({ err: error }, 'configuration could not be kept: it is tried again');
      this.#everything = true;
      await setTimeout(PAUSE, undefined, { signal });
    }
  }

  /** Does what is due in an application, and learns what will be. */
  async #look(application: string, signal: AbortSignal): Promise<void> {
    const { store } = this.#options;
    const due: number[] = [];
    await store.removal.sweep(application, signal);
    await store.signals.sweep(application, signal);
    for (const { namespace, pointer } of await store.applications.namespaces(application, signal)) {
      for (const { until } of pointer.grays) if (until !== undefined) due.push(until);
      const ref = { application, namespace };
      for (const { id, at, failed } of await store.schedule.list(ref, signal))
        if (failed !== undefined) continue;
        else if (at > this.#now()) due.push(at);
        else await this.#carryOut(ref, id, signal);
    }
    if (due.length > 0) this.#due.set(application, Math.min(...due));
    else this.#due.delete(application);
  }

  async #carryOut(ref: NamespaceRef, id: string, signal: AbortSignal): Promise<void> {
    const { store, logger } = this.#options;
    const outcome = await store.schedule.carryOut(ref, id, signal);
    if (outcome.type === 'published')
      logger.info(
        { namespace: refText(ref), release: outcome.published.release.number },
        'a scheduled release was published',
      );
    else if (outcome.type === 'failed')
      logger.warn(
        { namespace: refText(ref), err: outcome.error },
        'a scheduled release could not be published',
      );
  }

  async #collect(signal: AbortSignal): Promise<void> {
    const { store, logger } = this.#options;
    for (const application of await store.applications.list(signal))
      for (const { namespace } of await store.applications.namespaces(application, signal))
        try {
          const ref = { application, namespace };
          const collected = await store.garbage.collect(ref, this.#options, signal);
          if (collected.releases + collected.chunks + collected.secrets > 0)
            logger.debug(
              { namespace: refText(ref), ...collected },
              'removed what nobody refers to',
            );
        } catch (error) {
          // Somebody is busy there, or has removed it: the next time will do.
          if (!isConfigError(error, 'BUSY') && !isConfigError(error, 'NOT_FOUND')) throw error;
        }
  }

  /** Waits for what comes first: news, or what is due. */
  async #rest(signal: AbortSignal): Promise<void> {
    if (this.#everything || this.#dirty.size > 0) return;
    const next = Math.min(this.#collectAt, ...this.#due.values()) - this.#now();
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const wait = Math.min(Math.max(next, 0), LONGEST);
    await setTimeout(wait, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(
      () => {}, // there is something to do, or the end
    );
    this.#wake = undefined;
  }
}
