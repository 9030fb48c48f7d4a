import {
  CreateMode,
  type Data,
  isZooKeeperError,
  parentOf,
  type Stat,
  type ZooKeeper,
  type ZooKeeperErrorCode,
} from '@meshkeeper/zookeeper';
import { type AcquireOptions, withinTime } from '../lease/acquire-options.ts';
import { RecipeError } from '../recipe-error.ts';
import { Bell } from '../stream/bell.ts';
import { Latest } from '../stream/latest.ts';
import { renewed } from '../znode/across-sessions.ts';
import { deleteOwned, inSession, isOwned } from '../znode/owned.ts';
import { type Created, createProtected } from '../znode/protected-create.ts';
import { outcomeKnown, retrying } from '../znode/retry.ts';

/** What `PersistentNode` takes. */
export interface PersistentNodeOptions {
  /** Default `CreateMode.EPHEMERAL`. */
  readonly mode?: CreateMode;
  /**
   * Puts `_c_<uuid>-` before the name, another at each creation: needed for sequential modes, where a
   * lost answer can't be found again otherwise. Default: for those.
   */
  readonly protection?: boolean;
}

/**
 * Keeps a znode alive from its construction to `close`: created again whenever it is gone, by an
 * expiry of the session (with a client that renews it) or by somebody's delete. What an earlier
 * session left under the name is replaced in one transaction, so that no reader ever misses it, and
 * it doesn't vanish later with that session. Curator's `PersistentNode`.
 *
 * An ephemeral that a live stranger owns is replaced once, at the start: the newest wins. Who is
 * replaced so doesn't fight back, but waits until the name is free again.
 */
export class PersistentNode implements AsyncDisposable {
  readonly #zk: ZooKeeper;
  readonly #base: string;
  readonly #mode: CreateMode;
  readonly #protection: boolean;
  readonly #node = new Latest<Created | undefined>(undefined);
  readonly #stop = new AbortController();
  readonly #kept: Promise<void>;
  /** Sessions of this client that have created the node: what is left of them may be replaced. */
  readonly #sessions = new Set<bigint>();
  #data: Data;

