import { isDeepStrictEqual } from 'node:util';
import type { ConfigError } from '../config-error.ts';
import { type Accept, misfit } from './accept.ts';
import type { Begun } from './begin.ts';
import type { ConfigLogger } from './options.ts';
import { type PathOf, type ValueAt, valueAt } from './paths.ts';
import type { Resolved, ResolvedEntry } from './resolved.ts';
import type { ConfigSource, SourceUpdate } from './source.ts';
import { type ConfigStatus, staleBecause, ZOOKEEPER_AWAY } from './status.ts';
import type { Updates } from './updates.ts';

/** Something that is told of changes until it is closed. */
export interface Subscription extends Disposable {
  /** Idempotent. */
  close(): void;
}

/** What a client follows, and with what it has begun. */
export interface ConfigParts<T> {
  readonly application: string;
  readonly accept: Accept<T>;
  readonly source: ConfigSource;
  /** Ended by the client. */
  readonly updates: Updates;
  readonly stop: AbortController;
  readonly begun: Begun<T>;
  /** Keeps what was accepted. */
  readonly keep: (resolved: Resolved) => Promise<void>;
  readonly logger: ConfigLogger;
}

/**
 * The configuration of an application, live. Made by {@link openConfig}. `current` is always a whole, valid
 * value; what is published and doesn't fit the schema never replaces it.
 */
