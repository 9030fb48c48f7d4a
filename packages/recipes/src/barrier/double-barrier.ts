import { randomUUID } from 'node:crypto';
import { CreateMode, isZooKeeperError, joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type AcquireOptions, withinTime } from '../lease/acquire-options.ts';
import { RecipeError } from '../recipe-error.ts';
import { aborted, Bell } from '../stream/bell.ts';
import { localAddress } from '../znode/local-address.ts';
import { deleteOwned, isOwned, whileAlive } from '../znode/owned.ts';
import type { Created } from '../znode/protected-create.ts';
import { retrying } from '../znode/retry.ts';

const READY = 'ready';

/**
 * Lets `size` participants begin together, and end together: `enter` waits until so many have
 * entered, `leave` until all have left. One object is one participant, which may enter again once it
 * has left. Shared with Curator's `DistributedDoubleBarrier` on the same path.
 *
 * A participant whose session is gone counts as one that has left.
 */
export class DoubleBarrier implements AsyncDisposable {
  readonly path: string;
  readonly size: number;
  readonly #zk: ZooKeeper;
  #own: Created | undefined;

  constructor(zk: ZooKeeper, path: string, size: number) {
    if (!Number.isInteger(size) || size < 1)
      throw new RecipeError('ILLEGAL_STATE', `a barrier for ${size} participants can't be`);
    this.#zk = zk;
    this.path = path;
    this.size = size;
  }

  /**
   * Waits for the others. Who gives up leaves nothing behind.
   * @throws RecipeError TIMEOUT, LOST, ILLEGAL_STATE when it has entered; the signal's reason
   */
  async enter(options: AcquireOptions = {}): Promise<void> {
    if (this.#own !== undefined)
      throw new RecipeError('ILLEGAL_STATE', `${this.path} was entered: leave it first`);
    await withinTime(options, `the entry to ${this.path}`, async (signal) => {
      try {
        await this.#enter(signal);
      } catch (error) {
        this.#withdraw();
        throw error;
      }
    });
  }

  /**
   * Waits until all have left. Who gives up waiting has left all the same.
   * @throws RecipeError TIMEOUT, LOST, ILLEGAL_STATE when it hasn't entered; the signal's reason
   */
  async leave(options: AcquireOptions = {}): Promise<void> {
    if (this.#own === undefined)
      throw new RecipeError('ILLEGAL_STATE', `${this.path} wasn't entered: enter it first`);
    const own = this.#own;
    await withinTime(options, `the end of ${this.path}`, async (signal) => {
      try {
        await this.#leave(own, signal);
      } finally {
        this.#withdraw();
      }
    });
  }

  /** Leaves without waiting for the others. */
  async [Symbol.asyncDispose](): Promise<void> {
    const own = this.#own;
    this.#own = undefined;
    if (own !== undefined) await deleteOwned(this.#zk, own);
  }

  async #enter(signal: AbortSignal | undefined): Promise<void> {
    const bell = new Bell();
    const ready = joinPath(this.path, READY);
    const look = () => this.#zk.exists(ready, { watch: bell.ring, signal });
    let isReady = (await retrying(look, signal)) !== null;
    const own = await this.#create(signal);
    this.#own = own;
    while (!isReady) {
      const present = await this.#present(signal);
      if (!present.includes(nameOf(own))) break;
      if (present.length >= this.size) {
        await this.#ignoring('NODE_EXISTS', () => this.#zk.create(ready, localAddress()));
        break;
      }
      await whileAlive(this.#zk, own, signal, (end) => bell.rung(end));
      isReady = (await retrying(look, signal)) !== null;
    }
    const alive = () => this.#zk.exists(own.path, { signal });
    if (!isOwned(this.#zk, own.stat) || (await retrying(alive, signal)) === null)
      throw new RecipeError('LOST', `${own.path} is gone: the session has expired`);
  }

  /** Who gives up meanwhile leaves nothing: what comes of it is deleted. */
  async #create(signal: AbortSignal | undefined): Promise<Created> {
    signal?.throwIfAborted();
    const creating = this.#createOwn();
    await (signal === undefined ? creating : Promise.race([creating, aborted(signal)]));
    if (signal?.aborted) void creating.then((own) => deleteOwned(this.#zk, own)).catch(() => {});
    signal?.throwIfAborted();
    return creating;
  }

  /** The name is ours alone, so that one that exists after a lost answer is the one we made. */
  async #createOwn(): Promise<Created> {
    const path = joinPath(this.path, randomUUID());
    const mode = CreateMode.EPHEMERAL;
    for (;;) {
      try {
        return await this.#zk.create(path, localAddress(), { mode, parents: true });
      } catch (error) {
        if (isZooKeeperError(error, 'CONNECTION_LOSS')) continue;
        if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
      }
      const stat = await retrying(() => this.#zk.exists(path));
      if (stat !== null) return { path, stat };
    }
  }

  /**
   * The lowest waits for the highest, all others leave and wait for the lowest, which leaves when it
   * is alone: Curator's order, so that both kinds of participants wake each other.
   */
  async #leave(own: Created, signal: AbortSignal | undefined): Promise<void> {
    const bell = new Bell();
    for (let isPresent = true; ; ) {
      const present = await this.#present(signal);
      const index = present.indexOf(nameOf(own));
      if (isPresent && index === -1)
        throw new RecipeError('LOST', `${own.path} is gone: the session has expired`);
      if (present.length === 0) break;
      const isLast = index === 0 && present.length === 1;
      const awaited = isLast ? undefined : present.at(index === 0 ? -1 : 0)!;
      if (index !== 0 || isLast) {
        if (isPresent) await deleteOwned(this.#zk, own);
        isPresent = false;
      }
      if (awaited === undefined) continue;
      const path = joinPath(this.path, awaited);
      const look = () => this.#zk.exists(path, { watch: bell.ring, signal });
      if ((await retrying(look, signal)) !== null) await bell.rung(signal);
    }
    await this.#ignoring('NO_NODE', () => this.#zk.delete(joinPath(this.path, READY)));
  }

  /** The participants, in the order of their names. */
  async #present(signal: AbortSignal | undefined): Promise<string[]> {
    try {
      const { children } = await retrying(() => this.#zk.children(this.path, { signal }), signal);
      return children.filter((name) => name !== READY).sort();
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return [];
      throw error;
    }
  }

  async #ignoring(code: 'NODE_EXISTS' | 'NO_NODE', call: () => Promise<unknown>): Promise<void> {
    try {
      await retrying(call);
    } catch (error) {
      if (!isZooKeeperError(error, code)) throw error;
    }
  }

  /** Takes our znode away in the background, if it is there. */
  #withdraw(): void {
    void this[Symbol.asyncDispose]().catch(() => {});
  }
}

function nameOf({ path }: Created): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
