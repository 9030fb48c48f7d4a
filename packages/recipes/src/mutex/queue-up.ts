import { CreateMode, isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type Lease, NodeLease } from '../lease/lease.ts';
import { RecipeError } from '../recipe-error.ts';
import type { RecipeOptions } from '../recipe-options.ts';
import { localAddress } from '../znode/local-address.ts';
import { isAlive } from '../znode/owned.ts';
import { type Created, createProtected } from '../znode/protected-create.ts';
import { deleteGuaranteed } from '../znode/retry.ts';
import { type Predecessor, waitBehind } from './turn.ts';

/** Where a lock's holders and waiters stand, and how. */
export interface Queue {
  readonly zk: ZooKeeper;
  /** The znode above them. */
  readonly path: string;
  readonly options: RecipeOptions;
}

/** A new znode in a queue. */
export interface Place {
  /** What follows the protection's prefix: `lock-`. */
  readonly name: string;
  /** Default `CreateMode.EPHEMERAL_SEQUENTIAL`. */
  readonly mode?: CreateMode;
  /** Whom it has to wait for. */
  readonly predecessor: Predecessor;
}

/**
 * Stands in a queue until it is its turn. Nothing is left behind when that fails.
 * @throws RecipeError LOST when the session or the znode is gone; the signal's reason
 */
export async function queueUp(
  queue: Queue,
  { name, mode = CreateMode.EPHEMERAL_SEQUENTIAL, predecessor }: Place,
  signal: AbortSignal | undefined,
): Promise<Lease> {
  const { zk, path, options } = queue;
  return asLost(async () => {
    const { data = localAddress() } = options;
    const creating = createProtected(zk, path, name, data, mode, signal);
    // In one write with the creation, and answered after it. It fails with it too, and is asked anew.
    const listing = zk.children(path).catch(() => undefined);
    const created = await creating;
    try {
      await waitBehind(zk, path, created, predecessor, signal, listing);
      return grant(zk, created, options);
    } catch (error) {
      void deleteGuaranteed(zk, created.path).catch(() => {});
      throw error;
    }
  });
}

/**
 * The lease that a znode stands for from now on.
 * @throws RecipeError LOST when it is of a session that is gone: it will vanish
 */
export function grant(zk: ZooKeeper, created: Created, options: RecipeOptions): NodeLease {
  const { generation = 0n, policy = 'standard' } = options;
  if (!isAlive(zk, created.stat))
    throw new RecipeError('LOST', `the session of ${created.path} is gone`);
  return new NodeLease(zk, created, generation, policy);
}

/** Runs a wait; the end of the session, which may come at any point of it, is a recipe's LOST. */
export async function asLost<T>(wait: () => Promise<T>): Promise<T> {
  try {
    return await wait();
  } catch (error) {
    if (!isZooKeeperError(error, 'SESSION_EXPIRED')) throw error;
    throw new RecipeError('LOST', 'the session expired during the wait', { cause: error });
  }
}
