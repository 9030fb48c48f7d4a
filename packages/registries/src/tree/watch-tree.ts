import { setImmediate, setTimeout } from 'node:timers/promises';
import {
  isZooKeeperError,
  type Watch,
  type WatchEvent,
  type ZooKeeper,
  ZooKeeperError,
} from '@meshkeeper/zookeeper';
import { audit } from './audit.ts';
import { EventQueue } from './event-queue.ts';
import { type LookAt, lookAt } from './look-at.ts';
import { Mirror, type MirrorChange } from './mirror.ts';
import type { TreeEvent } from './tree-change.ts';
import { TreeReader } from './tree-reader.ts';

/** What `watchTree` takes. */
export interface WatchTreeOptions {
  readonly signal: AbortSignal;
  /**
   * Told of a znode that can't be read, before the event of the same read; the others are
   * unaffected. It stays so until an event removes or upserts the path.
   */
  readonly unreadable: (path: string, error: Error) => void;
  /** Set to false to do without recursive watches, as with servers before 3.6. */
  readonly recursive?: boolean;
  /**
   * How often znodes that can't be read are tried again, in milliseconds; servers tell nothing of
   * them. Default 10,000.
   */
  readonly retry?: number;
  /**
   * How often it is looked whether an event was lost, in milliseconds on average: the server is asked
   * for the watch, and a thousand Stats are compared, those of directories above all. What was lost is
   * a gap. 0 for never. Default 60,000.
   */
  readonly audit?: number;
}

/** Before reading again after an error, in milliseconds. */
const PAUSE = 50;

/**
 * Follows a subtree, whether or not its root exists yet: all of it as `changes` until the first
 * `complete`, then what changes; after any gap what has changed meanwhile. One recursive watch where
 * the server has it, one-shot watches on everything otherwise. Level-triggered: an event says only
 * where to look, what is told is what was read. Ends when the signal aborts or the client is closed.
 * @throws ZooKeeperError when the session has ended for good otherwise: it expired and isn't
 *   renewed, or its credentials were refused.
 */
export async function* watchTree(
  zk: ZooKeeper,
  root: string,
  options: WatchTreeOptions,
): AsyncGenerator<TreeEvent> {
  if (options.signal.aborted) return;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const queue = new EventQueue();
  const mirror = new Mirror();
  const retry = setInterval(() => {
    for (const path of mirror.unreadable) queue.push({ type: 'changed', path, zxid: -1n });
  }, options.retry ?? 10_000);
  signal.addEventListener('abort', () => queue.end(), { once: true });
  void followSession(zk, signal, queue).finally(() => stop.abort());
  const told = function* (change: MirrorChange): Generator<TreeEvent> {
    const { removed, upserted, unreadable } = change;
    for (const [path, error] of unreadable) options.unreadable(path, error);
    if (removed.length + upserted.length + unreadable.size > 0)
      yield { type: 'changes', removed, upserted };
  };
  /**
   * A session's end is told one znode at a time: a single one looks like a deregistration. What else
   * is of the same transaction has come when the server answers anything at all.
   */
  const completed = async (batch: readonly WatchEvent[]): Promise<readonly WatchEvent[]> => {
    const { removed } = lookAt(batch, mirror, watch === undefined);
    if (batch.at(-1)?.type !== 'deleted' || !mirror.mayGoOn(removed)) return batch;
    await zk.exists(root, { signal });
    await setImmediate();
    return [...batch, ...queue.take()];
  };
  let watch: Watch | undefined;
  let missed = false;
  const watched = async () => {
    await watch?.close();
    watch = options.recursive === false ? undefined : await recursiveWatch(zk, root, signal);
    if (watch !== undefined) void pass(watch, queue);
    missed = false;
    const recursive = watch !== undefined;
    const { audit: interval = 60_000 } = options;
    const { idle } = queue;
    if (interval > 0)
      void audit({ zk, root, mirror, recursive, interval, signal, idle }).then((found) => {
        missed = found;
        if (found) queue.push({ type: 'reset' });
      });
  };
  try {
    await watched();
    const oneShot = watch === undefined;
    const reader = new TreeReader({ zk, root, signal, watch: oneShot ? queue.push : undefined });
    const batches = queue.batches();
    let stale = true;
    while (!signal.aborted) {
      try {
        if (missed) await watched();
        if (stale) {
          await zk.sync(root, { signal });
          queue.clear(); // what it tells of is read now
          mirror.begin();
          for await (const reads of reader.subtrees([root])) yield* told(mirror.apply(reads));
          stale = false;
          yield* told({ removed: mirror.sweep(), upserted: [], unreadable: new Map() });
          yield { type: 'complete' };
        }
        const { value: first, done } = await batches.next();
        if (done) break;
        const batch = await completed(first);
        if (batch.some(({ type }) => type === 'reset')) {
          stale = true;
          yield { type: 'gap' };
          continue;
        }
        const look = lookAt(batch, mirror, oneShot);
        const removed = mirror.remove(look.removed);
        yield* told({ removed, upserted: [], unreadable: new Map() });
        for await (const reads of readAgain(reader, look, mirror)) yield* told(mirror.apply(reads));
      } catch (error) {
        if (signal.aborted || isZooKeeperError(error, 'CLOSED')) break;
        if (!isGap(error)) throw error;
        if (!stale) yield { type: 'gap' };
        stale = true;
        await setTimeout(PAUSE, undefined, { signal }).catch(() => {});
      }
    }
  } finally {
    clearInterval(retry);
    stop.abort();
    await watch?.close();
  }
  // What has ended for good says why when it is asked.
  if (!options.signal.aborted && zk.state.type !== 'closed') await zk.exists(root);
}

/** The mirror must have taken each part before it is asked for the next. */
async function* readAgain(reader: TreeReader, look: LookAt, mirror: Mirror) {
  const children = reader.children(look.parents);
  children.catch(() => {}); // awaited below, unless another read fails first
  yield* reader.nodes(look.nodes);
  yield* reader.subtrees([...look.subtrees]);
  // Only now: a child that was read as missing may be back in a list that was read later.
  const unknown = (await children).filter((path) => mirror.version(path) === undefined);
  yield* reader.subtrees(unknown);
}

/** A recursive watch on `root`; undefined when the server doesn't have them, or after the end. */
async function recursiveWatch(zk: ZooKeeper, root: string, signal: AbortSignal) {
  while (!signal.aborted) {
    try {
      return await zk.addWatch(root, { recursive: true, signal });
    } catch (error) {
      if (isZooKeeperError(error, 'UNIMPLEMENTED')) return undefined;
      if (signal.aborted || isZooKeeperError(error, 'CLOSED')) return undefined;
      if (!isGap(error)) throw error;
      await setTimeout(PAUSE, undefined, { signal }).catch(() => {});
    }
  }
  return undefined;
}

/** Ends with the session. Each new connection is a gap: one-shot watches say nothing of it. */
async function followSession(zk: ZooKeeper, signal: AbortSignal, queue: EventQueue) {
  let away = false;
  for await (const { type } of zk.states({ signal })) {
    if (away && type === 'connected') queue.push({ type: 'reset' });
    away = type !== 'connected';
  }
}

async function pass(watch: Watch, queue: EventQueue): Promise<void> {
  for await (const batch of watch.batches()) for (const event of batch) queue.push(event);
}

function isGap(error: unknown): boolean {
  return error instanceof ZooKeeperError && (error.retryable || error.code === 'SESSION_EXPIRED');
}
