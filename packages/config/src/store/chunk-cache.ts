import {
  isZooKeeperError,
  persistently,
  type TransactionOp,
  type ZooKeeper,
} from '@meshkeeper/zookeeper';
import { ConfigError } from '../config-error.ts';
import { type Digest, digestOf } from '../content/chunk.ts';
import type { LoadChunks } from '../content/join.ts';
import type { NamespacePaths } from './paths.ts';

/** Chunks that are read in one request: 64 KiB each, and now and then a piece of 384 KiB. */
const AT_ONCE = 16;
/** Requests under way at once. */
const REQUESTS = 8;
/** Bytes that are written in one transaction, at most, but for a chunk that is longer. */
const BATCH = 448 * 1024;
/** Bytes that are remembered unless told otherwise. */
const CAPACITY = 64 * 1024 * 1024;

/** Chunks in ZooKeeper, and those that were read or written last. */
export class ChunkCache {
  readonly #zk: ZooKeeper;
  readonly #capacity: number;
  /** By their names, which say what they hold; those used last at the end. */
  readonly #known = new Map<Digest, Buffer>();
  #bytes = 0;

  constructor(zk: ZooKeeper, capacity = CAPACITY) {
    this.#zk = zk;
    this.#capacity = capacity;
  }

  /** Reads chunks of a namespace. It fails with NOT_FOUND when one is missing, MALFORMED when one isn't what its name says. */
  loader(paths: NamespacePaths, signal: AbortSignal): LoadChunks {
    return async (digests) => {
      const found = new Map<Digest, Buffer>();
      const missing: Digest[] = [];
      for (const digest of new Set(digests)) {
        const data = this.#known.get(digest);
        if (data === undefined) missing.push(digest);
        else found.set(digest, data);
      }
      for (let i = 0; i < missing.length; i += AT_ONCE * REQUESTS) {
        const round = missing.slice(i, i + AT_ONCE * REQUESTS);
        const requests: Promise<void>[] = [];
        for (let j = 0; j < round.length; j += AT_ONCE)
          requests.push(this.#read(paths, round.slice(j, j + AT_ONCE), found, signal));
        await Promise.all(requests);
      }
      return digests.map((digest) => found.get(digest)!);
    };
  }

  /** Creates those chunks that there aren't yet. They may be collected until something refers to them. */
  async create(
    paths: NamespacePaths,
    chunks: ReadonlyMap<Digest, Buffer>,
    signal: AbortSignal,
  ): Promise<void> {
    let batch: TransactionOp[] = [];
    let bytes = 0;
    const batches = [batch];
    for (const [digest, data] of chunks) {
      if (bytes > 0 && bytes + data.length > BATCH) {
        batch = [];
        batches.push(batch);
        bytes = 0;
      }
      batch.push({ op: 'create', path: paths.chunk(digest), data });
      bytes += data.length;
    }
    for (let i = 0; i < batches.length; i += REQUESTS)
      await Promise.all(batches.slice(i, i + REQUESTS).map((each) => this.#create(each, signal)));
    for (const [digest, data] of chunks) this.#remember(digest, data);
  }

  async #create(batch: readonly TransactionOp[], signal: AbortSignal): Promise<void> {
    try {
      if (batch.length > 0)
        await persistently(this.#zk, () => this.#zk.multi(batch, { signal }), signal);
    } catch (error) {
      if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
      // Some are there: what has a name holds what it says.
      if (batch.length === 1) return;
      await Promise.all(batch.map((op) => this.#create([op], signal)));
    }
  }

  async #read(
    paths: NamespacePaths,
    digests: readonly Digest[],
    found: Map<Digest, Buffer>,
    signal: AbortSignal,
  ): Promise<void> {
    const reads = digests.map((digest) => ({ op: 'get', path: paths.chunk(digest) }) as const);
    const read = await persistently(this.#zk, () => this.#zk.multiRead(reads, { signal }), signal);
    read.forEach((result, i) => {
      const digest = digests[i]!;
      if (!result.ok) {
        if (result.error.code !== 'NO_NODE') throw result.error;
        throw new ConfigError('NOT_FOUND', `${result.path} is not kept any more`);
      }
      if (digestOf(result.data) !== digest)
        throw new ConfigError('MALFORMED', `${result.path} holds something else`);
      found.set(digest, result.data);
      this.#remember(digest, result.data);
    });
  }

  #remember(digest: Digest, data: Buffer): void {
    if (this.#known.has(digest)) return;
    this.#known.set(digest, data);
    this.#bytes += data.length;
    for (const [oldest, { length }] of this.#known) {
      if (this.#bytes <= this.#capacity) break;
      this.#known.delete(oldest);
      this.#bytes -= length;
    }
  }
}
