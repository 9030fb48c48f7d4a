import {
  CreateMode,
  isZooKeeperError,
  joinPath,
  type ZooKeeper,
  type ZooKeeperErrorCode,
} from '@meshkeeper/zookeeper';
import type { TrustPolicy } from '../lease/trust.ts';
import { RecipeError } from '../recipe-error.ts';
import { Bell } from '../stream/bell.ts';
import { acrossSessions } from '../znode/across-sessions.ts';
import { localAddress } from '../znode/local-address.ts';
import { isOwned } from '../znode/owned.ts';
import { outcomeKnown } from '../znode/retry.ts';
import { Claim } from './claim.ts';
import { decodeItems, encodeItems } from './item-format.ts';

const ITEM = 'queue-';

/** What queues take. */
export interface QueueOptions {
  /**
   * Where items that are being processed are locked, for `claim`: every consumer of the queue must
   * name the same. Curator's `lockPath`.
   */
  readonly lockPath?: string;
  /**
   * So many znodes the queue may have: a put waits for room. Putters that look at the same time may
   * each find the same room. Default: any number.
   */
  readonly maxItems?: number;
  /** When a claim is no longer trusted. Default `standard`. */
  readonly policy?: TrustPolicy;
}

/** What all kinds of queues have in common: how items are put, ordered and taken. */
export class QueueNode {
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #options: QueueOptions;

  constructor(zk: ZooKeeper, path: string, options: QueueOptions) {
    this.#zk = zk;
    this.path = path;
    this.#options = options;
  }

  /** `infix`: stands between `queue-` and the sequence number. */
  async put(
    infix: string,
    items: readonly Uint8Array[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { maxItems } = this.#options;
    const bell = new Bell();
    while (maxItems !== undefined && (await this.#names(bell, signal)).length >= maxItems)
      await bell.rung(signal);
    const data = encodeItems(items);
    const mode = CreateMode.PERSISTENT_SEQUENTIAL;
    const path = joinPath(this.path, ITEM + infix);
    const create = () => this.#zk.create(path, data, { mode, signal });
    await this.#making(this.path, () => acrossSessions(this.#zk, create, signal));
  }

  /** Takes the first item that nobody else takes. */
  async take(signal: AbortSignal | undefined): Promise<readonly Buffer[]> {
    if (this.#options.lockPath !== undefined) {
      const claim = await this.claim(signal);
      await claim.done();
      return claim.items;
    }
    return this.#first(signal, async (name) => {
      const path = joinPath(this.path, name);
      const { data, stat } = await this.#zk.get(path, { signal });
      const items = decodeItems(data, path);
      await this.#zk.delete(path, { version: stat.version });
      return items;
    });
  }

  async claim(signal: AbortSignal | undefined): Promise<Claim> {
    const { lockPath } = this.#options;
    if (lockPath === undefined)
      throw new RecipeError('ILLEGAL_STATE', `claims on ${this.path} need the option lockPath`);
    return this.#first(signal, (name) => this.#lock(name, joinPath(lockPath, name), signal));
  }

  async #lock(name: string, lockPath: string, signal: AbortSignal | undefined): Promise<Claim> {
    const path = joinPath(this.path, name);
    const mode = CreateMode.EPHEMERAL;
    const parent = this.#options.lockPath!;
    const create = () => this.#zk.create(lockPath, localAddress(), { mode });
    const lock = await this.#making(parent, create).catch((error) => this.#lost(error, lockPath));
    try {
      const { data } = await this.#zk.get(path, { signal });
      const items = decodeItems(data, path);
      const { policy = 'standard' } = this.#options;
      return new Claim(this.#zk, { path, data, items, lock }, policy);
    } catch (error) {
      const nothing = { path, data: Buffer.alloc(0), items: [], lock };
      await new Claim(this.#zk, nothing, 'session')[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** After a lost answer: the lock, if it was made and is this session's. */
  async #lost(error: unknown, path: string) {
    if (!isZooKeeperError(error, 'CONNECTION_LOSS')) throw error;
    const stat = await acrossSessions(this.#zk, async () => {
      await outcomeKnown(this.#zk, path);
      return this.#zk.exists(path);
    });
    if (stat !== null && isOwned(this.#zk, stat)) return { path, stat };
    throw error;
  }

  /** Tries the items in their order, again after each change, until one could be had. */
  async #first<T>(
    signal: AbortSignal | undefined,
    attempt: (name: string) => Promise<T>,
  ): Promise<T> {
    const bell = new Bell();
    for (;;) {
      const names = await this.#names(bell, signal);
      // An item whose processor dies is free again without a change of the queue itself.
      const { lockPath } = this.#options;
      const locked = new Set(lockPath ? await this.#children(lockPath, bell, signal) : []);
      for (const name of names
        .filter((name) => name.startsWith(ITEM) && !locked.has(name))
        .sort()) {
        signal?.throwIfAborted();
        try {
          return await attempt(name);
        } catch (error) {
          const others: ZooKeeperErrorCode[] = ['NO_NODE', 'NODE_EXISTS', 'BAD_VERSION'];
          const isLoss = isZooKeeperError(error, 'CONNECTION_LOSS');
          if (isLoss) bell.ring();
          else if (!others.some((code) => isZooKeeperError(error, code))) throw error;
        }
      }
      await bell.rung(signal);
    }
  }

  #names(bell: Bell, signal: AbortSignal | undefined): Promise<readonly string[]> {
    return this.#children(this.path, bell, signal);
  }

  /** The children of a znode that is made if it is missing; the bell rings when they change. */
  async #children(
    path: string,
    bell: Bell,
    signal: AbortSignal | undefined,
  ): Promise<readonly string[]> {
    const list = () => this.#zk.children(path, { watch: bell.ring, signal });
    return (await this.#making(path, () => acrossSessions(this.#zk, list, signal))).children;
  }

  /** Lasting, as Curator makes it: a container would be removed whenever the queue is empty. */
  async #making<T>(path: string, call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!isZooKeeperError(error, 'NO_NODE')) throw error;
      }
      const create = () => this.#zk.create(path, localAddress(), { parents: true });
      await acrossSessions(this.#zk, create).catch((error) => {
        if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
      });
    }
  }
}
