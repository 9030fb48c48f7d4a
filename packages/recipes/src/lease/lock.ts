import type { AcquireOptions } from './acquire-options.ts';
import type { Lease } from './lease.ts';

/** What an `acquire` that knows owners takes. */
export interface MutexAcquireOptions extends AcquireOptions {
  /**
   * Who asks: the same owner gets a lease on a lock that it holds already, at once. Default: every
   * call is an owner of its own.
   */
  readonly owner?: unknown;
}

/** Whatever can be acquired: a `Mutex`, one of a `ReadWriteLock`, a `MultiLock`, a `Semaphore`. */
export interface Lock {
  /** Waits for the lock. Locks that aren't re-entrant take no notice of the owner. */
  acquire(options?: MutexAcquireOptions): Promise<Lease>;
}
