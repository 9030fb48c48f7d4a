import type { Departure } from '@meshkeeper/mesh';
import type { Stat } from '@meshkeeper/zookeeper';

/** A znode as it was read. */
export interface ZNode {
  readonly path: string;
  readonly data: Buffer;
  /** As of the data: children that come and go later don't change it. */
  readonly stat: Stat;
}

/** What became of an attempt to read a znode. */
export type Read =
  | { readonly type: 'node'; readonly path: string; readonly node: ZNode }
  | { readonly type: 'missing'; readonly path: string }
  /** Its ACL keeps it from being read, and its events from being told. */
  | { readonly type: 'unreadable'; readonly path: string; readonly error: Error };

/** A znode that is gone, or can't be read any more. */
export interface Removal {
  readonly path: string;
  readonly departure: Departure;
}

/** What happened in a watched tree. */
export type TreeEvent =
  /** What differs from what was told before: removals first. A read of a whole tree is many of these. */
  | {
      readonly type: 'changes';
      readonly removed: readonly Removal[];
      readonly upserted: readonly ZNode[];
    }
  /** Something may have been missed: the tree is read again, and what differs told until `complete`. */
  | { readonly type: 'gap' }
  /** What was told is the whole tree: after the first read, and after the one that follows a gap. */
  | { readonly type: 'complete' };
