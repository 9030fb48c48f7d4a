import type { TransactionOp, ZooKeeper } from '@meshkeeper/zookeeper';
import { CreateMode } from '@meshkeeper/zookeeper';
import { Trust, type TrustPolicy } from '../lease/trust.ts';
import { RecipeError } from '../recipe-error.ts';
import { deleteOwned, inSession } from '../znode/owned.ts';
import type { Created } from '../znode/protected-create.ts';

/** Where a claimed item stands. */
export interface Claimed {
  /** The item's znode. */
  readonly path: string;
  readonly data: Buffer;
  readonly items: readonly Buffer[];
  /** The ephemeral that keeps others off it. */
  readonly lock: Created;
}

/**
 * The right to process what one put has put, alone, while `signal` has not aborted. It ends with
 * `done` or `requeue`; one that is only disposed of, or whose session ends, leaves the items where
 * they were for the next: so they are processed at least once, and twice if this process is slow to
 * notice that its session is gone.
 */
export class Claim implements AsyncDisposable {
  /** What was put, in one znode: one item, unless several were put as one. */
  readonly items: readonly Buffer[];
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #claimed: Claimed;
  readonly #trust: Trust;

  constructor(zk: ZooKeeper, claimed: Claimed, policy: TrustPolicy) {
    this.#zk = zk;
    this.#claimed = claimed;
    this.items = claimed.items;
    this.path = claimed.path;
    this.#trust = new Trust(zk, policy);
  }

  /** Aborted with a `RecipeError` when somebody else may process the items too. */
  get signal(): AbortSignal {
    return this.#trust.signal;
  }

  /**
   * The items are processed: nobody gets them again.
   * @throws RecipeError LOST when the session is gone: somebody else gets them
   */
  async done(): Promise<void> {
    await this.#end([]);
  }

  /** Puts the items at the end of the queue (of their priority), in the transaction that ends this. */
  async requeue(): Promise<void> {
    const { path, data } = this.#claimed;
    const mode = CreateMode.PERSISTENT_SEQUENTIAL;
    await this.#end([{ op: 'create', path: path.slice(0, -10), data, mode }]);
  }

  /** Gives up, unless it is done: the items stay where they are. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#trust.end(new RecipeError('RELEASED', `the claim on ${this.path} was given up`));
    await deleteOwned(this.#zk, this.#claimed.lock);
  }

  async #end(more: readonly TransactionOp[]): Promise<void> {
    const { path, lock } = this.#claimed;
    const all: TransactionOp[] = [
      { op: 'delete', path },
      { op: 'delete', path: lock.path },
      ...more,
    ];
    // The lock is deleted in the session that owns it: that the items are still ours is certain.
    const isOurs = await inSession(this.#zk, lock.stat, () => this.#zk.multi(all));
    this.#trust.end(new RecipeError('RELEASED', `the claim on ${this.path} has ended`));
    if (!isOurs) throw new RecipeError('LOST', `the session that had claimed ${this.path} is gone`);
  }
}
