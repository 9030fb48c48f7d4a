import {
  CreateMode,
  isZooKeeperError,
  joinPath,
  parentOf,
  type Stat,
  type ZooKeeper,
} from '@meshkeeper/zookeeper';
import type { Entry } from '../dialect.ts';
import { RegistryError } from '../registry-error.ts';
import { created } from './created.ts';

const SEQUENTIAL: ReadonlySet<CreateMode> = new Set([
  CreateMode.EPHEMERAL_SEQUENTIAL,
  CreateMode.PERSISTENT_SEQUENTIAL,
]);
const EPHEMERAL: ReadonlySet<CreateMode> = new Set([
  CreateMode.EPHEMERAL,
  CreateMode.EPHEMERAL_SEQUENTIAL,
]);

/** What ZooKeeper appends to the name of a sequential znode. */
const NUMBER = /-?\d{10}$/;

/** What became of an attempt to have a znode. */
export type Owned = 'ours' | /** Another session's; it ends some day. */ 'taken';

/** One of a registration's znodes: as it should be, and what is known of it. */
export class OwnEntry {
  readonly #zk: ZooKeeper;
  /** The sessions that were ours: their ephemerals are ours to replace. */
  readonly #sessions: ReadonlySet<bigint>;
  #wanted: Entry;
  /** The znode's path, once it was created. */
  #path: string | undefined;
  /** True when we have created it, or found it to be ours. */
  #owned = false;

  constructor(zk: ZooKeeper, sessions: ReadonlySet<bigint>, wanted: Entry) {
    this.#zk = zk;
    this.#sessions = sessions;
    this.#wanted = wanted;
  }

  /** The znode's path, with its number if it has one. */
  get path(): string {
    return this.#path ?? this.#wanted.path;
  }

  get entry(): Entry {
    return this.#wanted;
  }

  /** True for a znode that many share. */
  get shared(): boolean {
    return this.#wanted.merge !== undefined;
  }

  /** True where the znode says what the instance is: alone, or among others. */
  get tells(): boolean {
    return !this.shared || this.#wanted.withdraw !== undefined;
  }

