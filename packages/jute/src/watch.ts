import { int, record, string } from './type.ts';

/** What happened to a watched znode. */
export const EventType = {
  NODE_CREATED: 1,
  NODE_DELETED: 2,
  NODE_DATA_CHANGED: 3,
  NODE_CHILDREN_CHANGED: 4,
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];

/** The modes of addWatch. */
export const AddWatchMode = { PERSISTENT: 0, PERSISTENT_RECURSIVE: 1 } as const;
export type AddWatchMode = (typeof AddWatchMode)[keyof typeof AddWatchMode];

/** Which watches checkWatches and removeWatches mean. */
export const WatcherType = {
  CHILDREN: 1,
  DATA: 2,
  ANY: 3,
  PERSISTENT: 4,
  PERSISTENT_RECURSIVE: 5,
} as const;
export type WatcherType = (typeof WatcherType)[keyof typeof WatcherType];

/** `state` of every notification that a server sends. */
export const SYNC_CONNECTED = 3;

/** A notification: a frame with xid -1. */
export const watcherEvent = record({ type: int, state: int, path: string });
