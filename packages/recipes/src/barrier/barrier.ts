import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type AcquireOptions, withinTime } from '../lease/acquire-options.ts';
import { Bell } from '../stream/bell.ts';
import { acrossSessions } from '../znode/across-sessions.ts';
import { localAddress } from '../znode/local-address.ts';
import { retrying } from '../znode/retry.ts';

/**
 * Holds up all who wait at it until somebody removes it: it is closed while its znode exists. Shared
 * with Curator's `DistributedBarrier` on the same path.
 */
export class Barrier {
  readonly path: string;
  readonly #zk: ZooKeeper;

  constructor(zk: ZooKeeper, path: string) {
    this.#zk = zk;
    this.path = path;
  }

  /** Closes the barrier; nothing changes if it is closed. It stays so beyond this session. */
  async set(): Promise<void> {
    const create = () => this.#zk.create(this.path, localAddress(), { parents: true });
    await retrying(create).catch((error) => {
      if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
    });
  }

  /** Opens the barrier; nothing changes if it is open. */
  async remove(): Promise<void> {
    await retrying(() => this.#zk.delete(this.path)).catch((error) => {
      if (!isZooKeeperError(error, 'NO_NODE')) throw error;
    });
  }

  /**
   * Waits until the barrier is open.
   * @throws RecipeError TIMEOUT; the signal's reason
   */
  async wait(options: AcquireOptions = {}): Promise<void> {
    const bell = new Bell();
    await withinTime(options, `the opening of ${this.path}`, async (signal) => {
      const closed = () => this.#zk.exists(this.path, { watch: bell.ring, signal });
      while ((await acrossSessions(this.#zk, closed, signal)) !== null) await bell.rung(signal);
    });
  }
}
