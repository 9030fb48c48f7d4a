import { joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import { GroupMember } from '../membership/group-member.ts';
import { Mutex } from '../mutex/mutex.ts';
import { RecipeError } from '../recipe-error.ts';
import type { RecipeOptions } from '../recipe-options.ts';
import { aborted } from '../stream/bell.ts';
import { Latest } from '../stream/latest.ts';
import { renewed } from '../znode/across-sessions.ts';
import { assign } from './hash-ring.ts';
import { PartitionLease } from './partition-lease.ts';

/** What `Partitioner` takes. */
export interface PartitionerOptions extends Omit<RecipeOptions, 'data'> {
  /** The partitions' names, the same at every worker; a number n is short for `0` to n-1. */
  readonly partitions: number | readonly string[];
  /** This worker among the others. Default: a random UUID. */
  readonly id?: string;
}

/** The partitions that this worker owns, by name. */
export type Owned = ReadonlyMap<string, PartitionLease>;

/**
 * Shares partitions out among the workers of a group, from its construction to `close`. Each worker
 * computes the same consistent hash ring of the members of `<path>/workers`; a partition is owned
 * only while the lock `<path>/partitions/<name>` (a `Mutex`) is held, so that there are never two
 * owners: whoever is to have it next waits until the owner releases it, or its session is gone.
 *
 * It ends no work: whoever owns a partition has to watch its lease's `leaving` and to release it.
 * kazoo's `SetPartitioner` is alike; Curator has none.
 */
export class Partitioner implements AsyncDisposable {
  readonly path: string;
  readonly id: string;
  readonly #zk: ZooKeeper;
  readonly #options: PartitionerOptions;
  readonly #partitions: readonly string[];
  readonly #member: GroupMember;
  readonly #owned = new Latest<Owned>(new Map());
  /** Runs of the partitions that are to be ours: aborted when they are to be another's. */
  readonly #runs = new Map<
    string,
    { readonly stop: AbortController; readonly end: Promise<void> }
  >();
  readonly #stop = new AbortController();
  readonly #followed: Promise<void>;

  constructor(zk: ZooKeeper, path: string, options: PartitionerOptions) {
    const { partitions } = options;
    this.#zk = zk;
    this.path = path;
    this.#options = options;
    this.#partitions =
      typeof partitions === 'number'
        ? Array.from({ length: partitions }, (_, i) => String(i))
        : partitions;
    this.#member = new GroupMember(zk, joinPath(path, 'workers'), options);
    this.id = this.#member.id;
    this.#followed = this.#follow().catch((error) => this.#owned.end(error));
  }

  /** The partitions that this worker owns now. */
  get owned(): Owned {
    return this.#owned.value;
  }

  /**
   * The partitions that this worker owns, now and whenever they have changed; the latest, if they
   * change fast. A lease stays the same object as long as it is held. Ends with the partitioner.
   */
  changes({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterable<Owned> {
    return this.#owned.values(signal);
  }

  /**
   * Leaves the group: every lease is `leaving`, and nothing is waited for any more. Resolves when the
   * last partition has been released. Idempotent.
   */
  async close(): Promise<void> {
    this.#stop.abort(new RecipeError('RELEASED', `the partitioner on ${this.path} was closed`));
    await this.#member.close();
    await this.#followed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    try {
      for await (const members of this.#member.members({ signal })) {
        const owners = assign(this.#partitions, [...members.keys()]);
        // Out of the group, by an expiry for instance: what is owned stays until it is another's.
        for (const partition of this.#partitions)
          if (owners.get(partition) === this.id) this.#begin(partition);
          else if (owners.has(partition)) this.#runs.get(partition)?.stop.abort();
      }
    } finally {
      for (const { stop } of this.#runs.values()) stop.abort();
      await Promise.all([...this.#runs.values()].map(({ end }) => end));
    }
    this.#owned.end();
  }

  /** One run a partition at a time: one that is being handed over goes on to its end before the next. */
  #begin(partition: string): void {
    const before = this.#runs.get(partition);
    if (before?.stop.signal.aborted === false) return;
    const stop = new AbortController();
    const end = (async () => {
      await before?.end;
      await this.#run(partition, stop.signal);
    })().catch((error) => this.#owned.end(error));
    this.#runs.set(partition, { stop, end });
  }

  /** Owns the partition, again and again if it is lost, until it is to be another's. */
  async #run(partition: string, stop: AbortSignal): Promise<void> {
    const mutex = new Mutex(this.#zk, joinPath(joinPath(this.path, 'partitions'), partition), {
      ...this.#options,
      data: this.id,
    });
    while (!stop.aborted) {
      try {
        const lease = new PartitionLease(partition, await mutex.acquire({ signal: stop }));
        this.#change((owned) => owned.set(partition, lease));
        await aborted(AbortSignal.any([stop, lease.signal]));
        lease.leave(new RecipeError('RELEASED', `${partition} is to be another worker's`));
        await aborted(lease.signal);
        this.#change((owned) => owned.delete(partition));
        // A lost lease's znode may still be there: whoever is next waits for its end.
        await lease.release();
      } catch (error) {
        if (stop.aborted) return;
        if (!(error instanceof RecipeError)) throw error;
        await renewed(this.#zk, stop);
      }
    }
  }

  #change(change: (owned: Map<string, PartitionLease>) => void): void {
    const owned = new Map(this.#owned.value);
    change(owned);
    this.#owned.set(owned);
  }
}
