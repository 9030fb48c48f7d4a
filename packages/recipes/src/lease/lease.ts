import { isZooKeeperError, type ZooKeeper, ZooKeeperError } from '@meshkeeper/zookeeper';
import { RecipeError } from '../recipe-error.ts';
import type { Created } from '../znode/protected-create.ts';
import { deleteGuaranteed } from '../znode/retry.ts';
import type { Fencing } from './fencing.ts';
import { isRevoked } from './revocation.ts';
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
   * Aborted with a `RecipeError` REVOKE_ASKED when somebody asks the holder to give the lease up
   * (`attemptRevoke`, Curator's `Revoker`). A request only: the lease is held until it is released.
   */
  readonly revocation: AbortSignal;
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
  readonly #revocation = new AbortController();
  #released: Promise<void> | undefined;

  constructor(zk: ZooKeeper, { path, stat }: Created, generation: bigint, policy: TrustPolicy) {
    this.#zk = zk;
    this.path = path;
    this.fencing = { generation, czxid: stat.czxid };
    this.#trust = new Trust(zk, policy);
    // What the holder does first goes out first. A lease that it gives back at once is not watched.
    setImmediate(() => void this.#watchNode());
  }

  get signal(): AbortSignal {
    return this.#trust.signal;
  }

  get revocation(): AbortSignal {
    return this.#revocation.signal;
  }

  release(): Promise<void> {
    this.#trust.end(new RecipeError('RELEASED', `${this.path} was released`));
    this.#released ??= deleteGuaranteed(this.#zk, this.path);
    return this.#released;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /** Somebody else may ask for the znode, or delete it: the lease went with it. */
  async #watchNode(): Promise<void> {
    while (!this.signal.aborted) {
      const { promise: event, resolve } = Promise.withResolvers<unknown>();
      try {
        // Given up by nobody: the watch ends with the znode, with no request to take it off.
        const { data, stat } = await this.#zk.get(this.path, { watch: resolve });
        if (stat.czxid !== this.fencing.czxid) break;
        if (isRevoked(data))
          this.#revocation.abort(
            new RecipeError('REVOKE_ASKED', `somebody asks for ${this.path}: release it`),
          );
        await event;
      } catch (error) {
        if (isZooKeeperError(error, 'NO_NODE')) break;
        // The connection is away: trust decides what that means, and the next try waits for it.
        // Anything else would come again: the session's state remains to be trusted.
        if (!(error instanceof ZooKeeperError) || !error.retryable) return;
      }
    }
    if (this.signal.aborted) return;
    this.#trust.end(new RecipeError('REVOKED', `${this.path} was deleted by somebody else`));
  }
}
