import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { type AcquireOptions, withinTime } from '../lease/acquire-options.ts';
import type { Claim } from './claim.ts';
import { QueueNode, type QueueOptions } from './queue-node.ts';

/** An item, or several that are taken as one. */
export type QueueItems = Uint8Array | string | readonly (Uint8Array | string)[];

/**
 * A queue of bytes among all clients of the ensemble, in the order of the puts. Shared with Curator's
 * `DistributedQueue` on the same path. Not for thousands of items: every look lists all of them.
 */
export class Queue {
  readonly path: string;
  readonly #node: QueueNode;

  constructor(zk: ZooKeeper, path: string, options: QueueOptions = {}) {
    this.path = path;
    this.#node = new QueueNode(zk, path, options);
  }

  /**
   * Puts an item, or several in one znode; waits for room if `maxItems` is set. Repeated after a loss
   * of the connection: then it may be there twice, as with Curator.
   * @throws RecipeError TIMEOUT; the signal's reason
   */
  async put(items: QueueItems, options: AcquireOptions = {}): Promise<void> {
    await withinTime(options, `room in ${this.path}`, (signal) =>
      this.#node.put('', toItems(items), signal),
    );
  }

  /**
   * Takes what the earliest put has put, and waits for it. At most once: the items are gone when this
   * process dies, or when the connection breaks just then. With `lockPath` only those are taken that
   * nobody has claimed.
   * @throws RecipeError TIMEOUT, MALFORMED for what is no queue's; the signal's reason
   */
  async take(options: AcquireOptions = {}): Promise<readonly Buffer[]> {
    return withinTime(options, `an item of ${this.path}`, (signal) => this.#node.take(signal));
  }

  /**
   * Claims what the earliest put has put and nobody has claimed, and waits for it: at least once, see
   * `Claim`. Needs `lockPath`.
   * @throws RecipeError TIMEOUT, ILLEGAL_STATE, MALFORMED; the signal's reason
   */
  async claim(options: AcquireOptions = {}): Promise<Claim> {
    return withinTime(options, `an item of ${this.path}`, (signal) => this.#node.claim(signal));
  }
}

/** As many buffers as there are items; texts are UTF-8. */
export function toItems(items: QueueItems): Uint8Array[] {
  const list = typeof items === 'string' || items instanceof Uint8Array ? [items] : items;
  return list.map((item) => (typeof item === 'string' ? Buffer.from(item) : item));
}
