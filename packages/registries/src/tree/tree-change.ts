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

/** What happened in a watched tree. */
export type TreeEvent =
  /** A complete read: it replaces all that was said before. */
  | { readonly type: 'reset'; readonly nodes: ReadonlyMap<string, ZNode> }
  /** What has changed since, removals first. */
  | {
      readonly type: 'changes';
      /** Znodes that are gone, and those that can't be read any more. */
      readonly removed: readonly string[];
      readonly upserted: readonly ZNode[];
    };
