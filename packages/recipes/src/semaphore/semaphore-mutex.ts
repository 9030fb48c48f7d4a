import type { ZooKeeper } from '@meshkeeper/zookeeper';
import type { AcquireOptions } from '../lease/acquire-options.ts';
import type { Lease } from '../lease/lease.ts';
import type { Lock } from '../lease/lock.ts';
import type { RecipeOptions } from '../recipe-options.ts';
import { Semaphore } from './semaphore.ts';

/**
 * A semaphore with one lease: a lock that isn't re-entrant. Shared with Curator's
 * `InterProcessSemaphoreMutex` on the same path.
 */
export class SemaphoreMutex implements Lock {
  /** The znode above `locks` and `leases`. */
  readonly path: string;
  readonly #semaphore: Semaphore;

  constructor(zk: ZooKeeper, path: string, options: RecipeOptions = {}) {
    this.path = path;
    this.#semaphore = new Semaphore(zk, path, 1, options);
  }

  /**
   * Waits for the lock.
   * @throws RecipeError TIMEOUT, LOST; the signal's reason
   */
  async acquire({ signal, timeout }: AcquireOptions = {}): Promise<Lease> {
    const { parts } = await this.#semaphore.acquire({ signal, timeout });
    return parts[0];
  }
}
