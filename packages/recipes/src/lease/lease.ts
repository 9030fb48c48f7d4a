import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { RecipeError } from '../recipe-error.ts';
import type { Created } from '../znode/protected-create.ts';
import { deleteGuaranteed } from '../znode/retry.ts';
import type { Fencing } from './fencing.ts';
import { Trust, type TrustPolicy } from './trust.ts';

/**
 * The right to do something alone (or as one of a few), for as long as `signal` has not aborted.
 * What it can't promise: a process that is paused doesn't notice that it has lost a lease. The
 * resource must refuse old `fencing` tokens.
 */
export interface Lease extends AsyncDisposable {
  /** The znode that stands for it. */
  readonly path: string;
  /** Grows with each lease of the same lock; see `Fencing`. */
  readonly fencing: Fencing;
  /** Aborted with a `RecipeError` the moment that the lease can't be trusted any more. */
  readonly signal: AbortSignal;
  /**
   * Gives it back. Idempotent. The znode is deleted for sure: in the background, if the connection
   * is away, until the session is known to be gone.
   */
  release(): Promise<void>;
}

/** The lease that an ephemeral znode of the present session stands for. */
export class NodeLease implements Lease {
  readonly path: string;
  readonly fencing: Fencing;
  readonly #zk: ZooKeeper;
  readonly #trust: Trust;
  #released: Promise<void> | undefined;

  constructor(zk: ZooKeeper, { path, stat }: Created, generation: bigint, policy: TrustPolicy) {
    this.#zk = zk;
    this.path = path;
    this.fencing = { generation, czxid: stat.czxid };
    this.#trust = new Trust(zk, policy);
    void this.#watchNode();
  }

  get signal(): AbortSignal {
    return this.#trust.signal;
  }

  release(): Promise<void> {
    this.#trust.end(new RecipeError('RELEASED', `${this.path} was released`));
    this.#released ??= deleteGuaranteed(this.#zk, this.path);
    return this.#released;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /** Somebody else may delete the znode: the lease went with it. */
  async #watchNode(): Promise<void> {
    while (!this.signal.aborted) {
      const { promise: event, resolve } = Promise.withResolvers<unknown>();
      try {
        const stat = await this.#zk.exists(this.path, { watch: resolve, signal: this.signal });
        if (stat === null || stat.czxid !== this.fencing.czxid) break;
        await event;
      } catch {
        // The connection is away: trust decides what that means. The next try waits for it.
      }
    }
    this.#trust.end(new RecipeError('REVOKED', `${this.path} was deleted by somebody else`));
  }
}
