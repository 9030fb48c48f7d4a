import {
  isZooKeeperError,
  joinPath,
  mayFollow,
  parentOf,
  persistently,
  type TransactionOp,
  type ZooKeeper,
  ZooKeeperError,
} from '@meshkeeper/zookeeper';
import { z } from 'zod';
import { ConfigError } from '../config-error.ts';
import type { Digest } from '../content/chunk.ts';
import { join } from '../content/join.ts';
import { type ChunkTree, split } from '../content/split.ts';
import type { Entry } from '../model/entry.ts';
import { checkName } from '../model/names.ts';
import { ChunkCache } from '../store/chunk-cache.ts';
import { absent } from '../store/namespace-state.ts';
import { CONFIG_ROOT, NamespacePaths } from '../store/paths.ts';
import { type CurrentNode, type ProjectionWrite, planProjection } from './plan.ts';
import type { ProjectionProblem, Wanted } from './wanted.ts';

/** Where a projection keeps what it has written. */
export interface ProjectorOptions {
  readonly zk: ZooKeeper;
  /** Default `/meshkeeper/config`. */
  readonly root?: string;
  /** Which projection: what one has written, no other removes. */
  readonly name: string;
}

/** What was made of a tree. */
export interface Projected {
  readonly written: number;
  readonly removed: number;
  /** What can't be written, and what others have written. */
  readonly problems: readonly ProjectionProblem[];
}

const PROJECTIONS = '_projections';
/** Znodes that one transaction writes, and their bytes, at most. */
const AT_ONCE = 1_000;
const BYTES = 400_000;
/** Znodes that are read in one request, and requests under way at once. */
const READS = 100;
const REQUESTS = 8;
/** Tries while others write the same. */
const TRIES = 16;
const LOST_RACE: ReadonlySet<string> = new Set([
  'BAD_VERSION',
  'NODE_EXISTS',
  'NO_NODE',
  'NOT_EMPTY',
]);

/** What is ours, as it is kept. */
interface Owned {
  /** What each znode was when we wrote it. */
  readonly paths: ReadonlyMap<string, Digest>;
  readonly tree: Pick<ChunkTree, 'chunks'>;
  /** Of the znode that refers to it. */
  readonly version: number;
}

const NO_CHUNKS: Owned['tree'] = { chunks: new Map() };

const head = z.object({ root: z.string() });

/**
 * Writes a tree for others to read. What it has written it remembers in the transaction that writes it:
 * nothing else is ever overwritten or removed, whenever it is interrupted.
 */
export class Projector {
  readonly #zk: ZooKeeper;
  readonly #chunks: ChunkCache;
  readonly #paths: NamespacePaths;

