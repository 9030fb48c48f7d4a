import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Digest, digestOf } from '../src/content/chunk.ts';
import { diffTrees, join, reachable } from '../src/content/join.ts';
import { type ChunkTree, split } from '../src/content/split.ts';
import type { Entries } from '../src/model/content.ts';
import { diff } from '../src/model/diff.ts';
import type { Entry } from '../src/model/entry.ts';

/** Loads chunks of these trees, and counts the bytes. */
function loading(...trees: readonly ChunkTree[]) {
  const read = { bytes: 0 };
  const load = async (digests: readonly Digest[]) =>
    digests.map((digest) => {
      const chunk = trees
        .map(({ chunks }) => chunks.get(digest))
        .find((each) => each !== undefined);
      assert.ok(chunk, `${digest} is missing`);
      assert.equal(digestOf(chunk), digest);
      assert.ok(chunk.length <= 512 * 1024);
      read.bytes += chunk.length;
      return chunk;
    });
  return { load, read };
}

const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    type: fc.constantFrom('text', 'json', 'yaml'),
    value: fc.string({ unit: 'binary' }),
  }),
  fc
    .tuple(fc.integer({ min: 1, max: 1_500_000 }), fc.constantFrom('x', 'ä', '"', '\u0001'))
    .map(
      ([length, letter]): Entry => ({ type: 'text', value: letter.repeat(length), comment: 'c' }),
    ),
  fc.record({ type: fc.constant('secret' as const), secret: fc.uuid(), digest: fc.string() }),
);
const entries = fc
  .dictionary(fc.string({ minLength: 1 }), entry, { maxKeys: 8 })
  .map(
    (values): Entries => new Map(Object.entries(values).map(([key, each]) => [key, { ...each }])),
  );

const many = (count: number): Map<string, Entry> =>
  new Map(
    Array.from({ length: count }, (_, i) => [
      `service.${i % 97}.key-${i}`,
      { type: 'text', value: `value ${i} `.repeat(6) },
    ]),
  );

test('what was split is joined again; the same content has the same root', async () => {
  await fc.assert(
    fc.asyncProperty(entries, async (original) => {
      const tree = split(original);
      const { load } = loading(tree);
      assert.deepEqual(diff(original, await join(tree.root, load)), []);
      assert.equal(split(new Map([...original].toReversed())).root, tree.root);
      const { chunks, secrets } = await reachable([tree.root], load);
      assert.deepEqual(chunks, new Set(tree.chunks.keys()));
      const ids = [...original.values()].flatMap((each) =>
        each.type === 'secret' ? each.secret : [],
      );
      assert.deepEqual(secrets, new Set(ids));
    }),
    { numRuns: 60 },
  );
});

test('differences of trees are those of their entries', async () => {
  await fc.assert(
    fc.asyncProperty(entries, entries, async (a, b) => {
      const [one, other] = [split(a), split(b)];
      const { load } = loading(one, other);
      assert.deepEqual(await diffTrees(one.root, other.root, load), diff(a, b));
      assert.equal(one.root === other.root, diff(a, b).length === 0);
    }),
    { numRuns: 40 },
  );
});

test('a changed, added or removed key of many rewrites little, and little is read to tell', async () => {
  const before = many(20_000);
  const tree = split(before);
  const edits: ((content: Map<string, Entry>) => void)[] = [
    (content) => content.set('service.5.key-5', { type: 'text', value: 'new' }),
    (content) => content.set('service.50.key-new', { type: 'text', value: 'new' }),
    (content) => content.delete('service.7.key-7'),
  ];
  for (const edit of edits) {
    const after = new Map(before);
    edit(after);
    const changed = split(after);
    const added = [...changed.chunks].filter(([digest]) => !tree.chunks.has(digest));
    const bytes = added.reduce((sum, [, data]) => sum + data.length, 0);
    assert.ok(bytes < tree.size / 10, `${bytes} of ${tree.size}`);
    const { load, read } = loading(tree, changed);
    assert.equal((await diffTrees(tree.root, changed.root, load)).length, 1);
    assert.ok(read.bytes < tree.size / 3, `${read.bytes} of ${tree.size}`);
  }
});

test('where chunks end never changes: releases that are kept share them', () => {
  const { root, chunks } = split(many(2_000));
  assert.equal(chunks.size, 10);
  assert.equal(root, 'be8dc93b68d34af44ee5ca5860c2dfbd8a6d2a5db6e7adf4add75582adbfe4fa');
});
