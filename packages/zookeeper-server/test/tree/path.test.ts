import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isValidPath, nameOf, parentOf, sequenceSuffix } from '../../src/tree/path.ts';

test('paths are valid by the rules of PathUtils', () => {
  for (const path of ['/', '/a', '/a/b', '/a.b', '/.a', '/...', '/a/..b', '/ü', '/a b', '/\uf900'])
    assert.ok(isValidPath(path), path);
  for (const path of [
    '',
    'a',
    'a/b',
    '//',
    '/a/',
    '/a//b',
    '/.',
    '/..',
    '/a/.',
    '/a/./b',
    '/a/../b',
  ])
    assert.ok(!isValidPath(path), path);
  for (const code of [0, 1, 0x1f, 0x7f, 0x9f, 0xd800, 0xf8ff, 0xfff0, 0xffff])
    assert.ok(!isValidPath(`/a${String.fromCharCode(code)}b`), code.toString(16));
});

test('a path has a parent and a name; the root’s children have the empty path as parent', () => {
  assert.deepEqual([parentOf('/a'), nameOf('/a')], ['', 'a']);
  assert.deepEqual([parentOf('/a/b/c'), nameOf('/a/b/c')], ['/a/b', 'c']);
});

test('sequence numbers have ten digits, also when the counter has wrapped', () => {
  assert.equal(sequenceSuffix(0), '0000000000');
  assert.equal(sequenceSuffix(2147483647), '2147483647');
  assert.equal(sequenceSuffix(-5), '-000000005');
  assert.equal(sequenceSuffix(-2147483648), '-2147483648');
});
