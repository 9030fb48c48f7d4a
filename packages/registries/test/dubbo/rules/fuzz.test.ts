import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encode } from '../../../src/dubbo/url-encoding.ts';
import { DEMO, providers } from './world.ts';

const KINDS = [
  ...['configurators', 'tag-router', 'condition-router', 'script-router'],
  ...['affinity-router', 'MESHAPPRULE'],
];
const word = fc.oneof(
  fc.string(),
  fc.constantFrom(
    ...['shop', DEMO, 'true', 'v3.0', 'v3.1', 'v2.7', 'provider', 'consumer', 'application', '*'],
    ...[
      '0.0.0.0',
      '10.0.0.*',
      '10.0.0.1-9',
      '10.0.0.0/8',
      '[::1]:1',
      'a=b => c=d',
      '=>',
      '~1',
      '$x',
    ],
    ...['__proto__', 'constructor', '(a+)+', '5', '-1', '1e9', ''],
  ),
);
const scalar = fc.oneof(word, fc.integer(), fc.boolean(), fc.constant(null));
const keys = fc.constantFrom(
  ...['configVersion', 'scope', 'key', 'enabled', 'force', 'configs', 'conditions', 'tags', 'side'],
  ...['parameters', 'addresses', 'providerAddresses', 'services', 'applications', 'match', 'from'],
  ...['to', 'weight', 'timeout', 'name', 'value', 'exact', 'regex', 'oneof', 'param', 'app'],
  ...['address', 'wildcard', 'cird', 'disabled', 'dubbo.tag', 'loadbalance', '__proto__'],
);
const tree = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(keys, tie('value'), { maxKeys: 5 }),
  ),
})).value;
/** What a rule of this kind says, where it is due. */
const rule = (
  about: string,
  kind: string,
  content: Readonly<Record<string, fc.Arbitrary<unknown>>>,
) =>
  fc
    .record(content, {
      requiredKeys: ['configs', 'conditions', 'tags'].filter((key) => key in content),
    })
    .map((value) => [about, kind, JSON.stringify(value)] as const);
const configs = fc.array(
  fc.record(
    {
      side: fc.constantFrom('provider', 'consumer'),
      parameters: fc.dictionary(keys, scalar, { minKeys: 1 }),
      addresses: fc.array(word, { maxLength: 2 }),
      providerAddresses: fc.array(word, { maxLength: 2 }),
      match: fc.oneof(tree, fc.record({ param: fc.constant([]) })),
      services: fc.array(word, { maxLength: 2 }),
    },
    { requiredKeys: ['side', 'parameters'] },
  ),
  { maxLength: 2 },
);
const head = {
  enabled: fc.boolean(),
  force: fc.boolean(),
  configVersion: fc.constantFrom('v3.0', 'v2.7'),
};
const to = fc.record({ match: word, weight: fc.nat() }, { requiredKeys: [] });
/** Rules that are nearly right: what is wrong with them is deep inside. */
const near = fc.oneof(
  ...['shop', 'buyer'].map((name) =>
    rule(name, 'configurators', {
      ...{ ...head, configs, key: fc.constant(name), scope: fc.constant('application') },
    }),
  ),
  rule(`${DEMO}::`, 'configurators', { ...head, configs, key: fc.constant(DEMO) }),
  rule('buyer', 'condition-router', { ...head, conditions: fc.array(word, { maxLength: 3 }) }),
  rule('shop', 'condition-router', {
    ...head,
    configVersion: fc.constant('v3.1'),
    conditions: fc.array(fc.record({ from: fc.record({ match: word }), to: fc.array(to) })),
  }),
  rule('shop', 'tag-router', {
    ...head,
    tags: fc.array(
      fc.record(
        { name: word, addresses: fc.array(word), match: fc.array(tree) },
        { requiredKeys: ['name'] },
      ),
    ),
  }),
);
const text = fc.oneof(
  fc.string(),
  tree.map((value) => JSON.stringify(value)),
  fc.string({
    unit: fc.constantFrom('a', ':', ' ', '\n', '-', '[', '{', '&', '*', '!', '|', '"', '<'),
  }),
);

