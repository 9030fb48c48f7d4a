import type { ApiClient } from '../api/api-client.ts';
import { SdkError } from '../sdk-error.ts';
import { pause } from '../stream/within.ts';
import type { MeshLease } from './lease.ts';

/** What the API says of a lease. */
export interface LeaseView {
  readonly fencing: string;
  /** Milliseconds. */
  readonly ttl: number;
}

/** Where a lease is kept alive. */
export interface KeptAt {
  readonly api: ApiClient;
  readonly name: string;
  /** Of the holder's lease, below `/api/v1`. */
  readonly path: string;
}

/** So many keep-alives a time to live. */
const A_LIFE = 3;
/** Of the time to live: what the clocks of two machines may differ by while it lasts. */
const CAUTION = 0.05;
const RETRY = 200;
const RELEASE = 5_000;

/** A lease that is kept alive over HTTP, at whichever replica answers. */
export class KeptLease implements MeshLease {
  readonly name: string;
  readonly fencing: string;
  readonly #at: KeptAt;
  readonly #ttl: number;
  readonly #lost = new AbortController();
  readonly #keeping: Promise<void>;
  /** Monotonic milliseconds, when it ends unless it is kept alive. */
  #until: number;
  #expiry: NodeJS.Timeout;
  #released: Promise<void> | undefined;

  /** @param asked monotonic milliseconds before it was asked for, or kept alive last */
  constructor(at: KeptAt, { fencing, ttl }: LeaseView, asked: number) {
    this.name = at.name;
    this.fencing = fencing;
    this.#at = at;
    this.#ttl = ttl * (1 - CAUTION);
    this.#until = asked + this.#ttl;
    this.#expiry = this.#expireLater();
    this.#keeping = this.#keep();
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  release(): Promise<void> {
    this.#end('it was released');
    this.#released ??= this.#release();
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async #keep(): Promise<void> {
    const { signal } = this.#lost;
    for (let wait = this.#ttl / A_LIFE; ; ) {
      await pause(wait, signal);
      if (signal.aborted) return;
      wait = (await this.#keepOnce().catch(() => false)) ? this.#ttl / A_LIFE : RETRY;
    }
  }

  async #keepOnce(): Promise<boolean> {
    const { api, path } = this.#at;
    const begun = performance.now();
    // No longer than it lasts: the next try is to be at another replica.
    const late = AbortSignal.timeout(Math.ceil(this.#ttl / A_LIFE));
    const signal = AbortSignal.any([this.#lost.signal, late]);
    const answer = await api.call({ method: 'PUT', path, ifMatch: this.fencing, signal });
    if (answer.type === 'refused') this.#end(answer.error.message);
    if (answer.type !== 'done') return false;
    this.#until = begun + this.#ttl;
    clearTimeout(this.#expiry);
    if (!this.#lost.signal.aborted) this.#expiry = this.#expireLater();
    return true;
  }

  #expireLater(): NodeJS.Timeout {
    const left = Math.max(0, this.#until - performance.now());
    return setTimeout(() => this.#end('it could not be kept alive in time'), left);
  }

  #end(why: string): void {
    clearTimeout(this.#expiry);
    if (this.signal.aborted) return;
    this.#lost.abort(new SdkError('LOST', `The lease of ${this.name} is gone: ${why}.`));
  }

  /** What can't be given back ends when its time is over. */
  async #release(): Promise<void> {
    await this.#keeping;
    const { api, path } = this.#at;
    const signal = AbortSignal.timeout(RELEASE);
    const end = { method: 'DELETE', path, ifMatch: this.fencing, signal } as const;
    while (!signal.aborted) {
      const answer = await api.call(end).catch(() => undefined);
      if (answer !== undefined && answer.type !== 'away') return;
      await pause(RETRY, signal);
    }
  }
}
