import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import type { Dialect, Registration, Revision } from '../dialect.ts';
import { rootOf } from '../root.ts';
import { OwnEntry } from './own-entry.ts';
import { retried } from './retried.ts';

/** What a registrar takes. */
export interface RegistrarOptions {
  /** Opened with `onExpired: 'renew'`; it stays the caller's to close. */
  readonly zk: ZooKeeper;
  readonly dialect: Dialect;
  /** Default: the dialect's. */
  readonly root?: string;
  readonly logger?: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** What a call takes. */
export interface SignalOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** Registers instances in a registry as its own library would, and keeps them registered. */
export class Registrar {
  readonly #options: RegistrarOptions;

  constructor(options: RegistrarOptions) {
    this.#options = options;
  }

  /**
   * Registers an instance. Resolves when its znodes are there; where another session still has one of
   * them, as after a quick restart, that is when they are gone.
   * @throws RegistryError UNWRITABLE when the dialect can't say it, NOT_OURS when a persistent znode of
   *   somebody else is in the way; the signal's reason
   */
  async register(
    registration: Registration,
    { signal }: SignalOptions = {},
  ): Promise<RegisteredInstance> {
    const { dialect, now = Date.now } = this.#options;
    const root = rootOf(this.#options);
    const instance = new RegisteredInstance(
      this.#options,
      dialect.encode(root, registration, now()),
    );
    try {
      await instance.settled(signal);
      return instance;
    } catch (error) {
      await instance.close();
      throw error;
    }
  }
}

/**
 * An instance that is registered until it is closed: created anew in a new session, and where others
 * have deleted it. In a session that lives on nothing is touched, so that nobody sees it flap.
 */
export class RegisteredInstance implements AsyncDisposable {
  readonly #options: RegistrarOptions;
  readonly #entries: readonly OwnEntry[];
  readonly #sessions = new Set<bigint>();
  readonly #stop = new AbortController();
  readonly #unlisten: () => void;
  #settled = Promise.withResolvers<void>();
  #working: Promise<void> | undefined;
  #again = false;

  /** Begins at once; see `Registrar.register`. */
  constructor(options: RegistrarOptions, entries: ReturnType<Dialect['encode']>) {
    this.#options = options;
    const { zk } = options;
    this.#entries = entries.map((entry) => new OwnEntry(zk, this.#sessions, entry));
    this.#settled.promise.catch(() => {}); // whoever waits for it is told
    this.#unlisten = zk.onState((state) => {
      if (state.type === 'connected') this.#look();
    });
    this.#look();
  }

  /** The paths of its own znodes, the instance's first. */
  get paths(): readonly string[] {
    return this.#entries.filter(({ shared }) => !shared).map(({ path }) => path);
  }

  /** Resolves when all of it is there. */
  async settled(signal?: AbortSignal): Promise<void> {
    await unlessAborted(this.#settled.promise, signal);
  }

  /**
   * Changes its weight, health or metadata; whatever else its znodes say stays.
   * @throws RegistryError UNWRITABLE when the dialect can't say it
   */
  async revise(revision: Revision, options: SignalOptions = {}): Promise<void> {
    const { signal = this.#stop.signal } = options;
    const { dialect } = this.#options;
    await this.settled(signal);
    const own = this.#entries.filter(({ tells }) => tells);
    const revised = own.map((entry) => {
      const { path, entry: before } = entry;
      return { entry, path, to: dialect.revise({ path, data: before.data }, revision) };
    });
    for (const { entry, path, to } of revised)
      await retried(() => entry.revise(path, to, signal), signal);
    await this.heartbeat({ signal });
  }

  /** Looks now whether all of it is there, and sets right what isn't. */
  async heartbeat({ signal = this.#stop.signal }: SignalOptions = {}): Promise<void> {
    this.#look();
    await unlessAborted(this.#working, signal);
    await this.settled(signal);
  }

  /** Takes it out of the registry, unless ZooKeeper is away: then it goes with the session. Idempotent. */
  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return this.#working;
    this.#stop.abort(new Error('the instance is not registered any more'));
    this.#unlisten();
    this.#settled.reject(this.#stop.signal.reason);
    await this.#working;
    const { zk } = this.#options;
    if (zk.state.type !== 'connected') return;
    const signal = AbortSignal.timeout(CLOSE_TIMEOUT);
    await Promise.all(
      this.#entries.map((entry) =>
        retried(() => entry.remove(signal), signal).catch((err: unknown) => {
          this.#options.logger?.warn({ path: entry.path, err }, 'an instance is not deregistered');
        }),
      ),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #look = (): void => {
    if (this.#stop.signal.aborted) return;
    this.#again = true;
    if (this.#working !== undefined) return;
    this.#settled.promise.catch(() => {});
    this.#working = this.#work().finally(() => {
      this.#working = undefined;
    });
  };

  async #work(): Promise<void> {
    const { signal } = this.#stop;
    while (this.#again && !signal.aborted) {
      this.#again = false;
      try {
        const taken = await retried(() => this.#ensure(signal), signal);
        if (taken.length === 0) this.#settled.resolve();
        else this.#options.logger?.info({ paths: taken }, 'another session still has these znodes');
      } catch (error) {
        if (signal.aborted) return;
        this.#options.logger?.warn({ err: error }, 'an instance can not be registered');
        this.#settled.reject(error);
        this.#settled = Promise.withResolvers();
        this.#settled.promise.catch(() => {});
      }
    }
  }

  /** Gives the paths that another session still has: their deletion is watched. */
  async #ensure(signal: AbortSignal): Promise<string[]> {
    const { state } = this.#options.zk;
    if (state.type === 'connected') this.#sessions.add(state.sessionId);
    const taken: string[] = [];
    for (const entry of this.#entries)
      if ((await entry.ensure(this.#look, signal)) === 'taken') taken.push(entry.path);
    return taken;
  }
}

/** How long deregistering may take, in milliseconds. */
const CLOSE_TIMEOUT = 5_000;

/** @throws the signal's reason, should it abort first */
async function unlessAborted(
  waited: Promise<void> | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal === undefined) return waited;
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([waited, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
