import type { Driver } from './driver.ts';

/**
 * Curator's recipes besides the locks, each by its path; waits take milliseconds and say false when
 * the time is over. `...Leave` and `...End` belong to the `...Join` before.
 */
export class CuratorRecipes {
  readonly #driver: Driver;

  /** For {@link Curator}. */
  constructor(driver: Driver) {
    this.#driver = driver;
  }

  /** Takes part in a LeaderLatch. */
  async latchJoin(path: string, id: string): Promise<void> {
    await this.#driver.request('latch-join', { path, data: id });
  }

  async latchAwait(path: string, timeout = 10_000): Promise<boolean> {
    return this.#apart<boolean>('latch-await', { path, timeout });
  }

  async latchParticipants(path: string): Promise<{ id: string; isLeader: boolean }[]> {
    return this.#apart('latch-participants', { path });
  }

  async latchLeave(path: string): Promise<void> {
    await this.#driver.request('latch-leave', { path });
  }

  /** Stands for one term in a LeaderSelector; it lasts until `selectorEnd`. */
  async selectorJoin(path: string, id: string): Promise<void> {
    await this.#driver.request('selector-join', { path, data: id });
  }

  async selectorAwait(path: string, timeout = 10_000): Promise<boolean> {
    return this.#apart('selector-await', { path, timeout });
  }

  async selectorEnd(path: string): Promise<void> {
    await this.#driver.request('selector-end', { path });
  }

  /** Joins a GroupMember's group. */
  async memberJoin(path: string, id: string, payload: string): Promise<void> {
    await this.#driver.request('member-join', { path, data: id, payload });
  }

  /** Who is in the group, with their payloads. */
  async memberList(path: string): Promise<Record<string, string>> {
    const found: Record<string, string> = await this.#apart('member-list', { path });
    const text = (base64: string) => Buffer.from(base64, 'base64').toString();
    return Object.fromEntries(Object.entries(found).map(([id, data]) => [id, text(data)]));
  }

  async memberLeave(path: string): Promise<void> {
    await this.#driver.request('member-leave', { path });
  }

  /** DistributedAtomicLong's add; the value after it. */
  async longAdd(path: string, delta: bigint): Promise<bigint> {
    return BigInt(await this.#apart<string>('long-add', { path, delta: Number(delta) }));
  }

  /** SharedCount's setCount; the count before it. */
  async countSet(path: string, value: number): Promise<number> {
    return this.#apart('count-set', { path, value });
  }

  async barrierSet(path: string): Promise<void> {
    await this.#driver.request('barrier-set', { path });
  }

  async barrierRemove(path: string): Promise<void> {
    await this.#driver.request('barrier-remove', { path });
  }

  async barrierWait(path: string, timeout = 10_000): Promise<boolean> {
    return this.#apart('barrier-wait', { path, timeout });
  }

  /** DistributedDoubleBarrier's enter, for `size` members. */
  async doubleEnter(path: string, size: number, timeout = 10_000): Promise<boolean> {
    return this.#apart('double-enter', { path, size, timeout });
  }

  async doubleLeave(path: string, timeout = 10_000): Promise<boolean> {
    return this.#apart('double-leave', { path, timeout });
  }

  /** Puts all items as one znode; with a priority, in a DistributedPriorityQueue. */
  async queuePut(
    path: string,
    items: readonly string[],
    options: { priority?: number; lockPath?: string } = {},
  ): Promise<void> {
    await this.#driver.request('queue-put', { path, items, ...options });
  }

  /** Consumes `count` items, or those that came until `timeout` ms passed without one. */
  async queueTake(
    path: string,
    count: number,
    options: { lockPath?: string; timeout?: number } = {},
  ): Promise<string[]> {
    const { timeout = 10_000, lockPath } = options;
    return this.#apart('queue-take', { path, count, timeout, lockPath });
  }

  /** On a thread of the path's own, so that a wait holds up nothing else. */
  async #apart<T>(command: string, fields: { path: string; [field: string]: unknown }): Promise<T> {
    const thread = { lock: `recipe ${fields.path}` };
    // Our own protocol: the driver's sources are next to this file.
    return (await this.#driver.request(command, { ...fields, ...thread })) as T;
  }
}