export class Config<T> implements AsyncIterable<T>, AsyncDisposable {
  readonly #parts: ConfigParts<T>;
  readonly #listeners = new Set<(now: T, before: T) => void>();
  readonly #watchers = new Set<(status: ConfigStatus) => void>();
  readonly #following: Promise<void>;
  #value: T;
  #resolved: Resolved | undefined;
  #status: ConfigStatus;
  /** The digest of what was refused last: it is said once. */
  #refused: string | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: ConfigParts<T>) {
    this.#parts = parts;
    this.#value = parts.begun.value;
    this.#resolved = parts.begun.resolved;
    this.#status = parts.begun.status;
    this.#following = this.#follow();
  }

  /** What holds: never changed in place, replaced as a whole. */
  get current(): T {
    return this.#value;
  }

  /** Whether `current` is what holds now. */
  get status(): ConfigStatus {
    return this.#status;
  }

  /** True unless `current` is what holds now: `status` says why. */
  get stale(): boolean {
    return this.#status.state !== 'live';
  }

  /** How new `current` is: the zxid of its last change, decimal. Undefined of defaults alone. */
  get revision(): string | undefined {
    return this.#resolved?.revision;
  }

  /** Digest of keys, types and values. Undefined of defaults alone. */
  get digest(): string | undefined {
    return this.#resolved?.digest;
  }

  /** The published value of a key as it was written, with the release it comes from. */
  entry(key: string): ResolvedEntry | undefined {
    const values = this.#resolved?.values ?? {};
    return Object.hasOwn(values, key) ? values[key] : undefined;
  }

  /** Everything that was published, by key. */
  get values(): Resolved['values'] {
    return this.#resolved?.values ?? {};
  }

  /** The namespaces that it is made of, the strongest first. */
  get layers(): Resolved['layers'] {
    return this.#resolved?.layers ?? [];
  }

  /** Calls after each change of `current`; with a key or a selector only when what is there is another. */
  onChange(listener: (now: T, before: T) => void): Subscription;
  onChange<P extends PathOf<T>>(
    key: P,
    listener: (now: ValueAt<T, P>, before: ValueAt<T, P>) => void,
  ): Subscription;
  onChange<V>(select: (value: T) => V, listener: (now: V, before: V) => void): Subscription;
  onChange(
    what: string | ((value: T, before: T) => unknown),
    listener?: (now: never, before: never) => void,
  ): Subscription {
    if (listener === undefined) return this.#listen(what as (now: T, before: T) => void);
    const select =
      typeof what === 'string'
        ? (value: T) => valueAt(value, what)
        : (value: T) => what(value, value);
    return this.#listen((value, old) => {
      const [now, before] = [select(value), select(old)];
      // The overloads say that the listener takes what is selected.
      if (!isDeepStrictEqual(now, before)) listener(now as never, before as never);
    });
  }

  /** Calls after each change of `status`. */
  onStatus(listener: (status: ConfigStatus) => void): Subscription {
    // One function given twice is told twice.
    const own = (status: ConfigStatus) => listener(status);
    this.#watchers.add(own);
    return subscription(() => this.#watchers.delete(own));
  }

  /**
   * What holds now, then each change. Who is slow sees the newest and not all of them. Ends when the
   * client is closed.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    const { signal } = this.#parts.stop;
    let wake = Promise.withResolvers<void>();
    const turn = () => wake.resolve();
    using _ = this.#listen(turn);
    signal.addEventListener('abort', turn, { once: true });
    try {
      for (let seen: { value: T } | undefined; !signal.aborted; ) {
        wake = Promise.withResolvers();
        if (seen === undefined || seen.value !== this.#value) {
          seen = { value: this.#value };
          yield seen.value;
        } else await wake.promise;
      }
    } finally {
      signal.removeEventListener('abort', turn);
    }
  }

  /** Ends it; `current` stays what it is. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#parts.stop.abort();
    await this.#following;
    await this.#parts.source.close?.();
  }

  #listen(listener: (now: T, before: T) => void): Subscription {
    const own = (now: T, before: T) => listener(now, before);
    this.#listeners.add(own);
    return subscription(() => this.#listeners.delete(own));
  }

  async #follow(): Promise<void> {
    const { updates, stop, logger } = this.#parts;
    while (!stop.signal.aborted) {
      const update = await updates.next(stop.signal);
      if (update === undefined) return;
      try {
        await this.#take(update);
      } catch (err) {
        logger.warn({ err }, 'an update of the configuration could not be used');
      }
    }
  }

  async #take(update: SourceUpdate): Promise<void> {
    if (update.type === 'away') this.#say(staleBecause(update.reason, this.#status));
    else if (update.type === 'refused') this.#say(staleBecause(update.error.message, this.#status));
    else await this.#resolvedTo(update.resolved);
  }

  async #resolvedTo(resolved: Resolved): Promise<void> {
    const { application, accept, keep, logger } = this.#parts;
    const status = resolved.stale
      ? staleBecause(ZOOKEEPER_AWAY, this.#status)
      : ({ state: 'live' } as const);
    if (resolved.digest === this.#resolved?.digest) {
      // The releases may be others, or newer.
      this.#resolved = resolved;
      this.#refused = undefined;
      this.#say(status);
      return;
    }
    const accepted = await accept(resolved);
    if (!accepted.ok) {
      const { faults } = accepted;
      this.#say({ state: 'rejected', faults, since: new Date() });
      if (this.#refused === resolved.digest) return;
      this.#refused = resolved.digest;
      const { message }: ConfigError = misfit(application, faults);
      logger.warn({ application, faults }, `${message}: the last that fitted goes on`);
      return;
    }
    this.#refused = undefined;
    const before = this.#value;
    const same = isDeepStrictEqual(before, accepted.value);
    if (!same) this.#value = accepted.value;
    this.#resolved = resolved;
    this.#say(status);
    if (!same) this.#tell(this.#listeners, (listener) => listener(accepted.value, before));
    await keep(resolved);
  }

  #say(status: ConfigStatus): void {
    const before = this.#status;
    this.#status = status;
    if (isDeepStrictEqual(meaning(before), meaning(status))) return;
    const { application, logger } = this.#parts;
    if (status.state === 'stale')
      logger.warn({ application, reason: status.reason }, 'the configuration may be old');
    else if (status.state === 'live' && before.state !== 'live')
      logger.info({ application }, 'the configuration is what holds now');
    this.#tell(this.#watchers, (watcher) => watcher(status));
  }

  /** One that throws keeps the others from nothing. */
  #tell<F>(all: ReadonlySet<F>, call: (each: F) => void): void {
    for (const each of [...all])
      try {
        call(each);
      } catch (err) {
        this.#parts.logger.warn({ err }, 'a listener of the configuration has thrown');
      }
  }
}

/** A status without its moment. */
function meaning(status: ConfigStatus): object {
  return 'since' in status ? { ...status, since: undefined } : status;
}

function subscription(end: () => void): Subscription {
  return { close: end, [Symbol.dispose]: end };
}
