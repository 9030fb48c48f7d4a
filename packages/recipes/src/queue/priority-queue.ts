import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { type AcquireOptions, withinTime } from '../lease/acquire-options.ts';
import { RecipeError } from '../recipe-error.ts';
import type { Claim } from './claim.ts';
import { type QueueItems, toItems } from './queue.ts';
import { QueueNode, type QueueOptions } from './queue-node.ts';

/**
 * A queue whose items have a priority: lower numbers come out first, those of one priority in the
 * order of the puts. Otherwise as `Queue`. Shared with Curator's `DistributedPriorityQueue`.
 */
export class PriorityQueue {
  readonly path: string;
  readonly #node: QueueNode;

  constructor(zk: ZooKeeper, path: string, options: QueueOptions = {}) {
    this.path = path;
    this.#node = new QueueNode(zk, path, options);
  }

  /** As `Queue.put`. `priority`: a signed 32-bit number. */
  async put(items: QueueItems, priority: number, options: AcquireOptions = {}): Promise<void> {
    const infix = priorityText(priority);
    await withinTime(options, `room in ${this.path}`, (signal) =>
      this.#node.put(infix, toItems(items), signal),
    );
  }

  /** As `Queue.take`. */
  async take(options: AcquireOptions = {}): Promise<readonly Buffer[]> {
    return withinTime(options, `an item of ${this.path}`, (signal) => this.#node.take(signal));
  }

  /** As `Queue.claim`. */
  async claim(options: AcquireOptions = {}): Promise<Claim> {
    return withinTime(options, `an item of ${this.path}`, (signal) => this.#node.claim(signal));
  }
}

/** Sorts as the numbers do: a sign digit, then two's complement in eight hexadecimal digits. */
export function priorityText(priority: number): string {
  if (!Number.isInteger(priority) || priority !== (priority | 0))
    throw new RecipeError('ILLEGAL_STATE', `${priority} is no signed 32-bit number`);
  const digits = (priority >>> 0).toString(16).toUpperCase().padStart(8, '0');
  return (priority >= 0 ? '1' : '0') + digits;
}
