import { isZooKeeperError, joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { Dialect } from '../dialect.ts';
import { each } from '../tree/each.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { Findings } from './findings.ts';

/** What was found. */
export interface Discovery {
  /** By root and dialect. */
  readonly registries: readonly FoundRegistry[];
  /** How many znodes were looked at. */
  readonly visited: number;
  /** False when there is more than was looked at: counts are then the least that there is. */
  readonly complete: boolean;
}

/** A registry that seems to be there. */
export interface FoundRegistry {
  readonly dialect: string;
  readonly root: string;
  readonly services: number;
  readonly instances: number;
  /** The path of one of the instances. */
  readonly example: string;
}

/** How far to look. */
export interface DiscoverOptions {
  readonly signal?: AbortSignal | undefined;
  /** Znodes to look at, at most. Default 20,000. */
  readonly limit?: number;
}

/** What is no registry's, and not to be searched. APISIX's seed has its services in `/zookeeper`. */
const SKIPPED: ReadonlySet<string> = new Set([
  ...['/zookeeper/config', '/zookeeper/quota', '/meshkeeper'],
]);
/** Reads at once: it is a guest. */
const CONCURRENCY = 16;
/** Children of one znode that are looked at: a service's hundredth instance is as its first. */
const WIDTH = 1_000;

/**
 * Looks through a tree for registries that one of the dialects recognises by what their znodes hold,
 * wherever they are. Reads only; what may not be read is passed over.
 */
export async function discover(
  zk: ZooKeeper,
  dialects: Iterable<Dialect>,
  { signal, limit = 20_000 }: DiscoverOptions = {},
): Promise<Discovery> {
  const findings = new Findings([...dialects]);
  let level = ['/'];
  let visited = 0;
  let complete = true;
  // Level by level, so that a limit cuts off depth, and no tree hides the others.
  while (level.length > 0) {
    if (visited + level.length > limit) {
      level = level.slice(0, Math.max(0, limit - visited));
      complete = false;
    }
    visited += level.length;
    const next: string[] = [];
    await each(CONCURRENCY, level, async (path) => {
      const node = await read(zk, path, signal);
      if (node === undefined) return;
      findings.take(node);
      if (node.stat.numChildren === 0) return;
      const children = await childrenOf(zk, path, signal);
      if (children.length > WIDTH) complete = false;
      for (const child of children.slice(0, WIDTH)) {
        const below = joinPath(path, child);
        if (!SKIPPED.has(below)) next.push(below);
      }
    });
    level = next;
  }
  return { registries: findings.registries(), visited, complete };
}

async function read(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal | undefined,
): Promise<ZNode | undefined> {
  try {
    return { path, ...(await zk.get(path, { signal })) };
  } catch (error) {
    if (isZooKeeperError(error, 'NO_AUTH') || isZooKeeperError(error, 'NO_NODE')) return undefined;
    throw error;
  }
}

async function childrenOf(zk: ZooKeeper, path: string, signal: AbortSignal | undefined) {
  try {
    return (await zk.children(path, { signal })).children;
  } catch (error) {
    if (isZooKeeperError(error, 'NO_AUTH') || isZooKeeperError(error, 'NO_NODE')) return [];
    throw error;
  }
}
