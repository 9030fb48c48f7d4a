import type { Acl } from '@meshkeeper/jute';

/** What deciding about a request needs to know of a znode. */
export interface NodeView {
  readonly acl: readonly Acl[];
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  readonly owner: bigint;
  readonly childCount: number;
}

/** Looks a znode up; `''` and `/` are the root. */
export interface TreeView {
  node(path: string): NodeView | undefined;
}
