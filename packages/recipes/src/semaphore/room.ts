import { joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import { RecipeError } from '../recipe-error.ts';
import { nextChange } from '../znode/next-change.ts';
import { retrying } from '../znode/retry.ts';
import { readLimit, type SemaphoreLimit } from './limit.ts';

/**
 * Waits until there are no more leases than the limit, ours among them.
 * @param own the names of our leases' znodes under `parent`
 * @throws RecipeError LOST when one of ours is gone, MALFORMED; the signal's reason
 */
export async function waitForRoom(
  zk: ZooKeeper,
  parent: string,
  own: readonly string[],
  limit: SemaphoreLimit,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (;;) {
    const change = nextChange(zk, 'child', parent);
    const [{ children }, present] = await Promise.all([
      retrying(() => zk.children(parent, { watch: change.watcher, signal }), signal),
      readLimit(zk, limit, signal),
    ]);
    const gone = own.find((name) => !children.includes(name));
    if (gone !== undefined)
      throw new RecipeError(
        'LOST',
        `${joinPath(parent, gone)} is gone: the session has expired, or somebody deleted it`,
      );
    if (children.length <= present.limit) return;
    await either(change, present.change, signal);
  }
}

async function either(
  a: { happens(signal: AbortSignal): Promise<void> },
  b: { happens(signal: AbortSignal): Promise<void> } | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const over = new AbortController();
  const end = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  const waits = [a.happens(end), ...(b === undefined ? [] : [b.happens(end)])];
  try {
    await Promise.race(waits);
  } finally {
    over.abort();
    await Promise.allSettled(waits);
  }
}
