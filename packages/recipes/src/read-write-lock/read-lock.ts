import { CreateMode } from '@meshkeeper/zookeeper';
import { withinTime } from '../lease/acquire-options.ts';
import type { Holdings } from '../lease/holdings.ts';
import type { Lease } from '../lease/lease.ts';
import type { Lock, MutexAcquireOptions } from '../lease/lock.ts';
import { type Queue, queueUp } from '../mutex/queue-up.ts';
import { sequenceOf } from '../mutex/turn.ts';
import { RecipeError } from '../recipe-error.ts';
import { beforeReader, READ, WRITE } from './order.ts';

/** The readers' half of a `ReadWriteLock`. */
export class ReadLock implements Lock {
  readonly #queue: Queue;
  readonly #readers: Holdings;
  readonly #writers: Holdings;

  constructor(queue: Queue, readers: Holdings, writers: Holdings) {
    this.#queue = queue;
    this.#readers = readers;
    this.#writers = writers;
  }

  /**
   * Waits until the writers before have gone; not for the owner's own.
   * @throws RecipeError TIMEOUT, LOST; REVOKED or SUSPENDED when the owner's write lock is lost
   * meanwhile; the signal's reason
   */
  acquire(options: MutexAcquireOptions = {}): Promise<Lease> {
    const { owner } = options;
    return withinTime(options, `the read lock ${this.#queue.path}`, (signal) =>
      this.#readers.enter({ owner, signal }, () => {
        const own = this.#writers.of(owner);
        return own === undefined
          ? queueUp(this.#queue, { name: READ, predecessor: beforeReader }, signal)
          : this.#underWriter(own, signal);
      }),
    );
  }

  /**
   * A read lock with the number of one's own write lock, so that it stands before every later writer
   * when the write lock has gone (CURATOR-621). It counts only if the writer was still there after it
   * came: the next writer may have been let in otherwise.
   */
  #underWriter(writer: Lease, signal: AbortSignal | undefined): Promise<Lease> {
    const name = writer.path.slice(writer.path.lastIndexOf('/') + 1);
    const predecessor = (children: readonly string[]) => {
      if (children.includes(name)) return undefined;
      throw writer.signal.aborted
        ? writer.signal.reason
        : new RecipeError('REVOKED', `${writer.path} was deleted by somebody else`);
    };
    const place = {
      name: READ + sequenceOf(name, WRITE)!,
      mode: CreateMode.EPHEMERAL,
      predecessor,
    };
    return queueUp(this.#queue, place, signal);
  }
}
