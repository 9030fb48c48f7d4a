import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Condition, holds, isBlock, isSimpleRegex, type ValueMatch } from '../../src/index.ts';

const any = (...matches: ValueMatch[]): Condition => ({ any: matches, none: [] });

test('what a text is compared with', () => {
  const cases: readonly (readonly [ValueMatch, readonly string[], readonly string[]])[] = [
    [{ type: 'exact', value: 'a' }, ['a'], ['', 'A', 'aa']],
    [{ type: 'prefix', value: 'ab' }, ['ab', 'abc'], ['a', 'cab']],
    [{ type: 'suffix', value: 'ab' }, ['ab', 'cab'], ['abc']],
    [{ type: 'regex', value: 'a.c|d' }, ['abc', 'd', 'a\nc'], ['abcd', 'xd']],
    [{ type: 'regex', value: '(' }, [], ['(', '']],
    [{ type: 'range', from: -1, to: 10 }, ['-1', '0', '10'], ['-2', '11', '1.5', '', 'x']],
    [{ type: 'range', from: 5 }, ['5', '500'], ['4']],
    [{ type: 'cidr', value: '10.0.0.0/8' }, ['10.1.2.3', '10.1.2.3:80'], ['11.0.0.0', 'x', '::1']],
    [{ type: 'cidr', value: 'fd00::/8' }, ['fd12::1', '[fd12::1]:80'], ['fe80::1', '253.0.0.1']],
    [{ type: 'cidr', value: '10.0.0.0/33' }, [], ['10.0.0.0']],
    [{ type: 'cidr', value: '0.0.0.0/0' }, ['1.2.3.4'], ['::1']],
    [{ type: 'present' }, ['a'], ['']],
    [{ type: 'absent' }, [''], ['a']],
    [{ type: 'as-caller', label: 'zone' }, ['x'], ['y', '']],
    [{ type: 'as-caller', label: 'constructor' }, [], ['x', '']],
  ];
  for (const [match, fit, unfit] of cases) {
    for (const text of fit) assert.ok(holds(any(match), text, { zone: 'x' }), text);
    for (const text of unfit) assert.ok(!holds(any(match), text, { zone: 'x' }), text);
  }
});

test('none goes before any; what is not there is absent and nothing else', () => {
  const a: ValueMatch = { type: 'exact', value: 'a' };
  assert.ok(holds({ any: [], none: [a] }, 'b'));
  assert.ok(!holds({ any: [a], none: [a] }, 'a'));
  assert.ok(holds({ any: [], none: [] }, ''));
  assert.ok(!holds({ any: [], none: [a] }, undefined));
  assert.ok(holds(any({ type: 'absent' }), undefined));
});

test('only regular expressions that nothing makes slow', () => {
  const simple = ['a.*b', 'v\\d+', '[a-z]+-(?:x|y)', 'a\\(b', '[(]+', ''];
  for (const regex of simple) assert.ok(isSimpleRegex(regex), regex);
  const others = [
    ...['(a+)+', '(a|a)*', '(?=a)', '(?<n>a)', '(a)\\1', 'a*a*a*a*', '(', 'a?a?a?a?'],
    ...['(a|b)(a|b)(a|b)(a|b)', 'x'.repeat(300), '(?:a{1,9})?'],
  ];
  for (const regex of others) assert.ok(!isSimpleRegex(regex), regex);
});

test('blocks of addresses', () => {
  for (const block of ['10.0.0.0/8', '::/0', 'fd00::/8', '1.2.3.4/32', '1:2:3:4:5:6:7:8/128'])
    assert.ok(isBlock(block), block);
  for (const block of ['10.0.0.0', '10.0.0/8', '1.2.3.4/33', '::1::/8', '1:2:3/8', 'x/8', '/', ''])
    assert.ok(!isBlock(block), block);
});
