import { AddWatchMode, EventType, type RequestOf } from '@meshkeeper/jute';
import type { Client } from './client.ts';
import type { Event } from './outcome.ts';
import type { ReadContext } from './reads.ts';

/**
 * Puts the watches of a client that comes back in place again. For what it missed since
 * `relativeZxid` it gets the event at once instead. Persistent watches come back silently.
 */
export function catchUp<C extends Client>(
  { state, watches, client }: ReadContext<C>,
  request: RequestOf<'setWatches2'>,
): Event<C>[] {
  const since = request.relativeZxid;
  const events: Event<C>[] = [];
  const tell = (type: EventType, path: string) => {
    events.push({ watcher: client, type, path, zxid: -1n });
  };
  for (const path of request.data) {
    const node = state.tree.node(path);
    if (node === undefined) tell(EventType.NODE_DELETED, path);
    else if (node.mzxid > since) tell(EventType.NODE_DATA_CHANGED, path);
    else watches.watchData(path, client);
  }
  for (const path of request.exist) {
    if (state.tree.node(path)) tell(EventType.NODE_CREATED, path);
    else watches.watchData(path, client);
  }
  for (const path of request.child) {
    const node = state.tree.node(path);
    if (node === undefined) tell(EventType.NODE_DELETED, path);
    else if (node.pzxid > since) tell(EventType.NODE_CHILDREN_CHANGED, path);
    else watches.watchChildren(path, client);
  }
  for (const path of request.persistent) watches.add(path, client, AddWatchMode.PERSISTENT);
  for (const path of request.persistentRecursive)
    watches.add(path, client, AddWatchMode.PERSISTENT_RECURSIVE);
  return events;
}
