import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { Holdings } from '../lease/holdings.ts';
import type { Lock } from '../lease/lock.ts';
import type { RecipeOptions } from '../recipe-options.ts';
import { ReadLock } from './read-lock.ts';
import { WriteLock } from './write-lock.ts';

/**
 * A lock that many readers or one writer hold, in the order in which they asked: a reader waits for
 * the writers before it, a writer for everybody before it. Shared with Curator's
 * `InterProcessReadWriteLock` on the same path.
 *
 * A writer that names its `owner` may read too, at once, and goes on reading alone with those readers
 * who stood before the next writer when it has released the write lock: it has downgraded. A reader
 * can't become the writer.
 */
export class ReadWriteLock {
  /** The znode that holders and waiters stand under. */
  readonly path: string;
  /** Its leases exclude writers. Their fencing tokens have no order among each other. */
  readonly readLock: Lock;
  /** Its leases exclude everybody else. */
  readonly writeLock: Lock;

  constructor(zk: ZooKeeper, path: string, options: RecipeOptions = {}) {
    this.path = path;
    const queue = { zk, path, options };
    const readers = new Holdings();
    const writers = new Holdings();
    this.readLock = new ReadLock(queue, readers, writers);
    this.writeLock = new WriteLock(queue, readers, writers);
  }
}
