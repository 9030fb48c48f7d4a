import { setTimeout as pause } from 'node:timers/promises';
import { segment } from '../api-client.ts';
import { CliError, ExitCode } from '../exit-code.ts';
import type { GuardedBy } from '../guarded-command.ts';
import type { ReplicaAnswer, Replicas } from './replicas.ts';

/** What is asked for. */
export interface ApiLeaseRequest {
  readonly kind: 'locks' | 'elections';
  readonly name: string;
  /** Unique to this request. */
  readonly holder: string;
  /** Milliseconds. */
  readonly ttl: number;
  /** Milliseconds to wait at most. Default: as long as it takes. */
  readonly wait?: number | undefined;
  readonly data: string;
}

/** A lease as the API tells of it. */
interface LeaseAnswer {
  readonly path: string;
  readonly fencing: string;
  readonly ttl: number;
}

/** How often a lease is kept alive, as a part of its time to live. */
const OFTEN = 3;
/** Before the next replica is asked, in milliseconds. */
const PAUSE = 100;
/** How long one request waits, in milliseconds; then it is made again. */
const LONGEST_WAIT = 3_600_000;

/**
 * Waits for a lease over the API.
 * @throws CliError when it is not to be had in time, or nobody can say so
 */
export async function acquireByApi(
  replicas: Replicas,
  request: ApiLeaseRequest,
): Promise<ApiLease> {
  const { kind, name, holder, ttl, data, wait = Number.POSITIVE_INFINITY } = request;
  const path = `/${kind}/${segment(name)}`;
  const until = performance.now() + wait;
  for (let failures = 0, heard = false; ; ) {
    const left = Math.max(0, Math.min(until - performance.now(), LONGEST_WAIT));
    const body = { holder, ttl, data, wait: Math.ceil(left) };
    let answer: ReplicaAnswer;
    try {
      const signal = AbortSignal.timeout(Math.ceil(left + ttl));
      answer = await replicas.ask({ method: 'POST', path, body, signal });
    } catch (error) {
      // Nobody was ever there: that is not to be waited for.
      if (!heard && ++failures >= replicas.count) throw error;
      if (performance.now() >= until) throw error;
      await pause(PAUSE);
      continue;
    }
    heard = true;
    const over = performance.now() >= until;
    if (answer.code === 'held' && over)
      throw new CliError(`${late(request)}: ${answer.detail}`, ExitCode.NOT_FOUND);
    if (answer.code === 'held' || answer.code === 'conflict') {
      await pause(PAUSE);
      continue;
    }
    if (answer.status !== 201) throw new CliError(answer.detail);
    const granted = answer.body as LeaseAnswer; // as the API's document says
    const lease = new ApiLease(replicas, request, granted);
    // It was granted some time ago, who knows when: from now on it is known how long it lasts.
    if (await lease.begin()) return lease;
  }
}

function late({ name, wait = 0 }: ApiLeaseRequest): string {
  return `${name} could not be had within ${wait} ms`;
}

/** A lease that is kept alive over the API, by whichever replica answers, until it is released. */
export class ApiLease implements GuardedBy {
  readonly path: string;
  readonly fencing: string;
  readonly #replicas: Replicas;
  readonly #ttl: number;
  readonly #resource: string;
  readonly #lost = new AbortController();
  readonly #stop = new AbortController();
  #deadline: NodeJS.Timeout | undefined;
  #until = 0;
  #keeping: Promise<void> | undefined;

  constructor(
    replicas: Replicas,
    { kind, name, holder }: ApiLeaseRequest,
    { path, fencing, ttl }: LeaseAnswer,
  ) {
    this.#replicas = replicas;
    this.#resource = `/${kind}/${segment(name)}/${segment(holder)}`;
    this.path = path;
    this.fencing = fencing;
    this.#ttl = ttl;
  }

  /** Aborted when it can't be trusted any more: nobody may have it before that. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Begins to keep it alive. False when it has ended before that. */
  async begin(): Promise<boolean> {
    this.#extend(performance.now());
    if (!(await this.#keepOnce())) {
      this.#end(`${this.path} has ended before it began`);
      return false;
    }
    this.#keeping = this.#keep().catch(() => {});
    return true;
  }

  /** Gives it back, at any replica; one that nobody hears of expires. Idempotent. */
  async release(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#deadline);
    await this.#keeping;
    const signal = AbortSignal.timeout(Math.ceil(this.#ttl));
    const headers = { 'if-match': `"${this.fencing}"` };
    for (let i = 0; i <= this.#replicas.count && !signal.aborted; i++) {
      try {
        await this.#replicas.ask({ method: 'DELETE', path: this.#resource, headers, signal });
        return;
      } catch {
        // The next one, or its time to live.
      }
    }
  }

  async #keep(): Promise<void> {
    const over = AbortSignal.any([this.#stop.signal, this.#lost.signal]);
    while (!over.aborted) {
      await pause(this.#ttl / OFTEN, undefined, { signal: over });
      if (await this.#keepOnce()) continue;
      this.#end(`${this.path} is not ours any more: it has expired, or somebody has deleted it`);
    }
  }

  /** Keeps it alive, by one replica or another. False when there is nothing to keep. */
  async #keepOnce(): Promise<boolean> {
    const headers = { 'if-match': `"${this.fencing}"` };
    for (;;) {
      // Counted from before it is sent: no replica begins to count earlier.
      const at = performance.now();
      const over = AbortSignal.any([this.#stop.signal, this.#lost.signal]);
      const signal = AbortSignal.any([over, AbortSignal.timeout(Math.ceil(this.#ttl / OFTEN))]);
      try {
        const path = this.#resource;
        const answer = await this.#replicas.ask({ method: 'PUT', path, headers, signal });
        if (answer.status === 200) {
          this.#extend(at);
          return true;
        }
        return false;
      } catch {
        if (over.aborted) return this.#stop.signal.aborted;
        await pause(PAUSE, undefined, { signal: over }).catch(() => {});
      }
    }
  }

  #extend(from: number): void {
    this.#until = from + this.#ttl;
    clearTimeout(this.#deadline);
    const wait = Math.max(0, this.#until - performance.now());
    this.#deadline = setTimeout(
      () => this.#end(`${this.path} could not be kept alive for ${this.#ttl} ms`),
      wait,
    );
  }

  #end(why: string): void {
    clearTimeout(this.#deadline);
    this.#lost.abort(new Error(why));
  }
}
