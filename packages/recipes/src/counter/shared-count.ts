import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { RecipeError } from '../recipe-error.ts';
import { Bell } from '../stream/bell.ts';
import { acrossSessions } from '../znode/across-sessions.ts';
import { retrying } from '../znode/retry.ts';
import { read, replace, type SignalOption, type Versioned } from './versioned-value.ts';

/** A count and the version at which it was read. */
export interface VersionedCount {
  readonly value: number;
  readonly version: number;
}

/**
 * A signed 32-bit number that clients set and watch. Shared with Curator's `SharedCount` on the same
 * path.
 */
export class SharedCount {
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #seed: number;

  /** `seed`: the value of a znode that isn't there; default 0. */
  constructor(zk: ZooKeeper, path: string, seed = 0) {
    this.#zk = zk;
    this.path = path;
    this.#seed = seed;
  }

  /** Creates the znode with the seed if there is none, as Curator's `start`. */
  async initialize({ signal }: SignalOption = {}): Promise<void> {
    const create = () =>
      this.#zk.create(this.path, encode(this.#seed), { parents: true, signal }).catch((error) => {
        if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
      });
    await retrying(create, signal);
  }

  /** @throws RecipeError MALFORMED when the znode isn't 4 bytes long */
  async get({ signal }: SignalOption = {}): Promise<VersionedCount> {
    return this.#decode(await read(this.#zk, this.path, signal));
  }

  /** Sets the count, whatever it is. After a loss of the connection it is set again. */
  async set(value: number, { signal }: SignalOption = {}): Promise<void> {
    const data = encode(value);
    for (;;) {
      try {
        await retrying(() => this.#zk.set(this.path, data, { signal }), signal);
        return;
      } catch (error) {
        if (!isZooKeeperError(error, 'NO_NODE')) throw error;
      }
      await this.initialize({ signal });
    }
  }

  /**
   * Sets the count unless somebody has changed it since it was read; false then.
   * @throws ZooKeeperError CONNECTION_LOSS when it can't be told whether the write happened
   */
  async trySet(
    previous: VersionedCount,
    value: number,
    { signal }: SignalOption = {},
  ): Promise<boolean> {
    const { version } = previous;
    const data = version === -1 ? undefined : encode(previous.value);
    return replace(this.#zk, this.path, { data, version }, encode(value), signal);
  }

  /** The count now and whenever it has changed; the latest, if it changes fast. */
  async *values({ signal }: SignalOption = {}): AsyncGenerator<VersionedCount, void, void> {
    const bell = new Bell();
    let last: VersionedCount | undefined;
    for (;;) {
      try {
        const now = await this.#watched(bell, signal);
        if (now.value !== last?.value || now.version !== last.version) {
          last = now;
          yield now;
        }
        await bell.rung(signal);
      } catch (error) {
        if (signal?.aborted) return;
        throw error;
      }
    }
  }

  async #watched(bell: Bell, signal: AbortSignal | undefined): Promise<VersionedCount> {
    const watch = bell.ring;
    for (;;) {
      try {
        const get = () => this.#zk.get(this.path, { watch, signal });
        const { data, stat } = await acrossSessions(this.#zk, get, signal);
        return this.#decode({ data, version: stat.version });
      } catch (error) {
        if (!isZooKeeperError(error, 'NO_NODE')) throw error;
      }
      const exists = () => this.#zk.exists(this.path, { watch, signal });
      if ((await acrossSessions(this.#zk, exists, signal)) === null)
        return { value: this.#seed, version: -1 };
    }
  }

  #decode({ data, version }: Versioned): VersionedCount {
    if (data === undefined) return { value: this.#seed, version };
    if (data.length === 4) return { value: data.readInt32BE(), version };
    const told = `${this.path} has ${data.length} bytes, not the 4 of a count`;
    throw new RecipeError('MALFORMED', told);
  }
}

function encode(value: number): Buffer {
  const data = Buffer.alloc(4);
  data.writeInt32BE(value);
  return data;
}
