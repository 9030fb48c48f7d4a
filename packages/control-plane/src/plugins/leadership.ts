import type { Leadership } from '@meshkeeper/mesh';
import { LeaderLatch } from '@meshkeeper/recipes';
import type { ZooKeeper } from '@meshkeeper/zookeeper';

/** Stands for the leadership of a path from the first question on. */
export class LatchLeadership implements Leadership, AsyncDisposable {
  readonly #zk: ZooKeeper;
  readonly #path: string;
  #latch: LeaderLatch | undefined;

  constructor(zk: ZooKeeper, path: string) {
    this.#zk = zk;
    this.#path = path;
  }

  /** Whether anybody has asked, and this replica stands. */
  get asked(): boolean {
    return this.#latch !== undefined;
  }

  get term(): AbortSignal | undefined {
    return this.#standing.lease?.signal;
  }

  async *changes(signal: AbortSignal): AsyncGenerator<AbortSignal | undefined> {
    for await (const lease of this.#standing.changes({ signal })) yield lease?.signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#latch?.close();
  }

  get #standing(): LeaderLatch {
    this.#latch ??= new LeaderLatch(this.#zk, this.#path);
    return this.#latch;
  }
}
