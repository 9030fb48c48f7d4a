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
  const key = fc.constantFrom('a', 'items', 'metadata', '"', '\\', 'ä', '[{', '}]');
  const item = fc.dictionary(key, fc.jsonValue({ maxDepth: 3 }));
  const metadata = { resourceVersion: '7', continue: 'x"]}' };
  await fc.assert(
    fc.asyncProperty(fc.array(item), sizes, fc.boolean(), fc.boolean(), async (...of) => {
      const [items, each, isLast, isWide] = of;
      const list = isLast
        ? { kind: 'List', other: [[1]], metadata, items }
        : { items, kind: 'List', metadata };
      const seen: unknown[] = [];
      const text = JSON.stringify(list, undefined, isWide ? 2 : 0);
      const rest = await readList(cut(text, each), (one) => seen.push(one));
      assert.deepEqual(JSON.parse(JSON.stringify(seen)), JSON.parse(JSON.stringify(items)));
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
