import { ConfigError } from '../config-error.ts';
import type { Entries } from '../model/content.ts';
import { type Change, diff } from '../model/diff.ts';
import type { Entry } from '../model/entry.ts';
import { type Digest, decodeChunk, type Item } from './chunk.ts';

/** Gives chunks by their names, in the order asked for; it fails when one is missing. */
export type LoadChunks = (digests: readonly Digest[]) => Promise<readonly Buffer[]>;

/** Reads all entries of a tree. */
export async function join(root: Digest, load: LoadChunks): Promise<Entries> {
  return entriesOf(await leavesOf([root], load), load);
}

/** What it takes from one tree to another: of chunks that they share none but those above is read. */
export async function diffTrees(
  before: Digest,
  after: Digest,
  load: LoadChunks,
): Promise<Change[]> {
  if (before === after) return [];
  const [old, now] = await Promise.all([leavesOf([before], load), leavesOf([after], load)]);
  const own = (leaves: ReadonlySet<Digest>, others: ReadonlySet<Digest>) =>
    entriesOf(leaves.difference(others), load);
  return diff(await own(old, now), await own(now, old));
}

/** What trees are made of. */
export interface Reachable {
  readonly chunks: ReadonlySet<Digest>;
  /** Ids of secrets. */
  readonly secrets: ReadonlySet<string>;
}

/** Everything that these trees refer to. Chunks that several have are read once, others never. */
export async function reachable(roots: Iterable<Digest>, load: LoadChunks): Promise<Reachable> {
  const chunks = new Set<Digest>();
  const secrets = new Set<string>();
  const referring = new Set<Digest>();
  await leavesOf(roots, load, { chunks, referring });
  for (const { value } of await itemsOf(referring, load))
    if (typeof value === 'string') continue;
    else if ('pieces' in value) for (const piece of value.pieces) chunks.add(piece);
    else secrets.add(value[0]);
  return { chunks, secrets };
}

/** What is found on the way down. */
interface Found {
  /** All chunks. */
  readonly chunks: Set<Digest>;
  /** Leaves that may refer to something. */
  readonly referring: Set<Digest>;
}

/** Goes down a level at a time. Leaves are not read, but for one that is a root. */
async function leavesOf(
  roots: Iterable<Digest>,
  load: LoadChunks,
  { chunks, referring }: Found = { chunks: new Set(), referring: new Set() },
): Promise<Set<Digest>> {
  const leaves = new Set<Digest>();
  let level = new Set(roots);
  while (level.size > 0) {
    const below = new Set<Digest>();
    const digests = [...level];
    const read = await load(digests);
    read.forEach((data, i) => {
      const digest = digests[i]!;
      chunks.add(digest);
      const chunk = decodeChunk(data);
      if (chunk.type === 'leaf') {
        leaves.add(digest);
        referring.add(digest);
        return;
      }
      for (const ref of chunk.refs) {
        if (chunk.level > 1) {
          if (!chunks.has(ref.digest)) below.add(ref.digest);
          continue;
        }
        chunks.add(ref.digest);
        leaves.add(ref.digest);
        if (ref.refers) referring.add(ref.digest);
      }
    });
    level = below;
  }
  return leaves;
}

async function itemsOf(leaves: Iterable<Digest>, load: LoadChunks): Promise<Item[]> {
  const chunks = await load([...leaves]);
  return chunks.flatMap((data) => {
    const chunk = decodeChunk(data);
    if (chunk.type === 'leaf') return chunk.items;
    throw new ConfigError('MALFORMED', 'a chunk of configuration is where another should be');
  });
}

async function entriesOf(leaves: Iterable<Digest>, load: LoadChunks): Promise<Entries> {
  const items = await itemsOf(leaves, load);
  const pieces = items.flatMap(({ value }) =>
    typeof value === 'object' && 'pieces' in value ? value.pieces : [],
  );
  const loaded = await load(pieces);
  const pieceOf = new Map(pieces.map((digest, i) => [digest, loaded[i]!]));
  const entries = new Map<string, Entry>();
  for (const { key, type, value, comment } of items) {
    const said = comment === undefined ? {} : { comment };
    if (typeof value === 'object' && !('pieces' in value)) {
      const [secret, digest] = value;
      entries.set(key, { type: 'secret', secret, digest, ...said });
      continue;
    }
    if (type === 'secret') throw new ConfigError('MALFORMED', `the secret ${key} has no envelope`);
    const text =
      typeof value === 'string'
        ? value
        : Buffer.concat(value.pieces.map((digest) => pieceOf.get(digest)!)).toString();
    entries.set(key, { type, value: text, ...said });
  }
  return entries;
}
