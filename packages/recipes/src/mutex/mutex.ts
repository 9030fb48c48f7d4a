import { CreateMode, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type AcquireOptions, withinTime } from '../lease/acquire-options.ts';
import { type Lease, NodeLease } from '../lease/lease.ts';
import type { RecipeOptions } from '../recipe-options.ts';
import { localAddress } from '../znode/local-address.ts';
import { createProtected } from '../znode/protected-create.ts';
import { deleteGuaranteed } from '../znode/retry.ts';
import { waitForTurn } from './turn.ts';

const LOCK = 'lock-';

/** What `Mutex.acquire` takes. */
export interface MutexAcquireOptions extends AcquireOptions {
  /**
   * Who asks: the same owner gets a lease on a lock that it holds already, at once. Default: every
   * call is an owner of its own.
   */
  readonly owner?: unknown;
}

interface Holding {
  readonly lease: NodeLease;
  count: number;
}

/**
 * A lock that one holder has at a time, among all clients of the ensemble, in the order in which they
 * asked. Shared with Curator's `InterProcessMutex` on the same path.
 */
export class Mutex {
  /** The znode that holders and waiters stand under. */
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #options: RecipeOptions;
  readonly #holdings = new Map<unknown, Holding>();

  constructor(zk: ZooKeeper, path: string, options: RecipeOptions = {}) {
    this.#zk = zk;
    this.path = path;
    this.#options = options;
  }

  /**
   * Waits for the lock.
   * @throws RecipeError TIMEOUT, LOST; the signal's reason
   */
  async acquire(options: MutexAcquireOptions = {}): Promise<Lease> {
    const { owner } = options;
    const held = owner === undefined ? undefined : this.#holdings.get(owner);
    if (held !== undefined && !held.lease.signal.aborted) return this.#enter(owner, held);
    const lease = await withinTime(options, `the lock ${this.path}`, (signal) =>
      this.#queue(signal),
    );
    if (owner === undefined) return lease;
    const holding = { lease, count: 0 };
    this.#holdings.set(owner, holding);
    return this.#enter(owner, holding);
  }

  async #queue(signal: AbortSignal | undefined): Promise<NodeLease> {
    const { data = localAddress(), generation = 0n, policy = 'standard' } = this.#options;
    const mode = CreateMode.EPHEMERAL_SEQUENTIAL;
    const created = await createProtected(this.#zk, this.path, LOCK, data, mode, signal);
    try {
      const own = created.path.slice(created.path.lastIndexOf('/') + 1);
      await waitForTurn(this.#zk, this.path, own, LOCK, 1, signal);
      return new NodeLease(this.#zk, created, generation, policy);
    } catch (error) {
      void deleteGuaranteed(this.#zk, created.path).catch(() => {});
      throw error;
    }
  }

  /** A lease of a re-entrant holding: the last one that is released gives the lock back. */
  #enter(owner: unknown, holding: Holding): Lease {
    const { lease } = holding;
    holding.count++;
    let released: Promise<void> | undefined;
    const release = () => {
      released ??= (async () => {
        if (--holding.count > 0) return;
        if (this.#holdings.get(owner) === holding) this.#holdings.delete(owner);
        await lease.release();
      })();
      return released;
    };
    const { path, fencing, signal } = lease;
    return { path, fencing, signal, release, [Symbol.asyncDispose]: release };
  }
}
