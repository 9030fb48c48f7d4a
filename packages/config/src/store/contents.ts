import { ConfigError } from '../config-error.ts';
import { type Digest, digestOf } from '../content/chunk.ts';
import { diffTrees, join, type LoadChunks, reachable } from '../content/join.ts';
import { split } from '../content/split.ts';
import { type Content, EMPTY } from '../model/content.ts';
import type { Change } from '../model/diff.ts';
import type { ContentRef } from './records.ts';

/** Bytes of a content, at most, as it is kept. */
const MAX_CONTENT = 128 * 1024 * 1024;
/** Bytes of a schema, at most. */
const MAX_SCHEMA = 384 * 1024;

/** A content that is to be kept: what it is referred to by, and what has to be there for that. */
export interface Stored {
  readonly ref: ContentRef;
  readonly chunks: ReadonlyMap<Digest, Buffer>;
}

/** Reads what a record refers to; nothing is the empty content. */
export async function readContent(ref: ContentRef | undefined, load: LoadChunks): Promise<Content> {
  if (ref === undefined) return EMPTY;
  const entries = await join(ref.root, load);
  const schema = await readSchema(ref, load);
  return { format: ref.format, entries, ...(schema !== undefined && { schema }) };
}

export async function readSchema(ref: ContentRef, load: LoadChunks): Promise<string | undefined> {
  if (ref.schema === undefined) return undefined;
  const [schema] = await load([ref.schema]);
  return schema?.toString();
}

/**
 * Prepares a content to be kept.
 * @param bases what is kept already, and refers to most of it
 * @throws ConfigError TOO_LARGE
 */
export async function storedOf(
  { format, entries, schema }: Content,
  bases: readonly (ContentRef | undefined)[],
  load: LoadChunks,
): Promise<Stored> {
  const tree = split(entries);
  if (tree.size > MAX_CONTENT)
    throw new ConfigError('TOO_LARGE', `a namespace may have ${MAX_CONTENT} bytes: make several`);
  const chunks = new Map(tree.chunks);
  let digest: Digest | undefined;
  if (schema !== undefined) {
    const data = Buffer.from(schema);
    if (data.length > MAX_SCHEMA)
      throw new ConfigError('TOO_LARGE', `a schema may have ${MAX_SCHEMA} bytes`);
    digest = digestOf(data);
    chunks.set(digest, data);
  }
  const known = await referred(
    bases.filter((base) => base !== undefined),
    load,
  );
  for (const each of known.chunks) chunks.delete(each);
  const ref = { format, root: tree.root, keys: entries.size, ...(digest && { schema: digest }) };
  return { ref, chunks };
}

/** Everything that contents refer to. */
export async function referred(contents: readonly ContentRef[], load: LoadChunks) {
  const { chunks, secrets } = await reachable(
    contents.map(({ root }) => root),
    load,
  );
  const schemas = contents.flatMap(({ schema }) => schema ?? []);
  return { chunks: chunks.union(new Set(schemas)), secrets };
}

/** What it takes from one content to another; nothing is the empty one. */
export async function diffContents(
  before: ContentRef | undefined,
  after: ContentRef,
  load: LoadChunks,
): Promise<Change[]> {
  if (before !== undefined) return diffTrees(before.root, after.root, load);
  const entries = await join(after.root, load);
  return [...entries].map(([key, entry]) => ({ key, change: 'added', after: entry }));
}
