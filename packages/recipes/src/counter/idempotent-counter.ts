import {
  isZooKeeperError,
  joinPath,
  type TransactionOp,
  type ZooKeeper,
} from '@meshkeeper/zookeeper';
import { retrying } from '../znode/retry.ts';
import { decodeLong, encodeLong } from './distributed-atomic-long.ts';
import { read, type SignalOption } from './versioned-value.ts';

/** What `IdempotentCounter` takes. */
export interface IdempotentCounterOptions {
  /**
   * How long an increment is remembered at least, in milliseconds of the server's clock. Default
   * one hour.
   */
  readonly retention?: number;
}

/** What an increment came to. */
export interface Counted {
  /** The count right after the increment with this id, also if that was an earlier call's. */
  readonly value: bigint;
  /** True when an earlier call with this id has counted already. */
  readonly repeated: boolean;
}

/** Forgotten increments are looked for once in so many. */
const REAP_EVERY = 256;

/**
 * A counter whose increments carry an id: one with an id that was counted within `retention` is not
 * counted again, from whichever client, also if the connection broke before the first answer. So a
 * call that failed can be repeated without a thought.
 *
 * The count is 8 bytes at `<path>`, which Curator's `DistributedAtomicLong` reads (and may set);
 * each increment leaves a marker `<path>/<id>` with the count after it, created in the same
 * transaction as the count. Markers older than `retention` are deleted by later increments.
 */
export class IdempotentCounter {
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #retention: number;
  #increments = 0;

  constructor(zk: ZooKeeper, path: string, options: IdempotentCounterOptions = {}) {
    this.#zk = zk;
    this.path = path;
    this.#retention = options.retention ?? 3_600_000;
  }

  /** @throws RecipeError MALFORMED when the znode isn't 8 bytes long */
  async get({ signal }: SignalOption = {}): Promise<bigint> {
    return decodeLong(this.path, (await read(this.#zk, this.path, signal)).data);
  }

  /**
   * Adds `delta` (default 1) unless this id was counted. Repeats itself after a loss of the
   * connection.
   * @param id a znode's name: without `/`
   */
  async increment(
    id: string,
    { delta = 1n, signal }: SignalOption & { readonly delta?: bigint } = {},
  ): Promise<Counted> {
    const marker = joinPath(this.path, id);
    for (let tries = 0; ; tries++) {
      const earlier = await read(this.#zk, marker, signal);
      // A marker that appears once we have tried may be ours: then this call has counted.
      if (earlier.data !== undefined)
        return { value: decodeLong(marker, earlier.data), repeated: tries === 0 };
      const { data, version } = await read(this.#zk, this.path, signal);
      const value = BigInt.asIntN(64, decodeLong(this.path, data) + delta);
      if (data === undefined) await this.#initialize(signal);
      else if (await this.#count(marker, encodeLong(value), version, signal)) {
        if (this.#increments++ % REAP_EVERY === REAP_EVERY - 1) void this.reap().catch(() => {});
        return { value, repeated: false };
      }
    }
  }

  /** Deletes the markers older than `retention`, by the server's clock; says how many. */
  async reap({ signal }: SignalOption = {}): Promise<number> {
    const { children, stat } = await retrying(
      () => this.#zk.children(this.path, { signal }),
      signal,
    );
    const paths = children.map((id) => joinPath(this.path, id));
    const stats = await Promise.all(
      paths.map((path) => retrying(() => this.#zk.exists(path, { signal }), signal)),
    );
    // The count's last change is a time of the server's that is not later than now.
    const now = Number(stat.mtime);
    const old = paths.filter((_, i) => now - Number(stats[i]?.ctime ?? now) > this.#retention);
    await Promise.all(
      old.map((path) =>
        retrying(() => this.#zk.delete(path, { signal }), signal).catch(ignoreGone),
      ),
    );
    return old.length;
  }

  /** One transaction; false when somebody was faster, or it can't be told. */
  async #count(
    marker: string,
    data: Buffer,
    version: number,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const both: TransactionOp[] = [
      { op: 'create', path: marker, data },
      { op: 'set', path: this.path, data, version },
    ];
    try {
      await this.#zk.multi(both, { signal });
      return true;
    } catch (error) {
      for (const code of ['NODE_EXISTS', 'BAD_VERSION', 'NO_NODE', 'CONNECTION_LOSS'] as const)
        if (isZooKeeperError(error, code)) return false;
      throw error;
    }
  }

  async #initialize(signal: AbortSignal | undefined): Promise<void> {
    const create = () => this.#zk.create(this.path, encodeLong(0n), { parents: true, signal });
    await retrying(create, signal).catch((error) => {
      if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
    });
  }
}

function ignoreGone(error: unknown): void {
  if (!isZooKeeperError(error, 'NO_NODE')) throw error;
}
