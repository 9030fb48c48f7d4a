import { setTimeout as wait } from 'node:timers/promises';
import type { ApiClient } from '../api/api-client.ts';
import { isRefused } from '../api/kubernetes-error.ts';
import type { Lease } from '../api/objects.ts';
import { RESOURCES } from '../api/resource.ts';
import { LeaseRecord } from './lease-record.ts';
import { microTime } from './micro-time.ts';

/** How a leader is elected. Times in milliseconds. */
export interface LeaseElectionOptions {
  readonly client: ApiClient;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Unique among those that stand. */
  readonly identity: string;
  /** How long others wait after the last renewal that they have seen. Whole seconds. Default 15,000. */
  readonly leaseDuration?: number;
  /** How long one leads after its last renewal. Less than `leaseDuration`. Default 10,000. */
  readonly renewDeadline?: number;
  /** Between two tries. Default 2,000. */
  readonly retryPeriod?: number;
  /** Why a try failed. */
  readonly onError?: (error: unknown) => void;
}

/** As long as one leads. */
export interface Reign {
  /** Aborts when the leadership can no longer be counted on: at the renewal deadline at the latest. */
  readonly signal: AbortSignal;
  /** How often the leader has changed before. */
  readonly transitions: number;
}

/** How long giving it back may take. */
const RELEASE = 5_000;
const RELEASES = 3;

/**
 * Elects a leader by a Lease, as client-go does: whoever writes it first holds it as long as it is
 * renewed. Two never lead at once as long as clocks run equally fast; it is no fence against a process
 * that was stopped for a while between a look at the signal and a write.
 */
export class LeaseElection {
  readonly #options: LeaseElectionOptions;
  readonly #duration: number;
  readonly #deadline: number;
  readonly #period: number;
  readonly #record: LeaseRecord;

  constructor(options: LeaseElectionOptions) {
    const { leaseDuration = 15_000, renewDeadline = 10_000, retryPeriod = 2_000 } = options;
    if (leaseDuration % 1_000 !== 0 || leaseDuration <= 0)
      throw new RangeError('leaseDuration is in whole seconds');
    if (renewDeadline >= leaseDuration || retryPeriod >= renewDeadline)
      throw new RangeError('retryPeriod < renewDeadline < leaseDuration');
    this.#options = options;
    this.#duration = leaseDuration;
    this.#deadline = renewDeadline;
    this.#period = retryPeriod;
    this.#record = new LeaseRecord({ identity: options.identity, duration: leaseDuration });
  }

  /**
   * Stands for leader until the signal aborts: gives a reign when it leads, undefined when it does no
   * longer. In the end it gives the Lease back, so that another needn't wait. Once.
   */
  async *changes(signal: AbortSignal): AsyncGenerator<Reign | undefined> {
    try {
      while (!signal.aborted) {
        const begun = await this.#acquire(signal);
        if (begun === undefined) return;
        const end = new AbortController();
        const renewing = this.#renew(begun.sent, signal, end);
        try {
          yield { signal: end.signal, transitions: begun.lease.spec?.leaseTransitions ?? 0 };
          await renewing;
          yield undefined;
        } finally {
          end.abort();
          await renewing;
        }
      }
    } finally {
      await this.#release();
    }
  }

  /** Tries until it holds it; undefined when the signal has aborted. */
  async #acquire(signal: AbortSignal) {
    while (!signal.aborted) {
      const sent = performance.now();
      const lease = await this.#try(signal);
      if (lease !== undefined) return { lease, sent };
      // Those that wait don't come all at once.
      await pause(this.#period * (1 + Math.random()), signal);
    }
    return undefined;
  }

  /** Renews until it fails for too long; ends the reign at the deadline, whatever a request does then. */
  async #renew(acquired: number, signal: AbortSignal, end: AbortController): Promise<void> {
    const either = AbortSignal.any([signal, end.signal]);
    let timer: NodeJS.Timeout | undefined;
    const until = (renewed: number) => {
      clearTimeout(timer);
      const left = renewed + this.#deadline - performance.now();
      timer = setTimeout(() => end.abort(), Math.max(0, left));
    };
    until(acquired);
    try {
      while (!either.aborted) {
        await pause(this.#period, either);
        if (either.aborted) return;
        const sent = performance.now();
        const result = await this.#try(either);
        if (result !== undefined) until(sent);
        else if (this.#lost) return;
      }
    } finally {
      clearTimeout(timer);
      end.abort();
    }
  }

  /** Another was seen to hold it. */
  #lost = false;

  /** One try to take or to renew it: the Lease as it then is. */
  async #try(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, namespace, name, identity, onError } = this.#options;
    const place = {
      namespace,
      signal: AbortSignal.any([signal, AbortSignal.timeout(this.#deadline)]),
    };
    this.#lost = false;
    try {
      const read = await client.get(RESOURCES.leases, name, place).catch((error: unknown) => {
        if (isRefused(error, 'NotFound')) return undefined;
        throw error;
      });
      if (read === undefined) return await this.#create(place);
      const claim = this.#record.claim(read, performance.now(), Date.now());
      if (claim.type === 'held') {
        this.#lost = claim.by !== identity;
        return undefined;
      }
      return await client.update(RESOURCES.leases, claim.lease, place);
    } catch (error) {
      // Somebody else was first: who, the next look tells.
      const late = isRefused(error, 'Conflict') || isRefused(error, 'AlreadyExists');
      if (!late && !signal.aborted) onError?.(error);
      return undefined;
    }
  }

  #create(place: { readonly namespace: string; readonly signal: AbortSignal }): Promise<Lease> {
    const { client, name, identity } = this.#options;
    const now = microTime(Date.now());
    return client.create(
      RESOURCES.leases,
      {
        metadata: { name, namespace: place.namespace },
        spec: {
          holderIdentity: identity,
          leaseDurationSeconds: this.#duration / 1_000,
          acquireTime: now,
          renewTime: now,
          leaseTransitions: 0,
        },
      },
      place,
    );
  }

  async #release(): Promise<void> {
    const { client, namespace, name, identity } = this.#options;
    const place = { namespace, signal: AbortSignal.timeout(RELEASE) };
    for (let tries = 0; tries < RELEASES; tries++)
      try {
        const lease = await client.get(RESOURCES.leases, name, place);
        if (lease.spec?.holderIdentity !== identity) return;
        const now = microTime(Date.now());
        // Nobody's has no holder: an empty one is not taken.
        const { holderIdentity: _, ...rest } = lease.spec;
        const spec = { ...rest, leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
        await client.update(RESOURCES.leases, { ...lease, spec }, place);
        return;
      } catch (error) {
        // A renewal that was given up may have been done all the same. Otherwise it runs out.
        if (!isRefused(error, 'Conflict')) return;
      }
  }
}

async function pause(duration: number, signal: AbortSignal): Promise<void> {
  await wait(duration, undefined, { signal }).catch(() => {});
}