  constructor({ zk, root = CONFIG_ROOT, name }: ProjectorOptions) {
    this.#zk = zk;
    this.#chunks = new ChunkCache(zk, 8 * 1024 * 1024);
    this.#paths = new NamespacePaths(
      joinPath(joinPath(root, PROJECTIONS), checkName(name, 'projection')),
    );
  }

  /** Makes the tree what is wanted. @throws ConfigError BUSY */
  async apply({ nodes, problems }: Wanted, signal: AbortSignal): Promise<Projected> {
    await this.#found(nodes.keys(), signal);
    let [written, removed] = [0, 0];
    for (let tries = 1; tries <= TRIES; tries++) {
      let owned: Owned | undefined = await this.#owned(signal);
      const current = await this.#read(new Set([...nodes.keys(), ...owned.paths.keys()]), signal);
      const { writes, conflicts } = planProjection(nodes, owned.paths, current);
      if (writes.length === 0) return { written, removed, problems: [...problems, ...conflicts] };
      for (const batch of batchesOf(writes)) {
        owned = await this.#write(batch, owned, signal);
        if (owned === undefined) break;
        tries = 1;
        const gone = batch.filter(({ digest }) => digest === undefined).length;
        removed += gone;
        written += batch.length - gone;
      }
    }
    throw new ConfigError('BUSY', 'others go on writing the same tree: it is tried again later');
  }

  /** Makes some writes, and gives what is ours then; undefined when somebody else was first. */
  async #write(
    batch: readonly ProjectionWrite[],
    before: Owned,
    signal: AbortSignal,
  ): Promise<Owned | undefined> {
    const paths = new Map(before.paths);
    for (const { path, digest } of batch)
      if (digest === undefined) paths.delete(path);
      else paths.set(path, digest);
    const tree = treeOf(paths);
    const known = before.tree;
    const fresh = new Map([...tree.chunks].filter(([digest]) => !known.chunks.has(digest)));
    await this.#chunks.create(this.#paths, fresh, signal);
    const old = [...known.chunks.keys()].filter((digest) => !tree.chunks.has(digest));
    const exist = await Promise.all(
      old.map((digest) =>
        persistently(
          this.#zk,
          () => this.#zk.exists(this.#paths.chunk(digest), { signal }),
          signal,
        ),
      ),
    );
    const ops: TransactionOp[] = [
      {
        op: 'set',
        path: this.#paths.pointer,
        data: JSON.stringify({ root: tree.root }),
        version: before.version,
      },
      ...batch.map(({ op }) => op).filter(({ op }) => op !== 'check'),
      ...old
        .filter((_, i) => exist[i] !== null)
        .map((digest) => ({ op: 'delete', path: this.#paths.chunk(digest) }) as const),
    ];
    try {
      const [set] = await this.#zk.multi(ops, { signal });
      return set?.op === 'set' ? { paths, tree, version: set.stat.version } : undefined;
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error;
      if (!LOST_RACE.has(error.code) && !mayFollow(this.#zk, error)) throw error;
      return undefined; // what is there now tells what is left to be done
    }
  }

  async #owned(signal: AbortSignal): Promise<Owned> {
    const { data, stat } = await persistently(
      this.#zk,
      async () => {
        const [, node] = await Promise.all([
          this.#zk.sync(this.#paths.pointer, { signal }),
          this.#zk.get(this.#paths.pointer, { signal }),
        ]);
        return node;
      },
      signal,
    );
    const { version } = stat;
    // Before the first write there is no chunk, either.
    if (data.length === 0) return { paths: new Map(), tree: NO_CHUNKS, version };
    const { root } = head.parse(JSON.parse(data.toString()));
    const entries = await join(root, this.#chunks.loader(this.#paths, signal));
    const paths = new Map([...entries].map(([path, each]) => [path, textOf(each)]));
    return { paths, tree: treeOf(paths), version };
  }

  async #read(
    paths: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, CurrentNode>> {
    const all = [...paths];
    const found = new Map<string, CurrentNode>();
    const batches: string[][] = [];
    for (let i = 0; i < all.length; i += READS) batches.push(all.slice(i, i + READS));
    for (let i = 0; i < batches.length; i += REQUESTS)
      await Promise.all(
        batches.slice(i, i + REQUESTS).map(async (batch) => {
          const reads = batch.map((path) => ({ op: 'get', path }) as const);
          const read = await persistently(
            this.#zk,
            () => this.#zk.multiRead(reads, { signal }),
            signal,
          );
          for (const result of read)
            if (result.ok) found.set(result.path, result);
            else if (result.error.code !== 'NO_NODE') throw result.error;
        }),
      );
    return found;
  }

  /** Makes what it is kept in, and the parents of the tree, which stay. */
  async #found(paths: Iterable<string>, signal: AbortSignal): Promise<void> {
    const { pointer, content } = this.#paths;
    const wanted = new Set(paths);
    const above = new Set([...wanted].map(parentOf).filter((path) => !wanted.has(path)));
    for (const path of [...above, parentOf(pointer), pointer, content])
      await this.#ensure(path, signal);
  }

  async #ensure(path: string, signal: AbortSignal): Promise<void> {
    if (path === '/') return;
    const there = () => absent(this.#zk.exists(path, { signal }));
    if (await persistently(this.#zk, there, signal)) return;
    await this.#ensure(parentOf(path), signal);
    try {
      await persistently(this.#zk, () => this.#zk.create(path, '', { signal }), signal);
    } catch (error) {
      if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
    }
  }
}

/** What one transaction takes, and the next. */
function* batchesOf(
  writes: readonly ProjectionWrite[],
): Generator<readonly ProjectionWrite[], void, void> {
  let bytes = 0;
  let batch: ProjectionWrite[] = [];
  for (const write of writes) {
    const size = 'data' in write.op && write.op.data ? write.op.data.length : 0;
    if (batch.length === AT_ONCE || (batch.length > 0 && bytes + size > BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(write);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function treeOf(paths: ReadonlyMap<string, Digest>): ChunkTree {
  return split(
    new Map([...paths].map(([path, value]): [string, Entry] => [path, { type: 'text', value }])),
  );
}

function textOf(entry: Entry): string {
  return entry.type === 'secret' ? '' : entry.value;
}
