import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Machine } from '../../src/regex/machine.ts';

const fits = (regex: string, text: string) => new Machine(regex).fits(text);
const replaced = (regex: string, text: string, by: string) => {
  let result = '';
  let used = 0;
  for (const { before, groups } of new Machine(regex).matches(text)) {
    result += before + by.replace(/\$(\d)/g, (_, group: string) => groups[Number(group)] ?? '');
    used += before.length + (groups[0] ?? '').length;
  }
  return result + text.slice(used);
};

test('all of RE2’s syntax', () => {
  const yes: [string, string][] = [
    ['', ''],
    ['a.c', 'abc'],
    ['[a-c]+', 'abcabc'],
    ['[^a-c]', 'd'],
    ['[]a]+', ']a'],
    ['[a-]', '-'],
    ['[\\d\\-x]+', '1-x'],
    ['[[:alpha:]]+[[:^digit:]]', 'ab!'],
    ['\\d\\D\\w\\W\\s\\S', '1a_- x'],
    ['\\pL\\p{Greek}\\P{Lu}\\p{^Lu}', 'éαaa'],
    ['x{2}', 'xx'],
    ['x{2,}', 'xxxx'],
    ['x{2,3}', 'xxx'],
    ['x{,3}', 'x{,3}'],
    ['(ab|c)*d?', 'abcabd'],
    ['(?:a|b)+?c', 'abc'],
    ['(?P<name>a)(?<other>b)', 'ab'],
    ['(?i)ABC', 'aBc'],
    ['(?i:A)b', 'ab'],
    ['a(?i)B|C', 'c'],
    ['(?s).', '\n'],
    ['(?m)^a$\\n^b$', 'a\nb'],
    ['(?-s:.)', 'x'],
    ['(?U)a+', 'aaa'],
    ['^a$', 'a'],
    ['\\Aa\\z', 'a'],
    ['a\\b.\\Bb?', 'a-'],
    ['\\x41\\x{263a}\\101\\a\\t', 'A☺A\x07\t'],
    ['\\Qa.b*\\E+', 'a.b***'],
    ['\\Q(\\E', '('],
    ['\\-\\/\\.', '-/.'],
    ['(a*)*b', 'aaab'],
    ['((a?)*)*', 'aaa'],
    ['(|a)+', 'aa'],
    ['.', '😀'],
    ['\\C', '\n'],
  ];
  for (const [regex, text] of yes) {
    assert(fits(regex, text), `${regex} fits ${JSON.stringify(text)}`);
  }
  const no: [string, string][] = [
    ['a', 'ab'],
    ['a', 'ba'],
    ['.', '\n'],
    ['[^a]', 'a'],
    ['x{2,3}', 'xxxx'],
    ['(?i:A)b', 'aB'],
    ['a\\bb', 'ab'],
    ['^$', 'x'],
  ];
  for (const [regex, text] of no) {
    assert(!fits(regex, text), `${regex} does not fit ${JSON.stringify(text)}`);
  }
});

test('what RE2 refuses is refused', () => {
  const wrong = [
    ...['(', ')', '[a', 'a**', '*a', '(?=a)', '(?<!a)', '(a)\\1', '\\k<a>', 'a{2,1}', 'a{1001}'],
    ...['[b-a]', '[[:word', '[[:no:]]', '\\p{Nothing}', '\\q', 'a\\', '(?z)a', '(?P=a)'],
    ...['(((a{100}){100}){100})', '('.repeat(300) + ')'.repeat(300)],
  ];
  for (const regex of wrong) {
    assert.throws(() => new Machine(regex), { name: 'RegexError' }, regex);
  }
});

test('replacements: the leftmost, the preferred, nothing empty behind another', () => {
  assert.equal(replaced('.*', 'abc', 'X'), 'X');
  assert.equal(replaced('b*', 'abc', '-'), '-a-c-');
  assert.equal(replaced('a|ab', 'abab', 'X'), 'XbXb');
  assert.equal(replaced('ab|a', 'aba', 'X'), 'XX');
  assert.equal(replaced('(a+?)(a*)', 'xaaax', '<$1,$2>'), 'x<a,aa>x');
  assert.equal(replaced('^/a/*', '/a//b/a/', '/'), '/b/a/');
  assert.equal(replaced('(x)|(y)', 'yx', '[$1$2]'), '[y][x]');
  assert.equal(replaced('😀', 'a😀b😀', '$0!'), 'a😀!b😀!');
});

const SOME = ['a', 'b', '.', '[ab]', '[^a]', 'ab', '(?:a|ab)'];
const REPEATS = ['*', '+', '?', '{2}', '{1,2}', '*?', '+?', '??'];

/** Regular expressions; what they repeat is never empty, or may be. */
function expressions(empty: boolean): fc.Arbitrary<string> {
  return fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(...SOME, '^', '$', '\\b', '\\B'),
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b),
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a}|${b})`),
      fc
        .tuple(empty ? tie('node') : fc.constantFrom(...SOME), fc.constantFrom(...REPEATS))
        .map(([part, repeat]) => `(?:${part})${repeat}`),
    ),
  })).node;
}
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' '), maxLength: 12 });

test('what fits is what JavaScript’s engine finds to fit', () => {
  fc.assert(
    fc.property(expressions(true), text, (regex, subject) => {
      assert.equal(fits(regex, subject), new RegExp(`^(?:${regex})$`, 'us').test(subject));
    }),
    { numRuns: 3_000 },
  );
});

test('places and groups are those that JavaScript’s engine finds', () => {
  // Of what is repeated and may be empty JavaScript has a view of its own.
  fc.assert(
    fc.property(expressions(false), text, (regex, subject) => {
      const [first] = new Machine(regex).matches(subject);
      const found = new RegExp(regex, 'us').exec(subject);
      assert.equal(first?.before.length, found?.index);
      const groups = found && [...found].map((group) => group ?? '');
      assert.deepEqual(first?.groups, groups ?? undefined);
    }),
    { numRuns: 3_000 },
  );
});

test('a text that would hold JavaScript up for ages takes no longer than its length', () => {
  const hostile = new Machine('(a+)+(a+)+(a+)+b');
  const cost = (length: number) => {
    const began = performance.now();
    assert(!hostile.fits('a'.repeat(length)));
    return performance.now() - began;
  };
  cost(1_000);
  const short = cost(1_000);
  assert(cost(4_000) < Math.max(1, short) * 100, 'four times the length, not four to the fourth');
});