test('whatever a rule says, nothing throws, and it is applied or a problem', () => {
  const seen = { applied: 0, problems: 0 };
  const about = fc.constantFrom('shop', 'buyer', `${DEMO}::`);
  const any = fc.tuple(about, fc.constantFrom(...KINDS), text);
  const rules = fc.array(fc.oneof(any, near), { maxLength: 3 });
  fc.assert(
    fc.property(rules, (list) => {
      const world = providers(1, [2, '&dubbo.tag=gray&timeout=100&zone=a']);
      world.call('buyer');
      const { endpoints } = world.service();
      for (const [who, kind, content] of list) world.rule(`${who}.${kind}`, content);
      const service = world.service();
      assert.deepEqual(
        service.endpoints.map(({ id, address, port }) => [id, address, port]),
        endpoints.map(({ id, address, port }) => [id, address, port]),
      );
      for (const { weight, metadata } of service.endpoints) {
        assert.ok(weight >= 0 && weight <= 1_000_000);
        for (const value of Object.values(metadata)) assert.equal(typeof value, 'string');
      }
      const caller = { application: 'buyer', host: '10.0.1.1' };
      world.goes({ caller });
      world.goes({ headers: { 'dubbo.tag': 'gray' }, caller });
      world.settings({ method: 'sayHello', caller });
      assert.equal(JSON.stringify(service.policy)?.includes('undefined') ?? false, false);
      seen.problems += world.read.problems.size;
      for (const { effect } of world.read.rules.all.values())
        if (effect.type !== 'nothing') seen.applied++;
      for (const [who, kind] of list) world.unrule(`${who}.${kind}`);
      assert.deepEqual([world.read.problems.size, world.read.rules.all.size], [0, 0]);
      assert.deepEqual(world.service().endpoints, endpoints);
    }),
    { numRuns: 2_000, seed: 1 },
  );
  assert.ok(seen.applied > 100 && seen.problems > 100, JSON.stringify(seen));
});

test('whatever a URL of an interface says', () => {
  const query = fc
    .array(fc.tuple(fc.oneof(keys, word), word))
    .map((list) => list.map((pair) => pair.join('=')).join('&'));
  const url = fc
    .tuple(fc.constantFrom('override', 'absent', 'empty', 'route', 'x'), word, query)
    .map(([protocol, host, parameters]) => `${protocol}://${host}/${DEMO}?${parameters}`);
  fc.assert(
    fc.property(url, fc.constantFrom('configurators', 'routers'), (text, category) => {
      const world = providers(1);
      const { endpoints } = world.service();
      const path = `/dubbo/${DEMO}/${category}/${encode(text)}`;
      world.url(text, category);
      world.service();
      world.goes();
      world.read.remove(path);
      assert.deepEqual(world.service().endpoints, endpoints);
    }),
    { numRuns: 2_000, seed: 1 },
  );
});

test('what is large, deep or refers to itself costs no more than the reading of it', () => {
  const bombs = [
    `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghij'].map((name, i) => `${name}: &${name} [${`*${'abcdefghij'[i]},`.repeat(9)}]`).join('\n')}\ntags: *j`,
    `tags: ${'['.repeat(100_000)}`,
    `tags: ${'{a: '.repeat(50_000)}`,
    `tags: [${'{ name: a, addresses: [10.0.0.1] },'.repeat(6_000)}]`,
    `${Array.from({ length: 15_000 }, (_, i) => `key${i}: 1`).join('\n')}\ntags: []`,
    `tags: &a [*a]`,
    `"${'\\u0041'.repeat(40_000)}`,
    '- '.repeat(100_000),
    '? '.repeat(100_000),
    '!'.repeat(200_000),
    '&a '.repeat(50_000),
    `a: |\n${' x\n'.repeat(80_000)}`,
  ];
  const world = providers(1);
  // The measure: a rule of the same size that says something.
  const cost = (content: string) => {
    const before = process.cpuUsage();
    world.rule('shop.tag-router', content);
    world.service();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const plain = `tags:\n${'  - { name: a, addresses: [10.0.0.1] }\n'.repeat(6_000)}`;
  cost(plain);
  const measure = cost(plain);
  for (const bomb of bombs) {
    const each = cost(bomb);
    assert.ok(each < measure * 10, `${bomb.slice(0, 30)}: ${each} of ${measure} microseconds`);
  }
});
