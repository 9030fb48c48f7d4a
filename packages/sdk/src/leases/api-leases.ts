import { randomUUID } from 'node:crypto';
import type { ApiClient } from '../api/api-client.ts';
import { SdkError } from '../sdk-error.ts';
import { Latest } from '../stream/latest.ts';
import { pause, type SignalOption, within } from '../stream/within.ts';
import { Held } from './held.ts';
import { KeptLease, type LeaseView } from './kept-lease.ts';
import type { LeaseOptions, Leases, MeshElection, MeshLease } from './lease.ts';

const TTL = 15_000;
/** The longest wait that the API takes, in milliseconds. */
const FOREVER = 24 * 3_600_000;
const RETRY = 500;
const NEVER = new AbortController().signal;

/** Locks and elections over the API, by leases that are kept alive. */
export function apiLeases(api: ApiClient, holder: string): Leases {
  const held = new Held();
  return {
    lock: async (name, options) => held.lease(await acquire(api, 'locks', name, holder, options)),
    elect(name, { ttl }) {
      const win = (signal: AbortSignal) =>
        acquire(api, 'elections', name, holder, { signal, ...(ttl !== undefined && { ttl }) });
      return held.election(new ApiElection(name, win, held));
    },
    close: () => held.close(),
  };
}

/** Waits for a lease; a replica that goes away is asked for again, with the same place where it is kept. */
async function acquire(
  api: ApiClient,
  kind: 'locks' | 'elections',
  name: string,
  whose: string,
  { ttl = TTL, wait = FOREVER, signal = NEVER }: LeaseOptions,
): Promise<KeptLease> {
  const holder = `${whose}:${randomUUID()}`;
  const queue = `/${kind}/${encodeURIComponent(name)}`;
  const path = `${queue}/${encodeURIComponent(holder)}`;
  const over = performance.now() + wait;
  for (;;) {
    signal.throwIfAborted();
    const asked = performance.now();
    const left = Math.max(0, Math.round(over - asked));
    const body = { holder, ttl, wait: Math.min(left, FOREVER), data: whose };
    const answer = await api.call<LeaseView>({ method: 'POST', path: queue, body, signal });
    if (answer.type === 'done') {
      const view = answer.value;
      // It has waited: nobody knows how long the lease has been there.
      const kept = await keepFirst(api, path, view, asked, signal);
      if (kept !== undefined) return new KeptLease({ api, name, path }, view, kept);
    } else if (answer.type === 'refused') throw answer.error;
    else if (performance.now() >= over) throw late(name, wait, answer.error);
    else await pause(RETRY, signal);
  }
}

/** When it was kept alive, or asked for and had at once; undefined when it is gone by now. */
async function keepFirst(
  api: ApiClient,
  path: string,
  { fencing, ttl }: LeaseView,
  asked: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (performance.now() - asked < ttl / 10) return asked;
  const now = performance.now();
  const soon = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(ttl / 2))]);
  const call = { method: 'PUT', path, ifMatch: fencing, signal: soon } as const;
  const answer = await api.call(call).catch(() => undefined);
  signal.throwIfAborted();
  return answer?.type === 'done' ? now : undefined;
}

function late(name: string, wait: number, cause: SdkError): SdkError {
  const message = `${name} could not be had within ${wait} ms: ${cause.message}`;
  return new SdkError('TIMEOUT', message, { cause });
}

/** Stands for leader again and again, until it is closed. */
class ApiElection implements MeshElection {
  readonly name: string;
  readonly #lease = new Latest<MeshLease | undefined>(undefined);
  readonly #stop = new AbortController();
  readonly #standing: Promise<void>;
  readonly #held: Held;
  #failure: unknown;

  constructor(name: string, win: (signal: AbortSignal) => Promise<MeshLease>, held: Held) {
    this.name = name;
    this.#held = held;
    this.#standing = this.#stand(() => win(this.#stop.signal)).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#failure = error;
      this.#lease.end();
    });
  }

  get lease(): MeshLease | undefined {
    const lease = this.#lease.value;
    return lease?.signal.aborted === false ? lease : undefined;
  }

  async lead({ wait, signal }: Pick<LeaseOptions, 'wait' | 'signal'> = {}): Promise<MeshLease> {
    const waiting = async (both?: AbortSignal) => {
      for await (const lease of this.changes({ signal: both }))
        if (lease?.signal.aborted === false) return lease;
      both?.throwIfAborted();
      throw new SdkError('CLOSED', `Nobody stands for leader of ${this.name} here any more.`);
    };
    if (wait === undefined) return waiting(signal);
    return within(wait, { signal }, () => `${this.name} was not led within ${wait} ms.`, waiting);
  }

  async *changes({ signal }: SignalOption = {}): AsyncGenerator<MeshLease | undefined> {
    yield* this.#lease.values(signal);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    this.#held.closed(this);
    this.#stop.abort(new SdkError('CLOSED', `The candidacy for ${this.name} was closed.`));
    await this.#lease.value?.release();
    await this.#standing;
    this.#lease.set(undefined);
    this.#lease.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #stand(win: () => Promise<MeshLease>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await using lease = await win();
      this.#lease.set(lease);
      if (this.#stop.signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      lease.signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
      this.#lease.set(undefined);
    }
  }
}
