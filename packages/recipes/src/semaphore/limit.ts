import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { RecipeError } from '../recipe-error.ts';
import { forgetChange, type NextChange, nextChange } from '../znode/next-change.ts';
import { retrying } from '../znode/retry.ts';

/**
 * How many leases a semaphore has in all: a number that all its users have to agree on, or the path
 * of a shared count, which can be changed while the semaphore is in use (Curator's `SharedCount`: 4
 * bytes, big-endian). A limit that is lowered takes no lease away.
 */
export type SemaphoreLimit = number | { readonly path: string };

/** A limit as it is now, and how to wait until it is another. */
export interface PresentLimit {
  readonly limit: number;
  /** Undefined for one that stays. */
  readonly change: NextChange | undefined;
}

/**
 * Reads it, and leaves a watch.
 * @throws RecipeError MALFORMED when there is no shared count at the path
 */
export async function readLimit(
  zk: ZooKeeper,
  limit: SemaphoreLimit,
  signal: AbortSignal | undefined,
): Promise<PresentLimit> {
  if (typeof limit === 'number') return { limit, change: undefined };
  const { path } = limit;
  const change = nextChange(zk, 'data', path);
  try {
    const { data } = await retrying(() => zk.get(path, { watch: change.watcher, signal }), signal);
    if (data.length === 4) return { limit: data.readInt32BE(), change };
    throw new RecipeError('MALFORMED', `${path} has ${data.length} bytes, a shared count has 4`);
  } catch (error) {
    if (!isZooKeeperError(error, 'NO_NODE')) throw error;
    forgetChange(zk, 'data', path);
    throw new RecipeError('MALFORMED', `there is no shared count at ${path}: create it first`);
  }
}
