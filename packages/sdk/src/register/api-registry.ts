import type { ApiClient } from '../api/api-client.ts';
import type { Logger } from '../logger.ts';
import { pause } from '../stream/within.ts';
import type { Entry, Instance, Registry } from './registry.ts';

const TTL = 15_000;
const BEATS = 3;
const RETRY = 1_000;
const REMOVE = 5_000;

/** Registers instances over the API, where they live by heartbeats: at whichever replica answers. */
export function apiRegistry(api: ApiClient, logger: Logger): Registry {
  return {
    async add(instance, { signal } = {}): Promise<Entry> {
      const entry = new ApiEntry(api, instance, logger);
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
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  #beating: Promise<void> = Promise.resolve();

  constructor(api: ApiClient, instance: Instance, logger: Logger) {
    const { service, id } = instance;
    this.#api = api;
    this.#path = `/services/${encodeURIComponent(service)}/endpoints/${encodeURIComponent(id)}`;
    this.#instance = instance;
    this.#logger = logger;
  }

  /** Says all of it, until somebody takes it. @throws SdkError; the signal's reason */
  async put(signal: AbortSignal = this.#stop.signal): Promise<void> {
    const { service: _, id: __, ...body } = this.#instance;
    for (;;) {
      const call = {
        method: 'PUT',
        path: this.#path,
        body: { ...body, ttl: TTL },
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

  async setHealth(health: 'unknown' | 'draining'): Promise<void> {
    const path = `${this.#path}/overlay`;
    const { signal } = this.#stop;
    const answer = await this.#api.call(
      health === 'draining'
        ? { method: 'PUT', path, body: { drain: true }, signal }
        : { method: 'DELETE', path, signal },
    );
    if (answer.type !== 'done') throw answer.error;
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
    for (let wait = TTL / BEATS; ; ) {
      await pause(wait, signal);
      if (signal.aborted) return;
      wait = (await this.#beatOnce(signal).catch(() => false)) ? TTL / BEATS : RETRY;
    }
  }

  async #beatOnce(signal: AbortSignal): Promise<boolean> {
    const late = AbortSignal.any([signal, AbortSignal.timeout(TTL / BEATS)]);
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
