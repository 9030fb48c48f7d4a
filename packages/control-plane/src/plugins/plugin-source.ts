import type {
  OpenSource,
  Problem,
  RegistrySource,
  SourceChange,
  SourceState,
} from '@meshkeeper/mesh';
import { DEFAULT_TTL, HostResolver, type HostResolverOptions } from '@meshkeeper/registries';
import type { Logger } from '@meshkeeper/zookeeper';
import type { PoliciesOfSource } from '../policies/policies-of-source.ts';
import { Taken, type TakenOptions } from './taken.ts';
import { ended, pause, within } from './within.ts';

/** What a configured source takes. */
export interface PluginSourceOptions extends TakenOptions {
  readonly open: (signal: AbortSignal) => Promise<OpenSource>;
  /** Takes the policies that it has. */
  readonly policies: Pick<PoliciesOfSource, 'follow'>;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** See `HostResolverOptions.lookup`. */
  readonly lookup?: HostResolverOptions['lookup'];
}

/** How long a first read waits for addresses of host names, in milliseconds. */
const HOST_PATIENCE = 1_000;

/**
 * A source of a plug-in, kept running: when it can't be opened, or ends, it is opened again after a
 * pause, and what it said before is served on.
 */
export class PluginSource implements RegistrySource {
  readonly name: string;
  readonly #options: PluginSourceOptions;
  readonly #taken: Taken;
  readonly #resolver: HostResolver;
  /** Host names of which more is known, and was not told. */
  readonly #looked = new Set<string>();
  #wake: (() => void) | undefined;
  #source: RegistrySource | undefined;
  /** Since when there is none, after there was one. */
  #stale: SourceState = { type: 'starting' };
  #failure: Problem | undefined;

  constructor(options: PluginSourceOptions) {
    this.name = options.name;
    this.#options = options;
    const { lookup } = options;
    this.#resolver = new HostResolver({
      changed: (host) => {
        this.#looked.add(host);
        this.#wake?.();
      },
      ...(lookup && { lookup }),
    });
    this.#taken = new Taken(options, this.#resolver);
  }

  get state(): SourceState {
    const state = this.#source?.state ?? this.#stale;
    // Opened again, it is not read yet; but what it said before is served.
    return state.type === 'starting' ? this.#stale : state;
  }

  get problems(): ReadonlyMap<string, Problem> {
    return new Map([
      ...this.#taken.problems.map((problem) => [problem.path, problem] as const),
      ...(this.#source?.problems ?? []),
      ...(this.#failure === undefined ? [] : [[this.#failure.path, this.#failure] as const]),
    ]);
  }

  async *changes(signal: AbortSignal): AsyncGenerator<SourceChange> {
    const { name, logger, now } = this.#options;
    for (let failed = 0; !signal.aborted; failed++) {
      const stop = new AbortController();
      const running = AbortSignal.any([signal, stop.signal]);
      try {
        for await (const change of this.#run(running, (error) => stop.abort(error))) {
          failed = 0;
          this.#failure = undefined;
          yield change;
        }
        if (signal.aborted) return;
        throw new Error('it has ended');
      } catch (err) {
        if (signal.aborted) return;
        const message = `it can't be followed, and is tried again: ${messageOf(err)}`;
        this.#failure = { path: name, code: 'unreadable', message };
        logger.warn({ source: name, err }, 'a source can not be followed; it is tried again');
      } finally {
        const source = this.#source;
        if (source?.state.type === 'live') this.#stale = { type: 'stale', since: now() };
        else if (source?.state.type === 'stale') this.#stale = source.state;
        this.#source = undefined;
        stop.abort();
      }
      await pause(failed, signal);
    }
  }

  async *#run(signal: AbortSignal, failed: (error: unknown) => void): AsyncGenerator<SourceChange> {
    const close = (source: AsyncDisposable) => ended(() => source[Symbol.asyncDispose]());
    const source = await within(this.#options.open(signal), signal, (late) => void close(late));
    this.#source = source;
    const policies = this.#options.policies.follow(source.policies, signal, failed);
    const changes = source.changes(signal)[Symbol.asyncIterator]();
    const refresh = setInterval(
      () => this.#resolver.refresh(this.#taken.hosts),
      DEFAULT_TTL / 3,
    ).unref();
    try {
      for (let first = true; ; first = false) {
        const next = changes.next();
        while (!first && (await this.#isLookedFirst(next, signal))) yield* this.#resolved();
        const { done, value } = await within(next, signal);
        if (done === true) return;
        if (first && value.type !== 'reset')
          throw new Error(`its first change has to be a "reset", and is "${value.type}"`);
        // Services without what is said of them are not served.
        if (first) await within(policies, signal);
        const taken = this.#taken.change(value);
        if (first) await within(this.#hostsKnown(), signal);
        yield first ? this.#taken.change(value) : taken;
      }
    } finally {
      clearInterval(refresh);
      this.#resolver.pause();
      await ended(async () => changes.return?.());
      await close(source);
    }
  }

  /** Waits for the next change; true when more is known of host names before that has come. */
  async #isLookedFirst(next: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    if (this.#looked.size === 0) await within(Promise.race([next, promise]), signal);
    return this.#looked.size > 0;
  }

  *#resolved(): Generator<SourceChange> {
    const looked = [...this.#looked];
    this.#looked.clear();
    for (const host of looked) yield* this.#taken.again(host);
  }

  /** Resolves when all host names were looked up once, or that has taken too long. */
  async #hostsKnown(): Promise<void> {
    const late = performance.now() + HOST_PATIENCE;
    while (!this.#resolver.settled && performance.now() < late) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, late - performance.now());
      await promise;
      clearTimeout(timer);
    }
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
