import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decode, encode } from '../../src/dubbo/url-encoding.ts';
import { nodesOf } from './read.ts';

describe("Java's encoding of URLs", () => {
  test('what differs from encodeURIComponent', () => {
    assert.equal(encode("odd=a b*c!'()~é/"), 'odd%3Da+b*c%21%27%28%29%7E%C3%A9%2F');
    assert.equal(encode('a-b_c.d*'), 'a-b_c.d*');
    assert.equal(encode('+%😀'), '%2B%25%F0%9F%98%80');
    // Java has no UTF-8 for half of a character.
    assert.equal(encode('a\ud83d'), 'a%3F');
  });

  test('the names that the real Dubbo has written come out of their texts to the letter', () => {
    const names = ['all', 'interface', 'remote', 'two-protocols', 'ipv6', 'consumer', 'rules']
      .flatMap((fixture) => nodesOf(fixture))
      .map(({ path }) => path.slice(path.lastIndexOf('/') + 1))
      .filter((name) => name.includes('%'));
    assert.ok(names.length > 10);
    for (const name of names) assert.equal(encode(decode(name) ?? ''), name);
  });

  test('what is no encoded text is undefined', () => {
    for (const name of ['%', '%2', '%zz', '%C3', '%FF%FE', 'a%C3%28'])
      assert.equal(decode(name), undefined);
    assert.equal(decode('plain'), 'plain');
    assert.equal(decode('a+b'), 'a b');
  });

  test('any text comes back', () => {
    const check = fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(decode(encode(text)), text);
      assert.match(encode(text), /^[A-Za-z0-9.*_+%-]*$/);
    });
    fc.assert(check, { numRuns: 500, seed: 1 });
  });
});
