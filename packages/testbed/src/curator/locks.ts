import type { CallOptions } from './curator.ts';
import type { Driver } from './driver.ts';

/**
 * Curator's InterProcessMutex, the two of its InterProcessReadWriteLock, its
 * InterProcessSemaphoreMutex and its InterProcessSemaphoreV2.
 */
export type CuratorLockKind = 'mutex' | 'read' | 'write' | 'semaphoreMutex' | 'semaphore';

/** What {@link CuratorLocks.acquire} takes. */
export interface CuratorLockOptions extends CallOptions {
  /** Milliseconds to wait at most. Default 10,000. */
  timeout?: number;
  /** A semaphore's leases in all: a number, or the path of a SharedCount. Default 1. */
  limit?: number | string;
  /** How many of a semaphore's leases. Default 1. */
  count?: number;
}

/** What {@link CuratorLocks.contend} saw, each a count of rounds. */
export interface Contention {
  /** Another holder wrote between our read and our write. */
  readonly overlaps: number;
  /** A holder whose znode is newer than ours had written before us. */
  readonly stale: number;
}

/** Every lock of Curator's. One path is one Java thread, which owns what it takes. */
export class CuratorLocks {
  readonly #driver: Driver;

  /** For {@link Curator.locks}. */
  constructor(driver: Driver) {
    this.#driver = driver;
  }

  /** Takes a lock; false if it is not to be had in time. */
  async acquire(
    kind: CuratorLockKind,
    lock: string,
    { timeout = 10_000, limit = 1, count = 1, signal }: CuratorLockOptions = {},
  ): Promise<boolean> {
    const fields = { kind, lock, timeout, limit, count };
    return (await this.#driver.request('locks.acquire', fields, { signal })) === true;
  }

  /** Gives a lock back; of a semaphore, the lease that it has held longest. */
  async release(kind: CuratorLockKind, lock: string): Promise<void> {
    await this.#driver.request('locks.release', { kind, lock });
  }

  /** `getParticipantNodes()`: in the queue's order, whole paths; of a semaphore names, in none. */
  async participants(kind: CuratorLockKind, path: string): Promise<string[]> {
    return (await this.#driver.request('locks.participants', { kind, path })) as string[];
  }

  /** Makes a mutex revocable, before it is acquired; {@link revoked} tells when it was asked to. */
  async makeRevocable(lock: string): Promise<void> {
    await this.#driver.request('locks.makeRevocable', { kind: 'mutex', lock });
  }

  /** Whether a revocable mutex was asked to give up. */
  async revoked(path: string): Promise<boolean> {
    return (await this.#driver.request('locks.revoked', { path })) === true;
  }

  /** `Revoker.attemptRevoke` on the znode of a holder. */
  async revoke(node: string): Promise<void> {
    await this.#driver.request('locks.revoke', { path: node });
  }

  /** Takes a mutex `rounds` times and counts in the znode `counter` (`0 0`) while it has it. */
  async contend(lock: string, counter: string, rounds: number): Promise<Contention> {
    return (await this.#driver.request('locks.contend', { lock, counter, rounds })) as Contention;
  }
}
