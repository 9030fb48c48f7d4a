import { CreateMode, joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type AcquireOptions, withinTime } from '../lease/acquire-options.ts';
import { type JointLease, joinLeases } from '../lease/joint-lease.ts';
import type { Lock } from '../lease/lock.ts';
import { Mutex } from '../mutex/mutex.ts';
import { asLost, grant } from '../mutex/queue-up.ts';
import { nameOf } from '../mutex/turn.ts';
import { RecipeError } from '../recipe-error.ts';
import type { RecipeOptions } from '../recipe-options.ts';
import { localAddress } from '../znode/local-address.ts';
import { type Created, createProtected } from '../znode/protected-create.ts';
import { deleteGuaranteed } from '../znode/retry.ts';
import type { SemaphoreLimit } from './limit.ts';
import { waitForRoom } from './room.ts';

/** What `Semaphore.acquire` takes. */
export interface SemaphoreAcquireOptions extends AcquireOptions {
  /** How many leases, all or none. Default 1. */
  readonly count?: number;
}

/**
 * A number of leases for all clients of the ensemble, granted in the order in which they were asked
 * for. Not re-entrant. Shared with Curator's `InterProcessSemaphoreV2` on the same path: whoever is
 * next holds the mutex `locks` while he waits for room among the `leases`.
 *
 * Several leases that are asked for at once are had at once; Curator asks for them one by one, and two
 * of Curator's clients who want several can wait for each other.
 */
export class Semaphore implements Lock {
  /** The znode above `locks` and `leases`. */
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #limit: SemaphoreLimit;
  readonly #options: RecipeOptions;
  readonly #leases: string;
  readonly #turn: Mutex;

  constructor(zk: ZooKeeper, path: string, limit: SemaphoreLimit, options: RecipeOptions = {}) {
    this.path = path;
    this.#zk = zk;
    this.#limit = limit;
    this.#options = options;
    this.#leases = joinPath(path, 'leases');
    this.#turn = new Mutex(zk, joinPath(path, 'locks'), options);
  }

  /**
   * Waits for leases. Several hold at the same time, so that the fencing tokens tell the ages of
   * leases, and no more.
   * @throws RecipeError TIMEOUT, LOST; MALFORMED when the limit's path has no shared count;
   * ILLEGAL_STATE for a count that can't be had; the signal's reason
   */
  async acquire(options: SemaphoreAcquireOptions = {}): Promise<JointLease> {
    const { count = 1 } = options;
    const most = typeof this.#limit === 'number' ? this.#limit : Number.MAX_SAFE_INTEGER;
    if (!Number.isSafeInteger(count) || count < 1 || count > most)
      throw new RecipeError('ILLEGAL_STATE', `${count} leases of ${this.path} can't be had`);
    return withinTime(options, `${count} of ${this.path}`, (signal) =>
      asLost(async () => {
        const turn = await this.#turn.acquire({ signal });
        try {
          return await this.#take(count, signal);
        } finally {
          // In the background: who has its leases, or gives up, does not wait for a connection.
          void turn.release().catch(() => {});
        }
      }),
    );
  }

  async #take(count: number, signal: AbortSignal | undefined): Promise<JointLease> {
    const created: Created[] = [];
    try {
      const results = await Promise.allSettled(
        Array.from({ length: count }, () => this.#create(signal)),
      );
      for (const result of results) if (result.status === 'fulfilled') created.push(result.value);
      for (const result of results) if (result.status === 'rejected') throw result.reason;
      await waitForRoom(this.#zk, this.#leases, created.map(nameOf), this.#limit, signal);
      const [first, ...others] = created.map((one) => grant(this.#zk, one, this.#options));
      return joinLeases([first!, ...others]);
    } catch (error) {
      for (const { path } of created) void deleteGuaranteed(this.#zk, path).catch(() => {});
      throw error;
    }
  }

  #create(signal: AbortSignal | undefined): Promise<Created> {
    const { data = localAddress() } = this.#options;
    const mode = CreateMode.EPHEMERAL_SEQUENTIAL;
    return createProtected(this.#zk, this.#leases, 'lease-', data, mode, signal);
  }
}
