import type { Stat } from '@meshkeeper/jute';
import type { NodeStore } from './node-store.ts';

/** What a znode's Stat says about what is kept of it. */
export interface Difference {
  /** Made anew, or its data has changed. */
  readonly data: boolean;
  /** Children have come or gone since their list was read; not in itself a sign of a lost event. */
  readonly children: boolean;
}

/** Compares a znode's present Stat with what is kept. Pure. */
export function difference(store: NodeStore, path: string, stat: Stat): Difference {
  const kept = store.stat(path);
  const data = kept === undefined || kept.czxid !== stat.czxid || kept.mzxid !== stat.mzxid;
  // One that had no children when it was read has an empty list from then.
  const listed = store.listing(path) ?? kept;
  const children = listed?.pzxid !== stat.pzxid || listed.cversion !== stat.cversion;
  return { data, children };
}
