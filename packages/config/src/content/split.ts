import type { Entries } from '../model/content.ts';
import type { Entry } from '../model/entry.ts';
import {
  type Digest,
  digestOf,
  encodeChunk,
  encodeItem,
  encodeRef,
  type Item,
  type Ref,
} from './chunk.ts';

/** Entries as a tree of chunks. */
export interface ChunkTree {
  /** The same for the same entries. */
  readonly root: Digest;
  /** All chunks, by their names. */
  readonly chunks: ReadonlyMap<Digest, Buffer>;
  /** Bytes of all of them. */
  readonly size: number;
}

/** Bytes of a chunk, on average: one changed key rewrites so much, at each level of the tree. */
const AVERAGE = 16 * 1024;
/** Bytes that a chunk has, at most, and one item more. */
const LONGEST = 64 * 1024;
/** A longer value is in pieces of its own. */
const LONG_VALUE = 48 * 1024;
/** Bytes of a piece, at most. */
const PIECE = 384 * 1024;

/**
 * Cuts entries into chunks. Where a chunk ends is decided by the key there and the length of what it has,
 * not by what comes before: contents that differ in a key differ in the chunk that it is in, perhaps the
 * next, and those above. So releases share all others.
 */
export function split(entries: Entries): ChunkTree {
  const chunks = new Map<Digest, Buffer>();
  let size = 0;
  const add = (data: Buffer): Digest => {
    const digest = digestOf(data);
    if (!chunks.has(digest)) {
      chunks.set(digest, data);
      size += data.length;
    }
    return digest;
  };

  const parts = [...entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, entry]): Part => {
      const item = itemOf(key, entry, add);
      return { last: key, text: encodeItem(item), refers: typeof item.value !== 'string' };
    });
  let refs = cut(0, parts, add);
  for (let level = 1; refs.length > 1; level++)
    refs = cut(
      level,
      refs.map((ref) => ({ last: ref.last, text: encodeRef(ref), refers: ref.refers })),
      add,
    );
  const root = refs[0]?.digest ?? add(encodeChunk(0, []));
  return { root, chunks, size };
}

/** What chunks are made of: an item, or a reference to a chunk below. */
interface Part {
  readonly last: string;
  readonly text: string;
  readonly refers: boolean;
}

function cut(level: number, parts: readonly Part[], add: (data: Buffer) => Digest): Ref[] {
  const refs: Ref[] = [];
  let begin = 0;
  let length = 0;
  parts.forEach(({ last, text }, i) => {
    const bytes = Buffer.byteLength(text);
    length += bytes;
    // A node with a single reference would be no step towards the root.
    const enough = level === 0 || i > begin;
    const ends = enough && (length >= LONGEST || pointOf(level, last) < bytes / AVERAGE);
    if (!ends && i < parts.length - 1) return;
    const chunk = parts.slice(begin, i + 1);
    const data = encodeChunk(
      level,
      chunk.map((part) => part.text),
    );
    refs.push({ last, digest: add(data), refers: chunk.some(({ refers }) => refers) });
    begin = i + 1;
    length = 0;
  });
  return refs;
}

/**
 * Evenly spread over [0, 1), for each level anew. FNV-1a and the end of MurmurHash3: SHA-256 of each key
 * would take longer than all the rest. Where chunks end is a part of what is kept: it may never change.
 */
function pointOf(level: number, key: string): number {
  let hash = 0x811c9dc5 ^ level;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function itemOf(key: string, entry: Entry, add: (data: Buffer) => Digest): Item {
  const { type, comment } = entry;
  if (entry.type === 'secret') return { key, type, value: [entry.secret, entry.digest], comment };
  if (entry.value.length * 3 <= LONG_VALUE || Buffer.byteLength(entry.value) <= LONG_VALUE)
    return { key, type, value: entry.value, comment };
  const data = Buffer.from(entry.value);
  const pieces = Array.from({ length: Math.ceil(data.length / PIECE) }, (_, i) =>
    add(data.subarray(i * PIECE, (i + 1) * PIECE)),
  );
  return { key, type, value: { pieces }, comment };
}
