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

/**
 * What can be contended for: InterProcessMutex, InterProcessSemaphoreV2, LeaderSelector, LeaderLatch
 * and InterProcessReadWriteLock.
 */
export type ContestKind = 'mutex' | 'semaphore' | 'election' | 'latch' | 'readWrite';

/** What {@link CuratorLocks.contend} takes. */
export interface ContendOptions {
  readonly kind: ContestKind;
  /** Of the lock. */
  readonly path: string;
  /** The znode in which whoever holds the lock is written; see `Ledger.java`. */
  readonly ledger: string;
  /** What the shares of all holders together must not exceed; a semaphore's leases. */
  readonly capacity: number;
  readonly rounds: number;
  /** One Java thread for each: who contends for the same path is told apart by it. */
  readonly name: string;
}

/** What a contender saw. */
export interface Contention {
  /** How often there were too many holders, or another wrote while one was alone. */
  readonly overlaps: number;
  /** How often a holder had been alone before us whose znode is newer than ours. */
  readonly stale: number;
  /** The greatest sum of shares of the holders at one time. */
  readonly most: number;
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

  /** Takes a lock `rounds` times, and writes itself into the ledger while it has it. */
  async contend({ path, name, ...fields }: ContendOptions): Promise<Contention> {
    const request = { ...fields, at: path, lock: `${path} ${name}` };
    return (await this.#driver.request('locks.contend', request)) as Contention;
  }
}
