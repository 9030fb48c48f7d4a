import type { Logger } from '../logger.ts';
import { SdkError } from '../sdk-error.ts';
import { Latest } from '../stream/latest.ts';
import { pause, type SignalOption, within } from '../stream/within.ts';
import { followReadiness, isReady, type ReadinessOptions } from './readiness.ts';
import type { DrainOptions } from './registration-options.ts';
import type { Entry, Instance, Registry } from './registry.ts';

/**
 * Where a registration stands. `waiting`: it was never ready. `registered`: it takes requests. `draining`: it is not
 * ready, takes no new requests and finishes those that it has. `leaving`: it has left for good.
 */
export type RegistrationState = 'waiting' | 'registered' | 'draining' | 'leaving';

/** What a registration takes from outside. */
export interface RegisteredEnvironment {
  readonly registry: Registry;
  readonly readiness: ReadinessOptions | undefined;
  readonly drain: DrainOptions;
  readonly logger: Logger;
  /** It has been closed. */
  readonly closed: (registered: Registered) => void;
}

/** An instance that is registered while it is ready, until it is closed. */
export class Registered implements AsyncDisposable {
  readonly instance: Instance;
  readonly #environment: RegisteredEnvironment;
  readonly #state = new Latest<RegistrationState>('waiting');
  readonly #stop = new AbortController();
  /** The entry, while there is one. Whoever changes it waits for who does so already. */
  #entry: Entry | undefined;
  #changing: Promise<void> = Promise.resolve();
  #following: Promise<void> = Promise.resolve();
  #drained: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(instance: Instance, environment: RegisteredEnvironment) {
    this.instance = instance;
    this.#environment = environment;
  }

  /** Where it stands. */
  get state(): RegistrationState {
    return this.#state.value;
  }

  /** {@link state} now, and whenever it changes. */
  states({ signal }: SignalOption = {}): AsyncIterableIterator<RegistrationState> {
    return this.#state.values(signal);
  }

  /**
   * Registers it if it is ready, and follows its readiness from then on. For whoever made it.
   * @throws SdkError; the signal's reason
   */
  async begin({ signal }: SignalOption): Promise<void> {
    const { readiness } = this.#environment;
    if (readiness === undefined || (await isReady(readiness, this.#stop.signal)))
      await this.#tell(true, signal);
    if (readiness !== undefined) this.#follow(readiness, readiness.interval);
  }

  /** As {@link begin}, but goes on trying for as long as it takes. */
  beginLater(): void {
    const { logger, readiness } = this.#environment;
    const always = { readiness: () => true, interval: RETRY, timeout: RETRY, logger };
    this.#follow(readiness ?? always, 0);
  }

  #follow(readiness: ReadinessOptions, wait: number): void {
    const { signal } = this.#stop;
    const tell = (ready: boolean) => this.#tell(ready, signal).catch((err) => this.#failed(err));
    this.#following = followReadiness(readiness, wait, tell, signal);
  }

  /**
   * Leaves without losing a request: is taken out of the registry, serves on until callers know of it, then waits for
   * what is on its way. Every call waits for the first. The signal ends the waiting only.
   */
  drain({ signal }: SignalOption = {}): Promise<void> {
    this.#drained ??= this.#drain(signal ?? NEVER);
    return this.#drained;
  }

  /** Takes it out of the registry at once. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #drain(signal: AbortSignal): Promise<void> {
    const { begin, delay = DELAY, idle, timeout = TIMEOUT } = this.#environment.drain;
    begin?.();
    await this.close();
    await pause(delay, signal);
    if (!idle || signal.aborted) return;
    const late = () => `Requests were on their way for more than ${timeout} ms.`;
    await within(timeout, { signal }, late, idle).catch((err: unknown) => {
      this.#environment.logger.warn({ err, service: this.instance.service }, 'not all is done');
    });
  }

  async #close(): Promise<void> {
    this.#stop.abort(new SdkError('CLOSED', 'The instance is not registered any more.'));
    await this.#following;
    await this.#serially(async () => {
      this.#state.set('leaving');
      const entry = this.#entry;
      this.#entry = undefined;
      await entry?.remove();
    }).catch((err) => this.#failed(err));
    this.#state.end();
    this.#environment.closed(this);
  }

  #tell(ready: boolean, signal: AbortSignal | undefined): Promise<void> {
    return this.#serially(async () => {
      if (this.#stop.signal.aborted) return;
      if (ready) await this.#enter(signal);
      else await this.#retreat(signal);
    });
  }

  async #enter(signal: AbortSignal | undefined): Promise<void> {
    const { registry, logger } = this.#environment;
    const { service, id } = this.instance;
    if (this.state === 'registered') return;
    if (this.#entry) await this.#entry.setHealth('unknown', { signal });
    else this.#entry = await registry.add(this.instance, { signal });
    this.#state.set('registered');
    logger.info({ service, id }, 'registered');
  }

  async #retreat(signal: AbortSignal | undefined): Promise<void> {
    const { logger } = this.#environment;
    if (this.state !== 'registered' || !this.#entry) return;
    try {
      await this.#entry.setHealth('draining', { signal });
    } catch (error) {
      if (!(error instanceof SdkError) || error.code !== 'REFUSED') throw error;
      await this.#entry.remove();
      this.#entry = undefined;
    }
    this.#state.set('draining');
    const { service, id } = this.instance;
    logger.info({ service, id }, 'not ready: draining');
  }

  #serially(act: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(act);
    this.#changing = done.catch(() => {});
    return done;
  }

  #failed(err: unknown): void {
    if (this.#stop.signal.aborted && this.#entry === undefined) return;
    const { service, id } = this.instance;
    this.#environment.logger.warn({ err, service, id }, 'the registration could not be changed');
  }
}

const RETRY = 2_000;
const DELAY = 1_000;
const TIMEOUT = 30_000;
const NEVER = new AbortController().signal;
