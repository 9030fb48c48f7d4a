import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unifiedDiff } from '../src/policies/unified-diff.ts';

const diff = (before: string, after: string) => unifiedDiff(['a', before], ['b', after]);
const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

test('it is what diff -u writes', () => {
  assert.equal(diff('', ''), '');
  assert.equal(diff('x\n', 'x\n'), '');
  assert.equal(diff('', 'x\ny\n'), '--- a\n+++ b\n@@ -0,0 +1,2 @@\n+x\n+y');
  assert.equal(diff('x\n', ''), '--- a\n+++ b\n@@ -1 +0,0 @@\n-x');
  const many = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  const changed = many.with(4, 'four').with(15, 'fifteen');
  assert.equal(
    diff(text(many), text(changed)),
    [
      '--- a',
      '+++ b',
      '@@ -2,7 +2,7 @@',
      ...[' line 1', ' line 2', ' line 3', '-line 4', '+four', ' line 5', ' line 6', ' line 7'],
      '@@ -13,7 +13,7 @@',
      ...[' line 12', ' line 13', ' line 14', '-line 15', '+fifteen', ' line 16', ' line 17'],
      ' line 18',
    ].join('\n'),
  );
});

test('of any two texts it makes the other, with as few lines as can be', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', '', '-', '@@ x'), { maxLength: 24 });
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const [, , ...body] = diff(text(before), text(after)).split('\n');
      assert.deepEqual(patched(before, body), after);
      const changed = body.filter((line) => /^[-+]/.test(line)).length;
      assert.equal(changed, before.length + after.length - 2 * common(before, after));
    }),
    { numRuns: 500 },
  );
});

test('texts that have nothing in common are no trouble', () => {
  const [before, after] = ['a', 'b'].map((name) =>
    Array.from({ length: 5_000 }, (_, i) => `${name} ${i}`),
  );
  const [, , ...body] = diff(text(before!), text(after!)).split('\n');
  assert.deepEqual(patched(before!, body), after);
});

/** What a diff's hunks make of a text. */
function patched(before: readonly string[], body: readonly string[]): string[] {
  const made: string[] = [];
  let at = 0;
  for (const line of body) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@$/.exec(line);
    if (hunk !== null) {
      const start = Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1);
      made.push(...before.slice(at, start));
      at = start;
    } else if (line.startsWith('+')) made.push(line.slice(1));
    else {
      assert.equal(line.slice(1), before[at++]);
      if (line.startsWith(' ')) made.push(line.slice(1));
    }
  }
  return [...made, ...before.slice(at)];
}

/** How many lines two texts have in common, in their order. */
function common(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const line of a) {
    const next = [0];
    for (const [j, other] of b.entries())
      next.push(line === other ? row[j]! + 1 : Math.max(row[j + 1]!, next[j]!));
    row = next;
  }
  return row.at(-1)!;
}
