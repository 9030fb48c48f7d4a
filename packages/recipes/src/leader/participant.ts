import { isZooKeeperError, joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import { inOrder } from '../mutex/turn.ts';
import { retrying } from '../znode/retry.ts';

/** Somebody who stands for leader. */
export interface Participant {
  /** What it was given as its id: its znode's data. */
  readonly id: string;
  /** The first in the queue is the leader, or is about to learn it. */
  readonly isLeader: boolean;
}

/** All who stand for leader, in their order. Curator's `getParticipants`. */
export async function participants(
  zk: ZooKeeper,
  path: string,
  marker: string,
  signal: AbortSignal | undefined,
): Promise<Participant[]> {
  const names = await queueOf(zk, path, marker, signal);
  const ids = await Promise.all(names.map((name) => idOf(zk, joinPath(path, name), signal)));
  return ids
    .filter((id) => id !== undefined)
    .map((id, index): Participant => ({ id, isLeader: index === 0 }));
}

/** Who leads; undefined when nobody stands. Curator's `getLeader`. */
export async function leader(
  zk: ZooKeeper,
  path: string,
  marker: string,
  signal: AbortSignal | undefined,
): Promise<Participant | undefined> {
  for (;;) {
    const [first] = await queueOf(zk, path, marker, signal);
    if (first === undefined) return undefined;
    const id = await idOf(zk, joinPath(path, first), signal);
    if (id !== undefined) return { id, isLeader: true };
  }
}

async function queueOf(
  zk: ZooKeeper,
  path: string,
  marker: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  try {
    const { children } = await retrying(() => zk.children(path, { signal }), signal);
    return inOrder(children, marker);
  } catch (error) {
    if (isZooKeeperError(error, 'NO_NODE')) return [];
    throw error;
  }
}

async function idOf(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    return (await retrying(() => zk.get(path, { signal }), signal)).data.toString();
  } catch (error) {
    if (isZooKeeperError(error, 'NO_NODE')) return undefined;
    throw error;
  }
}
