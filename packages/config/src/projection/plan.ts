import type { Stat, TransactionOp } from '@meshkeeper/zookeeper';
import { type Digest, digestOf } from '../content/chunk.ts';
import type { ProjectionProblem } from './wanted.ts';

/** A znode as it is. */
export interface CurrentNode {
  readonly data: Buffer;
  readonly stat: Pick<Stat, 'version' | 'numChildren'>;
}

/** A write, and what is ours after it. */
export interface ProjectionWrite {
  readonly op: TransactionOp;
  readonly path: string;
  /** What it holds then; undefined: it is not ours any more. */
  readonly digest: Digest | undefined;
}

/** What it takes. */
export interface ProjectionPlan {
  /** In an order in which they can be made: parents first, and gone last. */
  readonly writes: readonly ProjectionWrite[];
  /** What others have written: it stays. */
  readonly conflicts: readonly ProjectionProblem[];
}

/**
 * What it takes to make a tree what it should be. Pure. A znode is ours if we have written it and it
 * holds what we have written; any other is never changed, and never removed.
 * @param owned what we have written, and what it was
 * @param current all of those, and those that are wanted, as far as they are there
 */
export function planProjection(
  wanted: ReadonlyMap<string, Buffer>,
  owned: ReadonlyMap<string, Digest>,
  current: ReadonlyMap<string, CurrentNode>,
): ProjectionPlan {
  const writes: ProjectionWrite[] = [];
  const conflicts: ProjectionProblem[] = [];
  const isOurs = (path: string, { data }: CurrentNode) => owned.get(path) === digestOf(data);
  for (const [path, data] of [...wanted].sort(byDepth)) {
    const there = current.get(path);
    const digest = digestOf(data);
    if (there === undefined) writes.push({ op: { op: 'create', path, data }, path, digest });
    else if (isOurs(path, there)) {
      if (digest === owned.get(path)) continue;
      const { version } = there.stat;
      writes.push({ op: { op: 'set', path, data, version }, path, digest });
    } else if (!isFolder(data, there) && !there.data.equals(data))
      // Of a folder, and of what is the same, it doesn't matter whose it is.
      conflicts.push({ path, message: 'somebody else has written this: it is not changed' });
  }
  const gone = [...owned.keys()].filter((path) => !wanted.has(path)).sort(deepestFirst);
  const removed = new Map<string, number>();
  for (const path of gone) {
    const there = current.get(path);
    if (there === undefined || !isOurs(path, there)) {
      // It is not there, or another's: we know nothing of it any more.
      writes.push({ op: { op: 'check', path: '/', version: -1 }, path, digest: undefined });
      continue;
    }
    if (there.stat.numChildren > (removed.get(path) ?? 0)) continue; // others are below it
    const { version } = there.stat;
    writes.push({ op: { op: 'delete', path, version }, path, digest: undefined });
    const parent = path.slice(0, path.lastIndexOf('/'));
    removed.set(parent, (removed.get(parent) ?? 0) + 1);
  }
  return { writes, conflicts };
}

function isFolder(data: Buffer, { stat }: CurrentNode): boolean {
  return data.length === 0 && stat.numChildren > 0;
}

function byDepth([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a.split('/').length - b.split('/').length || (a < b ? -1 : 1);
}

function deepestFirst(a: string, b: string): number {
  return byDepth([b, undefined], [a, undefined]);
}
