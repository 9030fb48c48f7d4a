import {
  type ChildrenAndStat,
  isZooKeeperError,
  joinPath,
  type ZooKeeper,
} from '@meshkeeper/zookeeper';
import { withSignal } from '../lease/with-signal.ts';
import { RecipeError } from '../recipe-error.ts';
import { forgetChange, nextChange } from '../znode/next-change.ts';
import { isAlive, whileAlive } from '../znode/owned.ts';
import type { Created } from '../znode/protected-create.ts';
import { retrying } from '../znode/retry.ts';

/** What is before the sequence number in the names of a queue's znodes: `lock-`. */
export function sequenceOf(name: string, marker: string): string | undefined {
  const at = name.lastIndexOf(marker);
  return at === -1 ? undefined : name.slice(at + marker.length);
}

/** The names that stand in the queue, in its order: by the text after the last marker, as Curator. */
export function inOrder(names: readonly string[], ...markers: readonly string[]): string[] {
  return names
    .map((name) => ({ name, sequence: firstSequence(name, markers) }))
    .filter(({ sequence }) => sequence !== undefined)
    .sort((a, b) => (a.sequence! < b.sequence! ? -1 : a.sequence! > b.sequence! ? 1 : 0))
    .map(({ name }) => name);
}

function firstSequence(name: string, markers: readonly string[]): string | undefined {
  for (const marker of markers) {
    const sequence = sequenceOf(name, marker);
    if (sequence !== undefined) return sequence;
  }
  return undefined;
}

/** Whom `own` has to wait for among a queue's znodes; undefined when it is its turn. */
export type Predecessor = (children: readonly string[], own: string) => string | undefined;

/** As long as `places` znodes stand before ours: the one whose end lets us in. */
export function behind(marker: string, places: number): Predecessor {
  return (children, own) => {
    const queue = inOrder(children, marker);
    return queue[queue.indexOf(own) - places];
  };
}

/**
 * Waits until fewer than `places` znodes stand before ours. Each waiter watches one other, so that a
 * release wakes one.
 * @throws RecipeError LOST when ours is gone; the signal's reason
 */
export function waitForTurn(
  zk: ZooKeeper,
  parent: string,
  own: Created,
  marker: string,
  places: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return waitBehind(zk, parent, own, behind(marker, places), signal);
}

/**
 * Waits until there is no predecessor any more.
 * @param asked a list of the parent's children that is on its way; of use if it has ours
 * @throws RecipeError LOST when ours is gone; the signal's reason
 */
export async function waitBehind(
  zk: ZooKeeper,
  parent: string,
  own: Created,
  predecessor: Predecessor,
  signal: AbortSignal | undefined,
  asked?: Promise<ChildrenAndStat | undefined>,
): Promise<void> {
  const name = nameOf(own);
  const first = await withSignal(Promise.resolve(asked), signal);
  let known = first?.children.includes(name) ? first : undefined;
  for (;;) {
    const { children } = known ?? (await retrying(() => zk.children(parent, { signal }), signal));
    known = undefined;
    if (!children.includes(name) || !isAlive(zk, own.stat))
      throw new RecipeError(
        'LOST',
        `${own.path} is gone: the session has expired, or somebody deleted it`,
      );
    const before = predecessor(children, name);
    if (before === undefined) return;
    const path = joinPath(parent, before);
    await whileAlive(zk, own, signal, (end) => changeOf(zk, path, end));
  }
}

/** The last part of its path. */
export function nameOf({ path }: Created): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Waits until a znode is changed or gone; one that isn't there has gone. */
async function changeOf(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const change = nextChange(zk, 'data', path);
  try {
    await retrying(() => zk.get(path, { watch: change.watcher, signal }), signal);
  } catch (error) {
    // After an abort the watch may still be left: whoever comes next finds it.
    if (signal?.aborted !== true) forgetChange(zk, 'data', path);
    if (isZooKeeperError(error, 'NO_NODE')) return;
    throw error;
  }
  await change.happens(signal);
}
