import type { WatchEvent } from '@meshkeeper/zookeeper';
import type { Deletion, Mirror } from './mirror.ts';

/** What a batch of events asks for. */
export interface LookAt {
  /** Gone for sure. */
  readonly removed: readonly Deletion[];
  /** To be read again. */
  readonly nodes: ReadonlySet<string>;
  /** To be read again with all that is below: nothing is known of it, or watches it. */
  readonly subtrees: ReadonlySet<string>;
  /** To be searched for children that aren't known. */
  readonly parents: ReadonlySet<string>;
}

/**
 * Where to look after these events. Pure.
 * @param oneShot the events used up the watches that told of them
 */
export function lookAt(batch: readonly WatchEvent[], mirror: Mirror, oneShot: boolean): LookAt {
  const last = new Map<string, WatchEvent & { readonly path: string }>();
  const parents = new Set<string>();
  for (const event of batch) {
    if (event.type === 'reset') continue;
    if (event.type === 'children') parents.add(event.path);
    else last.set(event.path, event);
  }
  const removed: Deletion[] = [];
  const nodes = new Set<string>();
  const subtrees = new Set<string>();
  for (const [path, event] of last) {
    // With one-shot watches it may be back, in a list of children that was read before the event.
    if (event.type === 'deleted' && event.zxid > 0n && !oneShot) {
      const version = mirror.version(path);
      // A delete from before the znode that was read since is old news.
      if (version !== undefined && event.zxid >= version.czxid)
        removed.push({ path, zxid: event.zxid });
      if (!mirror.unreadable.has(path)) continue;
    }
    const begunAnew = oneShot && event.type !== 'changed';
    if (begunAnew || mirror.unreadable.has(path)) subtrees.add(path);
    else nodes.add(path);
  }
  return { removed, nodes, subtrees, parents };
}
