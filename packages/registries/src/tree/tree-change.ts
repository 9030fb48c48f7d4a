import type { Stat } from '@meshkeeper/zookeeper';

/** A znode as it was read. */
export interface ZNode {
  readonly path: string;
  readonly data: Buffer;
  readonly stat: Stat;
}

/** What happened in a watched tree. */
export type TreeEvent =
  /** A complete read: it replaces all that was said before. */
  | { readonly type: 'reset'; readonly nodes: ReadonlyMap<string, ZNode> }
  /** What has changed since, removals first. */
  | {
      readonly type: 'changes';
      readonly removed: readonly string[];
      readonly upserted: readonly ZNode[];
    };
