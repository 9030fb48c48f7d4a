import { EventType as Events, type EventType } from '@meshkeeper/jute';
import type { Chroot } from '../path.ts';
import type { WatchEvent } from '../watches/watch-event.ts';

const names: Readonly<Record<EventType, 'created' | 'deleted' | 'changed' | 'children'>> = {
  [Events.NODE_CREATED]: 'created',
  [Events.NODE_DELETED]: 'deleted',
  [Events.NODE_DATA_CHANGED]: 'changed',
  [Events.NODE_CHILDREN_CHANGED]: 'children',
};

/** A server's notification as watchers are told it; undefined for a type of a later version. */
export function watchEventOf(
  event: { readonly type: number; readonly path: string },
  zxid: bigint,
  chroot: Chroot,
): WatchEvent | undefined {
  const type = names[event.type as EventType] as (typeof names)[EventType] | undefined;
  return type === undefined ? undefined : { type, path: chroot.strip(event.path), zxid };
}
