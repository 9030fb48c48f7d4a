import { withinTime } from '../lease/acquire-options.ts';
import type { Holdings } from '../lease/holdings.ts';
import type { Lease } from '../lease/lease.ts';
import type { Lock, MutexAcquireOptions } from '../lease/lock.ts';
import { type Queue, queueUp } from '../mutex/queue-up.ts';
import { RecipeError } from '../recipe-error.ts';
import { beforeWriter, WRITE } from './order.ts';

const place = { name: WRITE, predecessor: beforeWriter };

/** The writers' half of a `ReadWriteLock`. */
export class WriteLock implements Lock {
  readonly #queue: Queue;
  readonly #readers: Holdings;
  readonly #writers: Holdings;

  constructor(queue: Queue, readers: Holdings, writers: Holdings) {
    this.#queue = queue;
    this.#readers = readers;
    this.#writers = writers;
  }

  /**
   * Waits until everybody before has gone.
   * @throws RecipeError TIMEOUT, LOST; ILLEGAL_STATE when the owner holds the read lock only: it
   * would wait for itself; the signal's reason
   */
  async acquire(options: MutexAcquireOptions = {}): Promise<Lease> {
    const { owner } = options;
    if (this.#readers.of(owner) !== undefined && this.#writers.of(owner) === undefined)
      throw new RecipeError(
        'ILLEGAL_STATE',
        `a reader of ${this.#queue.path} can't become its writer: release the read lock first`,
      );
    return withinTime(options, `the write lock ${this.#queue.path}`, (signal) =>
      this.#writers.enter({ owner, signal }, () => queueUp(this.#queue, place, signal)),
    );
  }
}
