import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RE2 } from 're2-wasm';
import { re2Fault } from '../../src/kinds/re2.ts';
import { faultsOf } from '../support.ts';

/** Its memory holds some thousand expressions, and none is given back. */
const RUNS = 2_000;

function runs(source: string): boolean {
  try {
    new RE2(source, 'u');
    return true;
  } catch {
    return false;
  }
}

/** Texts that are a regular expression now and then. */
const sources = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'ab]})-,^$.|*+?\\['.split('')),
      fc.constantFrom('(', ')', '(?:', '(?P<n>', '(?i)', '(?i-s:', '(?=', '[^', '[[:alpha:]]', '{'),
      fc.constantFrom(
        '{2}',
        '{2,}',
        '{2,1}',
        '{1001}',
        '{01}',
        '{,2}',
        '[a-z]',
        '[z-a]',
        '[a-',
        ']',
      ),
      fc.constantFrom(
        '\\d',
        '\\1',
        '\\12',
        '\\x41',
        '\\x{',
        '\\pL',
        '\\p{Greek}',
        '\\p{',
        '\\Qa*\\E',
      ),
      fc.constantFrom('\\_', '\\é', '\\Z', '\\b', '\\C', '[\\d-z]', '[[:', '\\\\', 'é', '*?', '+?'),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

describe('a regular expression', () => {
  test('is refused when RE2 refuses it, and taken when it takes it', () => {
    let taken = 0;
    fc.assert(
      fc.property(sources, (source) => {
        const fault = re2Fault(source);
        assert.equal(fault === undefined, runs(source), `${source} ${fault}`);
        if (fault === undefined) taken++;
      }),
      { numRuns: RUNS },
    );
    assert.ok(taken > RUNS / 10, 'hardly any was taken');
  });

  for (const [source, fault] of [
    ['a(b', 'lacks a ")"'],
    ['a)', 'has a ")" too many'],
    ['[a', 'lacks a "]"'],
    ['*a', 'repeats nothing'],
    ['(?=a)', 'holds a group of a kind that RE2 has not, as (?= or (?<='],
    ['(?:\\p{L}{1000}){1}', 'repeats too much to be run'],
    [`${'('.repeat(200)}${')'.repeat(200)}`, 'is nested too deeply'],
  ] as const)
    test(`${source.slice(0, 30)} ${fault}`, () => assert.equal(re2Fault(source), fault));

  test('is refused wherever one is written', () => {
    const wrong = { type: 'RegularExpression', value: '[' };
    const field = { ...wrong, name: 'x' };
    const match = { path: wrong, headers: [field], queryParams: [field] };
    const message = 'lacks a "]", and is no regular expression (RE2)';
    assert.deepEqual(faultsOf('HTTPRoute', { rules: [{ matches: [match] }] }), [
      `spec.rules[0].matches[0].path.value: ${message}`,
      `spec.rules[0].matches[0].headers[0].value: ${message}`,
      `spec.rules[0].matches[0].queryParams[0].value: ${message}`,
    ]);
    const method = { type: 'RegularExpression', service: '[', method: '[' };
    assert.deepEqual(faultsOf('GRPCRoute', { rules: [{ matches: [{ method }] }] }), [
      `spec.rules[0].matches[0].method.service: ${message}`,
      `spec.rules[0].matches[0].method.method: ${message}`,
    ]);
  });
});
