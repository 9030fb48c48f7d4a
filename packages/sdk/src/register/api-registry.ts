import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import type { ApiClient } from '../api/api-client.ts';
import type { Logger } from '../logger.ts';
import { SdkError } from '../sdk-error.ts';
import { pause } from '../stream/within.ts';
import type { Entry, Instance, Registry } from './registry.ts';

const BEATS = 3;
const RETRY = 1_000;
const REMOVE = 5_000;

/**
 * Registers instances over the API, where they live by heartbeats: at whichever replica answers.
 * @param ttl milliseconds that an instance stays without one
 */
export function apiRegistry(api: ApiClient, ttl: number, logger: Logger): Registry {
  return {
    async add(instance, { signal } = {}): Promise<Entry> {
      const entry = new ApiEntry(api, instance, ttl, logger);
      await entry.put(signal);
      entry.begin();
      return entry;
    },
  };
}

class ApiEntry implements Entry {
  readonly #api: ApiClient;
  readonly #path: string;
  readonly #instance: Instance;
  readonly #ttl: number;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  #beating: Promise<void> = Promise.resolve();

  constructor(api: ApiClient, instance: Instance, ttl: number, logger: Logger) {
    const { service, id } = instance;
    this.#api = api;
    this.#path = `/services/${encodeURIComponent(service)}/endpoints/${encodeURIComponent(id)}`;
    this.#instance = instance;
    this.#ttl = ttl;
    this.#logger = logger;
  }

  /** Says all of it, until somebody takes it. @throws SdkError; the signal's reason */
  async put(signal: AbortSignal = this.#stop.signal): Promise<void> {
    const body = { ...saidOf(this.#instance), ttl: this.#ttl };
    for (;;) {
      const call = {
        method: 'PUT',
        path: this.#path,
        body,
        signal,
      } as const;
      const answer = await this.#api.call(call);
      if (answer.type === 'done') return;
      if (answer.type === 'refused') throw answer.error;
      await pause(RETRY, signal);
      signal.throwIfAborted();
    }
  }

  /** Keeps it alive from now on. */
  begin(): void {
    this.#beating = this.#beat();
  }

  /** What takes no requests is taken out: an overlay would outlive it. */
  async setHealth(): Promise<void> {
    throw new SdkError('REFUSED', 'An instance over the API is registered, or it is not.');
  }

  async remove(): Promise<void> {
    if (this.#stop.signal.aborted) return this.#beating;
    this.#stop.abort(new Error('the instance is not registered any more'));
    await this.#beating;
    const signal = AbortSignal.timeout(REMOVE);
    while (!signal.aborted) {
      const call = { method: 'DELETE', path: this.#path, signal } as const;
      const answer = await this.#api.call(call).catch(() => undefined);
      if (answer !== undefined && answer.type !== 'away') return;
      await pause(RETRY, signal);
    }
  }

  async #beat(): Promise<void> {
    const { signal } = this.#stop;
    for (let wait = this.#ttl / BEATS; ; ) {
      await pause(wait, signal);
      if (signal.aborted) return;
      wait = (await this.#beatOnce(signal).catch(() => false)) ? this.#ttl / BEATS : RETRY;
    }
  }

  async #beatOnce(signal: AbortSignal): Promise<boolean> {
    const late = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(this.#ttl / BEATS))]);
    const path = `${this.#path}/heartbeat`;
    const answer = await this.#api.call({ method: 'POST', path, signal: late });
    if (answer.type === 'done') return true;
    const { service, id } = this.#instance;
    this.#logger.warn({ err: answer.error, service, id }, 'a heartbeat was not taken');
    // It has expired, or was taken out: it is said anew.
    if (answer.type === 'refused') await this.put(late);
    return answer.type === 'refused';
  }
}

/** Without what is as usual: not every registry has a place for it. */
function saidOf({ address, port, protocol, weight, metadata, locality }: Instance): object {
  return {
    ...{ address, port, locality },
    ...(protocol !== 'http' && { protocol }),
    ...(weight !== DEFAULT_WEIGHT && { weight }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}