  /**
   * Sees to it that the znode is there, says what it should, and is ours. Calls `watch` when it is
   * deleted or changes afterwards.
   * @throws RegistryError NOT_OURS for a persistent znode of somebody else
   */
  async ensure(watch: () => void, signal: AbortSignal): Promise<Owned> {
    if (this.shared) return this.#share(watch, signal);
    for (;;) {
      const path = this.#path ?? (await this.#lost(signal)) ?? this.#wanted.path;
      const sequential = SEQUENTIAL.has(this.#wanted.mode) && path === this.#wanted.path;
      const stat = sequential ? null : await this.#zk.exists(path, { watch, signal });
      try {
        if (stat === null) {
          ({ path: this.#path } = await created(this.#zk, this.#wanted, signal));
          this.#owned = true;
          continue; // once more, to leave a watch
        }
        return await this.#keep(path, stat, signal);
      } catch (error) {
        const lostRace =
          isZooKeeperError(error, 'NODE_EXISTS') ||
          isZooKeeperError(error, 'NO_NODE') ||
          isZooKeeperError(error, 'BAD_VERSION');
        if (!lostRace) throw error;
      }
    }
  }

  /**
   * Replaces what it should be: in place, or by another znode in the same transaction. It may be
   * called again with the same, should the answer be lost.
   * @param from the znode's path before
   */
  async revise(
    from: string,
    { path: to, data }: Pick<Entry, 'path' | 'data'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { mode, path: unnumbered, immutable } = this.#wanted;
    if (this.shared) {
      this.#wanted = { ...this.#wanted, data };
      await this.#share(undefined, signal);
      return;
    }
    if (to === from && !immutable) {
      this.#wanted = { ...this.#wanted, data };
      await this.#zk.set(from, data, { signal });
      return;
    }
    // Another path has its number already; should it have to be created again, it gets another.
    const isNumbered = SEQUENTIAL.has(mode) && to !== from;
    const next = {
      path: to === from ? unnumbered : to,
      mode: isNumbered ? CreateMode.EPHEMERAL : mode,
    };
    this.#wanted = { ...this.#wanted, path: isNumbered ? to.replace(NUMBER, '') : next.path, data };
    this.#path = isNumbered ? to : undefined;
    try {
      const [, made] = await this.#zk.multi(
        [
          { op: 'delete', path: from },
          { op: 'create', ...next, data },
        ],
        { signal },
      );
      this.#path = made.path;
    } catch (error) {
      // Whatever is there now, `ensure` makes it right.
      if (!isZooKeeperError(error, 'NO_NODE') && !isZooKeeperError(error, 'NODE_EXISTS'))
        throw error;
    }
  }

  /** Takes it out, if it is ours. */
  async remove(signal: AbortSignal): Promise<void> {
    if (this.shared) return this.#withdraw(signal);
    if (!this.#owned) return;
    const stat = await this.#zk.exists(this.path, { signal });
    if (stat === null) return;
    if (EPHEMERAL.has(this.#wanted.mode) && !this.#sessions.has(stat.ephemeralOwner)) return;
    try {
      await this.#zk.delete(this.path, { version: stat.version, signal });
    } catch (error) {
      if (isZooKeeperError(error, 'BAD_VERSION')) return this.remove(signal);
      if (!isZooKeeperError(error, 'NO_NODE')) throw error;
    }
  }

  /** Takes the instance out of what many share. */
  async #withdraw(signal: AbortSignal): Promise<void> {
    const { path, data: own, withdraw } = this.#wanted;
    if (withdraw === undefined) return;
    try {
      const { data, stat } = await this.#zk.get(path, { signal });
      const without = withdraw(data, own);
      if (without !== undefined)
        await this.#zk.set(path, without, { version: stat.version, signal });
    } catch (error) {
      if (isZooKeeperError(error, 'BAD_VERSION')) return this.#withdraw(signal);
      if (!isZooKeeperError(error, 'NO_NODE')) throw error;
    }
  }

  /** What stands there: ours as it is, ours from a former session, or somebody else's. */
  async #keep(path: string, stat: Stat, signal: AbortSignal): Promise<Owned> {
    const { data, mode } = this.#wanted;
    const { ephemeralOwner: owner, version } = stat;
    if (!EPHEMERAL.has(mode)) {
      if (owner !== 0n) return 'taken';
      const found = await this.#zk.get(path, { signal });
      if (!this.#owned && !found.data.equals(data))
        throw new RegistryError(
          'NOT_OURS',
          `${path} is there already, and it isn't ours: delete it, or register under another id`,
        );
      this.#owned = true;
      if (!found.data.equals(data)) await this.#zk.set(path, data, { version, signal });
      return 'ours';
    }
    if (owner === this.#session) {
      this.#owned = true;
      return 'ours';
    }
    if (this.#sessions.has(owner)) {
      // In one transaction, so that there is no moment without it.
      await this.#zk.multi(
        [
          { op: 'delete', path, version },
          { op: 'create', path, data, mode: CreateMode.EPHEMERAL },
        ],
        { signal },
      );
      this.#owned = true;
      return 'ours';
    }
    if (owner === 0n)
      throw new RegistryError(
        'NOT_OURS',
        `${path} is a persistent znode of somebody else: delete it, or register under another id`,
      );
    return 'taken';
  }

  /** Watches what is there of others only where the instance is part of it. */
  async #share(watch: (() => void) | undefined, signal: AbortSignal): Promise<Owned> {
    for (;;) {
      try {
        const { path, data: own, merge, withdraw } = this.#wanted;
        const told = withdraw && watch;
        if ((await this.#zk.exists(path, { signal, watch: told })) === null) {
          await created(this.#zk, this.#wanted, signal);
          if (told !== undefined) continue; // once more, to leave a watch
          return 'ours';
        }
        const { data, stat } = await this.#zk.get(path, { signal });
        const merged = merge?.(data, own);
        if (merged !== undefined)
          await this.#zk.set(path, merged, { version: stat.version, signal });
        return 'ours';
      } catch (error) {
        const lostRace =
          isZooKeeperError(error, 'NODE_EXISTS') ||
          isZooKeeperError(error, 'NO_NODE') ||
          isZooKeeperError(error, 'BAD_VERSION');
        if (!lostRace) throw error;
      }
    }
  }

  /** A numbered znode that was created without that we were told its number. */
  async #lost(signal: AbortSignal): Promise<string | undefined> {
    const { path, data, mode } = this.#wanted;
    if (!SEQUENTIAL.has(mode)) return undefined;
    const parent = parentOf(path);
    if ((await this.#zk.exists(parent, { signal })) === null) return undefined;
    const { children } = await this.#zk.children(parent, { signal });
    for (const child of children) {
      const candidate = joinPath(parent, child);
      if (!candidate.startsWith(path)) continue;
      const found = await this.#zk.get(candidate, { signal }).catch(() => undefined);
      if (found === undefined || found.stat.ephemeralOwner !== this.#session) continue;
      if (found.data.equals(data)) {
        this.#path = candidate;
        return candidate;
      }
    }
    return undefined;
  }

  get #session(): bigint | undefined {
    const { state } = this.#zk;
    return state.type === 'connected' ? state.sessionId : undefined;
  }
}
