import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePolicies } from '@meshkeeper/policy';
import fc from 'fast-check';
import { example, issuesOf } from '../support.ts';

const RUNS = process.env.MESHKEEPER_SOAK ? 20_000 : 300;

describe('texts that nobody vouches for', () => {
  test('broken YAML is an error with its line', () => {
    assert.deepEqual(issuesOf('kind: HTTPRoute\nspec: {'), [
      'line 2: Flow map in block collection must be sufficiently indented and end with a }',
    ]);
    assert.deepEqual(issuesOf('kind: HTTPRoute\nspec: *rules'), [
      'line 2: there is no anchor &rules before it',
    ]);
    assert.deepEqual(issuesOf('kind: Gateway\n? [a]\n: b'), ['line 2: a name can only be text']);
  });

  test('a field that is there twice is an error', () => {
    const text = example('TCPRoute');
    const [issue] = issuesOf(text.replace('  rules:', '  rules: []\n  rules:'));
    assert.match(issue!, /^line \d+: rules is there twice$/);
    assert.deepEqual(parsePolicies(`${text}spec: {}\n`).policies, []);
  });

  test('aliases are what they stand for', () => {
    const text = `kind: TCPRoute
apiVersion: gateway.networking.k8s.io/v1
metadata: { name: &name ledger }
spec:
  rules:
    - backendRefs: [{ name: *name, wieght: 1 }]
`;
    assert.deepEqual(issuesOf(text), [
      'line 6: spec.rules[0].backendRefs[0].wieght: there is no such field: did you mean "weight"?',
    ]);
    assert.equal(parsePolicies(text.replace('wieght', 'weight')).policies.length, 1);
  });

  test('what is wrong in what an alias stands for is told where that is', () => {
    const text = `apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: { name: a }
spec:
  rules:
    - backendRefs:
        - &to
          name: ledger
          wieght: 1
        - *to
`;
    const message = 'there is no such field: did you mean "weight"?';
    assert.deepEqual(issuesOf(text), [
      `line 9: spec.rules[0].backendRefs[0].wieght: ${message}`,
      `line 9: spec.rules[0].backendRefs[1].wieght: ${message}`,
    ]);
  });

  // Each of these would take minutes, or all of the memory, of who reads it as it stands.
  const bombs: Readonly<Record<string, () => string>> = {
    'aliases of aliases': () => {
      const level = (i: number) =>
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`;
      return ['a0: &a0 [x, x]', ...Array.from({ length: 12 }, (_, i) => level(i + 1))].join('\n');
    },
    'an alias of itself': () => 'kind: HTTPRoute\nspec: &s\n  rules: *s\n',
    'a deep list': () => '['.repeat(200_000),
    'a deep map': () => Array.from({ length: 700 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
    'many fields': () => Array.from({ length: 150_000 }, (_, i) => `k${i}:`).join('\n'),
    'many hosts': () =>
      `kind: HTTPRoute\nspec:\n  hostnames: [${Array(200_000).fill('_').join(',')}]`,
    'many documents': () => '---\n'.repeat(250_000),
    'a long text': () => 'x'.repeat(2_000_000),
    'a long name': () => `kind: Gateway\nmetadata: {name: ${'a'.repeat(500_000)}!}\nspec: {}`,
  };
  for (const [name, bomb] of Object.entries(bombs))
    test(`${name} is refused`, { timeout: 60_000 }, () => {
      const { policies, issues } = parsePolicies(bomb());
      assert.deepEqual(policies, []);
      assert.ok(issues.length > 0 && issues.length < 20, `${issues.length} issues`);
      for (const { message } of issues) assert.ok(message.length < 500, message.slice(0, 500));
    });

  test('names that mean something to JavaScript are names', () => {
    assert.deepEqual(issuesOf('{"kind": "__proto__"}').length, 1);
    const route = JSON.stringify({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'TCPRoute',
      metadata: { name: 'a' },
      spec: { rules: [{ backendRefs: [{ name: 'b' }] }] },
    });
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
      assert.deepEqual(issuesOf(route.replace('{', `{"${name}":{"a":1},`)), [
        `line 1: ${name}: there is no such field`,
      ]);
    for (const kind of ['constructor', 'toString'])
      assert.equal(issuesOf(`kind: ${kind}`).length, 1);
  });

  test('no text throws', () => {
    const whole = ['HTTPRoute', 'Gateway', 'ServicePolicy', 'RateLimitPolicy'].map(example);
    const cut = fc
      .tuple(fc.constantFrom(...whole), fc.nat(), fc.nat(), fc.string({ unit: 'binary' }))
      .map(([text, a, b, middle]) => {
        const [from, to] = [a % text.length, b % text.length].sort((x, y) => x - y);
        return text.slice(0, from) + middle + text.slice(to);
      });
    const yamlish = fc
      .array(
        fc.constantFrom(
          'kind: ',
          'HTTPRoute',
          '\n',
          '  ',
          '- ',
          '{',
          '[',
          ']',
          '}',
          '*a',
          '&a ',
          '|',
          '? ',
          ': ',
          '"',
          "'",
          '---',
          '%',
          '!!',
          '<<',
          '#',
          '\t',
          'spec',
        ),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(cut, yamlish, fc.string({ unit: 'binary' }), fc.json()), (text) => {
        for (const issue of parsePolicies(text).issues)
          assert.ok(issue.line >= 1 && issue.column >= 1 && issue.message !== '');
      }),
      { numRuns: RUNS },
    );
  });
});
