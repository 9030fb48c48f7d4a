import {
  isZooKeeperError,
  joinPath,
  type WatchEvent,
  type ZooKeeper,
  ZooKeeperError,
} from '@meshkeeper/zookeeper';
import { EventQueue } from './event-queue.ts';
import type { TreeEvent, ZNode } from './tree-change.ts';
import { TreeReader } from './tree-reader.ts';

/** What `watchTree` takes. */
export interface WatchTreeOptions {
  readonly signal: AbortSignal;
  /** Told of a znode that can't be read; the others are unaffected. */
  readonly unreadable: (path: string, error: Error) => void;
  /** Set to false to do without recursive watches, as with servers before 3.6. */
  readonly recursive?: boolean;
}

/** Where events come from: a recursive watch, or child and data watches left while reading. */
interface Events {
  batches(): AsyncGenerator<readonly WatchEvent[]>;
  close(): Promise<void>;
}

/**
 * Follows a subtree, whether or not its root exists yet: a complete `reset` first, `changes` after
 * it, and another `reset` after any gap. One recursive watch where the server has it, one-shot
 * watches on everything otherwise. Level-triggered: an event says only where to look, what is told
 * is what was read. Ends when the signal aborts or the client is closed.
 */
export async function* watchTree(
  zk: ZooKeeper,
  root: string,
  options: WatchTreeOptions,
): AsyncGenerator<TreeEvent> {
  const { signal, unreadable } = options;
  const recursive =
    options.recursive === false ? undefined : await recursiveWatch(zk, root, signal);
  const queue = recursive === undefined ? new EventQueue() : undefined;
  const events: Events = recursive ?? queue!;
  const reader = new TreeReader(zk, signal, queue?.watcher, unreadable);
  const known = new Map<string, ZNode>();
  const abort = () => void events.close();
  signal.addEventListener('abort', abort, { once: true });
  try {
    let stale = true;
    const batches = events.batches();
    for (;;) {
      try {
        if (stale) {
          await zk.sync(root, { signal });
          // Where there is nothing yet, a child watch has nothing to stand on.
          if (queue) await zk.exists(root, { signal, watch: queue.watcher });
          const nodes = await reader.subtrees([root]);
          stale = false;
          known.clear();
          for (const [path, node] of nodes) known.set(path, node);
          yield { type: 'reset', nodes };
        }
        const { value: batch, done } = await batches.next();
        if (done) return;
        if (batch.some(({ type }: WatchEvent) => type === 'reset')) {
          stale = true;
          continue;
        }
        const { removed, reread, relist } = lookAt(batch, known);
        for (const path of removed) known.delete(path);
        if (removed.length > 0) yield { type: 'changes', removed, upserted: [] };
        if (reread.size + relist.size > 0) {
          const change = await readAgain(reader, reread, relist, known);
          if (change !== undefined) yield change;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!isGap(error)) throw error;
        // A `reset` follows when the connection is back; until then there is nothing to read.
        stale = true;
        const { done } = await batches.next();
        if (done) return;
      }
    }
  } finally {
    signal.removeEventListener('abort', abort);
    await events.close();
  }
}

/** What a batch of events asks for: paths that are gone for sure, to be read, to be listed. */
function lookAt(batch: readonly WatchEvent[], known: ReadonlyMap<string, ZNode>) {
  const last = new Map<string, WatchEvent & { path: string }>();
  const relist = new Set<string>();
  for (const event of batch) {
    if (event.type === 'reset') continue;
    if (event.type === 'children') relist.add(event.path);
    else last.set(event.path, event);
  }
  const removed: string[] = [];
  const reread = new Set<string>();
  for (const [path, event] of last) {
    const node = known.get(path);
    // A delete from before the znode that was read since is old news; without its zxid, look.
    if (event.type === 'deleted' && node !== undefined && event.zxid >= node.stat.czxid)
      removed.push(path);
    else if (event.type !== 'deleted' || event.zxid <= 0n) reread.add(path);
  }
  return { removed, reread, relist };
}

async function readAgain(
  reader: TreeReader,
  reread: ReadonlySet<string>,
  relist: ReadonlySet<string>,
  known: Map<string, ZNode>,
): Promise<TreeEvent | undefined> {
  const removed: string[] = [];
  const upserted: ZNode[] = [];
  const put = (node: ZNode) => {
    const old = known.get(node.path);
    if (old?.stat.mzxid === node.stat.mzxid && old.stat.czxid === node.stat.czxid) return;
    known.set(node.path, node);
    upserted.push(node);
  };
  await Promise.all([
    ...[...reread].map(async (path) => {
      const node = await reader.node(path);
      if (node !== undefined) put(node);
      else if (known.delete(path)) removed.push(path);
    }),
    ...[...relist].map(async (path) => {
      const children = await reader.children(path);
      const fresh = children.map((child) => joinPath(path, child)).filter((at) => !known.has(at));
      for (const node of (await reader.subtrees(fresh)).values()) put(node);
    }),
  ]);
  if (removed.length + upserted.length === 0) return undefined;
  return { type: 'changes', removed, upserted };
}

/** A recursive watch on `root`; undefined when the server doesn't have them. */
async function recursiveWatch(zk: ZooKeeper, root: string, signal: AbortSignal) {
  for (;;) {
    try {
      return await zk.addWatch(root, { recursive: true, signal });
    } catch (error) {
      if (isZooKeeperError(error, 'UNIMPLEMENTED')) return undefined;
      if (!isGap(error)) throw error;
    }
  }
}

function isGap(error: unknown): boolean {
  return error instanceof ZooKeeperError && (error.retryable || error.code === 'SESSION_EXPIRED');
}
