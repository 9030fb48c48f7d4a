import type { Lease } from '../api/objects.ts';
import { microTime } from './micro-time.ts';

/** What is made of a Lease that was read. */
export type Claim =
  /** It is held, by another. Look again after so many milliseconds at the latest. */
  | { readonly type: 'held'; readonly by: string; readonly left: number }
  /** It may be taken, or is held by this one: this is what to write. */
  | { readonly type: 'free'; readonly lease: Lease };

/** Who claims it. */
export interface Claimant {
  readonly identity: string;
  /** How long it is held without a renewal, in milliseconds: whole seconds. */
  readonly duration: number;
}

/**
 * Judges a Lease by how long it was seen unchanged, by this process's own clock: times that others wrote
 * are never compared with it. Pure.
 */
export class LeaseRecord {
  readonly #claimant: Claimant;
  #seen: { readonly version: string; readonly at: number } | undefined;

  constructor(claimant: Claimant) {
    this.#claimant = claimant;
  }

  /**
   * @param lease as it was read just now
   * @param now of a clock that only runs forward, in milliseconds
   * @param date what it writes as the time, in milliseconds since the epoch
   */
  claim(lease: Lease, now: number, date: number): Claim {
    const { identity, duration } = this.#claimant;
    const version = `${lease.metadata.uid} ${lease.metadata.resourceVersion}`;
    if (this.#seen?.version !== version) this.#seen = { version, at: now };
    const {
      holderIdentity = '',
      leaseDurationSeconds,
      acquireTime,
      leaseTransitions = 0,
    } = lease.spec ?? {};
    const isOwn = holderIdentity === identity;
    if (!isOwn && holderIdentity !== '') {
      // Who holds it says how long: it may be configured otherwise.
      const held = leaseDurationSeconds === undefined ? duration : leaseDurationSeconds * 1_000;
      const left = this.#seen.at + held - now;
      if (left > 0) return { type: 'held', by: holderIdentity, left };
    }
    const renewTime = microTime(date);
    return {
      type: 'free',
      lease: {
        ...lease,
        spec: {
          ...lease.spec,
          holderIdentity: identity,
          leaseDurationSeconds: duration / 1_000,
          acquireTime: isOwn && acquireTime !== undefined ? acquireTime : renewTime,
          renewTime,
          leaseTransitions: isOwn ? leaseTransitions : leaseTransitions + 1,
        },
      },
    };
  }
}
