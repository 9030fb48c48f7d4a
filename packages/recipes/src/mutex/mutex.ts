import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { withinTime } from '../lease/acquire-options.ts';
import { Holdings } from '../lease/holdings.ts';
import type { Lease } from '../lease/lease.ts';
import type { Lock, MutexAcquireOptions } from '../lease/lock.ts';
import type { RecipeOptions } from '../recipe-options.ts';
import { type Queue, queueUp } from './queue-up.ts';
import { behind } from './turn.ts';

const LOCK = 'lock-';
const place = { name: LOCK, predecessor: behind(LOCK, 1) };

/**
 * A lock that one holder has at a time, among all clients of the ensemble, in the order in which they
 * asked. Shared with Curator's `InterProcessMutex` on the same path.
 */
export class Mutex implements Lock {
  /** The znode that holders and waiters stand under. */
  readonly path: string;
  readonly #queue: Queue;
  readonly #holdings = new Holdings();

  constructor(zk: ZooKeeper, path: string, options: RecipeOptions = {}) {
    this.path = path;
    this.#queue = { zk, path, options };
  }

  /**
   * Waits for the lock.
   * @throws RecipeError TIMEOUT, LOST; ILLEGAL_STATE when the owner has a suspended lease to release
   * first; the signal's reason
   */
  acquire(options: MutexAcquireOptions = {}): Promise<Lease> {
    const { owner } = options;
    return withinTime(options, `the lock ${this.path}`, (signal) =>
      this.#holdings.enter({ owner, signal }, () => queueUp(this.#queue, place, signal)),
    );
  }
}
