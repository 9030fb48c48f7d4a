import type { ZNode } from '@meshkeeper/registries';
import { isZooKeeperError, joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import { POLICIES } from './policy-paths.ts';

/** Znodes as they are, and those that may not be read. */
export interface PolicyNodes {
  readonly nodes: readonly ZNode[];
  readonly unreadable: ReadonlySet<string>;
}

/** Below the root are kinds, and below those policies. */
const DEPTH = 2;
/** Reads under way at once. */
const AT_ONCE = 64;

/**
 * Reads all policies, as they are between two transactions: what was written meanwhile through the root
 * makes it begin again.
 */
export async function readNodes(zk: ZooKeeper, signal: AbortSignal): Promise<PolicyNodes> {
  for (;;) {
    await zk.sync(POLICIES, { signal });
    const before = await zk.exists(POLICIES, { signal });
    const read = await readAll(zk, signal);
    const after = await zk.exists(POLICIES, { signal });
    if (before?.mzxid === after?.mzxid) return read;
  }
}

async function readAll(zk: ZooKeeper, signal: AbortSignal): Promise<PolicyNodes> {
  const nodes: ZNode[] = [];
  const unreadable = new Set<string>();
  let level = [POLICIES];
  for (let depth = 0; depth <= DEPTH; depth++) {
    const below: string[] = [];
    for (let i = 0; i < level.length; i += AT_ONCE) {
      const reads = level.slice(i, i + AT_ONCE).map(async (path) => {
        try {
          const { data, stat } = await zk.get(path, { signal });
          nodes.push({ path, data, stat });
          if (depth === DEPTH || stat.numChildren === 0) return;
          const { children } = await zk.children(path, { signal });
          for (const child of children) below.push(joinPath(path, child));
        } catch (error) {
          if (isZooKeeperError(error, 'NO_AUTH')) unreadable.add(path);
          else if (!isZooKeeperError(error, 'NO_NODE')) throw error;
        }
      });
      await Promise.all(reads);
    }
    level = below;
  }
  return { nodes, unreadable };
}
