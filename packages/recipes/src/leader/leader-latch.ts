import { randomUUID } from 'node:crypto';
import { CreateMode, isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type AcquireOptions, withinTime } from '../lease/acquire-options.ts';
import { type Lease, NodeLease } from '../lease/lease.ts';
import { waitForTurn } from '../mutex/turn.ts';
import { RecipeError } from '../recipe-error.ts';
import type { RecipeOptions } from '../recipe-options.ts';
import { aborted } from '../stream/bell.ts';
import { Latest } from '../stream/latest.ts';
import { renewed } from '../znode/across-sessions.ts';
import { type Created, createProtected } from '../znode/protected-create.ts';
import { deleteGuaranteed } from '../znode/retry.ts';
import { leader, type Participant, participants } from './participant.ts';

const LATCH = 'latch-';

/** What `LeaderLatch` takes. */
export interface LeaderLatchOptions extends Omit<RecipeOptions, 'data'> {
  /** What the others see this participant as. Default: a random UUID. */
  readonly id?: string;
}

/**
 * Stands for leader from its construction to `close`, and leads whenever it is first in the queue.
 * Leadership is lost when the connection is away (by the `session` policy: when the session is gone)
 * and comes back with it, if the znode is still there and still first; after an expiry it queues anew
 * at the end. Shared with Curator's `LeaderLatch` on the same path.
 *
 * Two may believe for a moment that they lead, as with any lease: see `Lease`.
 */
export class LeaderLatch implements AsyncDisposable {
  readonly path: string;
  readonly id: string;
  readonly #zk: ZooKeeper;
  readonly #options: LeaderLatchOptions;
  readonly #lease = new Latest<NodeLease | undefined>(undefined);
  readonly #stop = new AbortController();
  readonly #standing: Promise<void>;

  constructor(zk: ZooKeeper, path: string, options: LeaderLatchOptions = {}) {
    this.#zk = zk;
    this.path = path;
    this.id = options.id ?? randomUUID();
    this.#options = options;
    this.#standing = this.#stand().then(
      () => this.#lease.end(),
      (error) => this.#lease.end(this.#stop.signal.aborted ? undefined : error),
    );
  }

  get isLeader(): boolean {
    return this.lease !== undefined;
  }

  /** The present leadership. Releasing it is stepping down: the latch queues again, at the end. */
  get lease(): Lease | undefined {
    const lease = this.#lease.value;
    return lease?.signal.aborted === false ? lease : undefined;
  }

  /**
   * Waits until this participant leads. Curator's `await`.
   * @throws RecipeError TIMEOUT, ILLEGAL_STATE when it is closed; the signal's reason
   */
  async lead(options: AcquireOptions = {}): Promise<Lease> {
    return withinTime(options, `leadership of ${this.path}`, async (signal) => {
      for await (const lease of this.#lease.values(signal))
        if (lease?.signal.aborted === false) return lease;
      signal?.throwIfAborted();
      throw new RecipeError('ILLEGAL_STATE', `the latch on ${this.path} is closed`);
    });
  }

  /**
   * The lease when leadership was won, undefined when it was lost; the present state first, the
   * latest if several came at once. Ends with the latch.
   * @throws ZooKeeperError when it can't go on: the session is gone for good, or access is denied
   */
  changes({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterable<Lease | undefined> {
    return this.#lease.values(signal);
  }

  /** Who leads now, as ZooKeeper has it. */
  async leader({
    signal,
  }: {
    readonly signal?: AbortSignal;
  } = {}): Promise<Participant | undefined> {
    return leader(this.#zk, this.path, LATCH, signal);
  }

  /** All who stand, in the order in which they will lead. */
  async participants({ signal }: { readonly signal?: AbortSignal } = {}): Promise<Participant[]> {
    return participants(this.#zk, this.path, LATCH, signal);
  }

  /** Steps down and leaves the queue; nothing is left behind. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort(new RecipeError('RELEASED', `the latch on ${this.path} was closed`));
    await this.#standing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #stand(): Promise<void> {
    const { signal } = this.#stop;
    const { generation = 0n, policy = 'standard' } = this.#options;
    let own: Created | undefined;
    while (!signal.aborted) {
      try {
        const mode = CreateMode.EPHEMERAL_SEQUENTIAL;
        own ??= await createProtected(this.#zk, this.path, LATCH, this.id, mode, signal);
        await waitForTurn(this.#zk, this.path, own, LATCH, 1, signal);
        own = await this.#reign(new NodeLease(this.#zk, own, generation, policy), own);
      } catch (error) {
        if (signal.aborted) break;
        const isExpired = isZooKeeperError(error, 'SESSION_EXPIRED');
        if (own === undefined && !isExpired) throw error;
        if (own !== undefined) void deleteGuaranteed(this.#zk, own.path).catch(() => {});
        if (!isExpired && !isLost(error)) throw error;
        own = undefined;
        await renewed(this.#zk, signal);
      }
    }
    if (own !== undefined) await deleteGuaranteed(this.#zk, own.path);
  }

  /** Leads until the lease ends; what is left of it is a place in the queue, or nothing. */
  async #reign(lease: NodeLease, own: Created): Promise<Created | undefined> {
    this.#lease.set(lease);
    await aborted(AbortSignal.any([lease.signal, this.#stop.signal]));
    this.#lease.set(undefined);
    const { reason } = lease.signal;
    if (reason instanceof RecipeError && reason.code === 'SUSPENDED') return own;
    await lease.release();
    return undefined;
  }
}

/** True for an error that a new node in the queue cures. */
function isLost(error: unknown): boolean {
  return (
    (error instanceof RecipeError && error.code === 'LOST') || isZooKeeperError(error, 'NO_NODE')
  );
}