  constructor(zk: ZooKeeper, path: string, data: Data, options: PersistentNodeOptions = {}) {
    this.#zk = zk;
    this.#base = path;
    this.#data = data;
    this.#mode = options.mode ?? CreateMode.EPHEMERAL;
    this.#protection = options.protection ?? isSequential(this.#mode);
    if (isSequential(this.#mode) && !this.#protection)
      throw new RecipeError('ILLEGAL_STATE', 'a sequential node needs protection');
    this.#kept = this.#keep().then(
      () => this.#node.end(),
      (error) => this.#node.end(this.#stop.signal.aborted ? undefined : error),
    );
  }

  /** The whole path of the present znode; undefined while there is none of ours. */
  get path(): string | undefined {
    return this.#node.value?.path;
  }

  /**
   * Waits until the znode is there, and resolves with its path. Curator's `waitForInitialCreate`.
   * @throws RecipeError TIMEOUT, ILLEGAL_STATE when it is closed; ZooKeeperError when it can't be
   *   created; the signal's reason
   */
  async ready(options: AcquireOptions = {}): Promise<string> {
    return withinTime(options, `the node ${this.#base}`, async (signal) => {
      for await (const node of this.#node.values(signal)) if (node !== undefined) return node.path;
      signal?.throwIfAborted();
      throw new RecipeError('ILLEGAL_STATE', `the node ${this.#base} is closed`);
    });
  }

  /** The path whenever the znode was created, undefined when it was lost; the present one first. */
  async *paths({
    signal,
  }: {
    readonly signal?: AbortSignal;
  } = {}): AsyncGenerator<string | undefined, void, void> {
    for await (const node of this.#node.values(signal)) yield node?.path;
  }

  /** Changes the data, now and for later creations. */
  async setData(data: Data): Promise<void> {
    this.#data = data;
    const node = this.#node.value;
    if (node === undefined) return;
    // The latest, when it is tried again: it may come after a later call's.
    const set = () => retrying(() => this.#zk.set(node.path, this.#data));
    if (node.stat.ephemeralOwner !== 0n) await inSession(this.#zk, node.stat, set);
    else await set().catch(ignoring('NO_NODE'));
  }

  /** Deletes the znode. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort(new RecipeError('RELEASED', `the node ${this.#base} was closed`));
    await this.#kept;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stop;
    let mayReplace = true;
    let last: Created | undefined;
    while (!signal.aborted) {
      try {
        const data = this.#data;
        const node = await this.#create(mayReplace);
        mayReplace = false;
        if (node?.stat.ephemeralOwner) this.#sessions.add(node.stat.ephemeralOwner);
        this.#node.set(node);
        // Changed meanwhile: `setData` found no node to change.
        if (node !== undefined && data !== this.#data) await this.setData(this.#data);
        if (node !== undefined) await this.#lossOf(node, signal);
      } catch (error) {
        if (isZooKeeperError(error, 'SESSION_EXPIRED')) await renewed(this.#zk, signal);
        else if (!signal.aborted && !isZooKeeperError(error, 'CONNECTION_LOSS')) throw error;
      }
      last = this.#node.value ?? last;
      this.#node.set(undefined);
    }
    // A protected creation that is given up cleans up for itself.
    const path = last?.path ?? (this.#protection ? undefined : this.#base);
    if (path !== undefined) await this.#remove(path);
  }

  /** Also what came of a creation whose answer was lost; nothing that is another's. */
  async #remove(path: string): Promise<void> {
    await outcomeKnown(this.#zk, path);
    const stat = await retrying(() => this.#zk.exists(path));
    if (stat === null) return;
    const isLasting = stat.ephemeralOwner === 0n;
    if (!isLasting || this.#mode !== CreateMode.EPHEMERAL)
      await deleteOwned(this.#zk, { path, stat });
  }

  /** Creates the znode, or takes over what is there; undefined when there was reason to look again. */
  async #create(mayReplace: boolean): Promise<Created | undefined> {
    const { signal } = this.#stop;
    if (this.#protection) {
      const parent = parentOf(this.#base);
      const name = this.#base.slice(this.#base.lastIndexOf('/') + 1);
      return createProtected(this.#zk, parent, name, this.#data, this.#mode, signal);
    }
    const path = this.#base;
    try {
      return await this.#zk.create(path, this.#data, { mode: this.#mode, parents: true });
    } catch (error) {
      ignoring('NODE_EXISTS')(error);
    }
    const bell = new Bell();
    const stat = await this.#zk.exists(path, { watch: bell.ring });
    if (stat === null) return undefined;
    if (stat.ephemeralOwner === 0n || isOwned(this.#zk, stat))
      return { path, stat: await this.#zk.set(path, this.#data) };
    if (mayReplace || this.#sessions.has(stat.ephemeralOwner)) return this.#replace(path, stat);
    await bell.rung(signal);
    return undefined;
  }

  /** Readers see the old one until they see the new one. */
  async #replace(path: string, { version }: Stat): Promise<Created | undefined> {
    try {
      const [, created] = await this.#zk.multi([
        { op: 'delete', path, version },
        { op: 'create', path, data: this.#data, mode: this.#mode },
      ]);
      return created?.op === 'create' ? created : undefined;
    } catch (error) {
      // Somebody was faster with something else: look again.
      ignoring('NO_NODE', 'BAD_VERSION', 'NODE_EXISTS')(error);
      return undefined;
    }
  }

  /** Waits until the znode isn't there any more, or is another's. */
  async #lossOf(node: Created, signal: AbortSignal): Promise<void> {
    const bell = new Bell();
    for (;;) {
      const look = () => this.#zk.exists(node.path, { watch: bell.ring, signal });
      const stat = await retrying(look, signal);
      if (stat === null || stat.czxid !== node.stat.czxid) return;
      if (stat.ephemeralOwner !== 0n && !isOwned(this.#zk, stat)) return;
      await bell.rung(signal);
    }
  }
}

function isSequential(mode: CreateMode): boolean {
  return (
    mode === CreateMode.EPHEMERAL_SEQUENTIAL ||
    mode === CreateMode.PERSISTENT_SEQUENTIAL ||
    mode === CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL
  );
}

/** Throws anything but a ZooKeeperError with one of the codes. */
function ignoring(...codes: readonly ZooKeeperErrorCode[]): (error: unknown) => void {
  return (error) => {
    if (!codes.some((code) => isZooKeeperError(error, code))) throw error;
  };
}
