import assert from 'node:assert/strict';
import { CreateMode, TreeCache, type ZooKeeper, ZooKeeperError } from '@meshkeeper/zookeeper';
import {
  GroupMember,
  LeaderLatch,
  type Lease,
  Mutex,
  PersistentNode,
  RecipeError,
} from '../../src/index.ts';
import type { Ledger } from './ledger.ts';

/** The znode that everything of the contract is below. */
export const ROOT = '/contract';

/** Milliseconds between two writes of a player. */
const PAUSE = process.env.MESHKEEPER_SOAK === '1' ? 5 : 20;

/** What all players write down. */
export interface Ledgers {
  readonly mutex: Ledger;
  readonly latch: Ledger;
}

/**
 * A client that has one of everything: it wants the mutex whenever it has not got it and keeps it
 * until the lease ends, stands for leader, is a member, keeps a znode, follows the whole tree, and
 * writes without a pause.
 */
export class Player {
  readonly zk: ZooKeeper;
  readonly name: string;
  readonly latch: LeaderLatch;
  readonly cache: TreeCache;
  readonly #ledgers: Ledgers;
  readonly #stop = new AbortController();
  readonly #member: GroupMember;
  readonly #node: PersistentNode;
  readonly #running: Promise<unknown>;
  #lease: Lease | undefined;
  #acknowledged = 0;
  #paused = false;

  private constructor(zk: ZooKeeper, name: string, ledgers: Ledgers, cache: TreeCache) {
    this.zk = zk;
    this.name = name;
    this.#ledgers = ledgers;
    this.cache = cache;
    this.latch = new LeaderLatch(zk, `${ROOT}/latch`, { id: name });
    this.#member = new GroupMember(zk, `${ROOT}/members`, { id: name, data: name });
    this.#node = new PersistentNode(zk, `${ROOT}/nodes/${name}`, name);
    this.#running = Promise.all([this.#compete(), this.#follow(), this.#write()]);
  }

  static async start(zk: ZooKeeper, name: string, ledgers: Ledgers): Promise<Player> {
    await zk.create(`${ROOT}/data/${name}`, '0', { parents: true });
    const player = new Player(zk, name, ledgers, await TreeCache.open(zk, ROOT));
    await player.#member.joined();
    await player.#node.ready();
    return player;
  }

  /** The ephemerals that it has, once each, when all is well: without the sequence numbers. */
  get ephemerals(): string[] {
    const { name } = this;
    return ['latch/latch-', 'lock/lock-', `members/${name}`, `nodes/${name}`];
  }

  /** Its session; undefined while it is not connected. */
  get sessionId(): bigint | undefined {
    const { state } = this.zk;
    return state.type === 'connected' ? state.sessionId : undefined;
  }

  /** The number that the server has acknowledged last of those it writes. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Whether it writes nothing for a while. */
  pauseWriting(paused: boolean): void {
    this.#paused = paused;
  }

  /** Gives up what it holds, and wants it again, after the others. */
  async stepDown(): Promise<void> {
    await Promise.all([this.#lease?.release(), this.latch.lease?.release()]);
  }

  /** Ends everything. @throws what no fault explains */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the player stops'));
    await this.#running;
    await Promise.all([this.latch.close(), this.#member.close(), this.#node.close()]);
    await this.cache.close();
    await this.zk.close();
  }

  async #compete(): Promise<void> {
    const { signal } = this.#stop;
    const mutex = new Mutex(this.zk, `${ROOT}/lock`);
    while (!signal.aborted) {
      try {
        const lease = await mutex.acquire({ signal });
        this.#ledgers.mutex.granted(this.name, lease);
        this.#lease = lease;
        const { promise, resolve } = Promise.withResolvers<void>();
        AbortSignal.any([lease.signal, signal]).addEventListener('abort', () => resolve());
        if (!lease.signal.aborted && !signal.aborted) await promise;
        await lease.release();
      } catch (error) {
        if (signal.aborted) return;
        // The session ended during the wait.
        assert.ok(error instanceof RecipeError && error.code === 'LOST', String(error));
      }
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    for await (const lease of this.latch.changes({ signal }))
      if (lease?.signal.aborted === false) this.#ledgers.latch.granted(this.name, lease);
  }

  async #write(): Promise<void> {
    const { signal } = this.#stop;
    for (let number = 1; !signal.aborted; ) {
      // Not faster than others can follow.
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      if (this.#paused) continue;
      try {
        await this.zk.set(`${ROOT}/data/${this.name}`, `${number}`, { signal });
        this.#acknowledged = number;
        const passing = `${ROOT}/passing/${this.name}-`;
        if (number++ % 5 === 0)
          await this.zk.create(passing, null, { mode: CreateMode.PERSISTENT_SEQUENTIAL, signal });
      } catch (error) {
        if (signal.aborted) return;
        const isExpected = error instanceof ZooKeeperError && error.retryable;
        assert.ok(isExpected || isExpiry(error), String(error));
      }
    }
  }
}

function isExpiry(error: unknown): boolean {
  return error instanceof ZooKeeperError && error.code === 'SESSION_EXPIRED';
}
