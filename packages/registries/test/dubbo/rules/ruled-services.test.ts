import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Callers } from '../../../src/dubbo/rules/callers.ts';
import { encode } from '../../../src/dubbo/url-encoding.ts';
import { DEMO, providers, World } from './world.ts';

const OTHER = 'com.foo.Other';

const ofApplication = (side: string, more = '') =>
  `configVersion: v3.0\nscope: application\nkey: shop\nconfigs:\n  - side: ${side}\n${more}` +
  '    parameters: { timeout: 5, weight: 7 }\n';

/** A world in which `shop` provides two interfaces and `bank` a third. */
function several(): World {
  const world = providers(1);
  world.provide(2, '&version=1.0');
  world.provide(3, '', OTHER);
  world.provide(4, '&application=bank', 'com.foo.Third');
  return world;
}

test('a rule changes the services that it is about, and no other', () => {
  const world = several();
  const changed = (key: string, text: string) => [...world.rule(key, text)].sort();
  assert.deepEqual(changed('shop.configurators', ofApplication('provider')), [
    OTHER,
    DEMO,
    `${DEMO}:1.0`,
  ]);
  const listed = ofApplication('provider', `    services: ["${OTHER}"]\n`);
  assert.deepEqual(changed('shop.configurators', listed), [OTHER, DEMO, `${DEMO}:1.0`]);
  assert.deepEqual(changed('shop.configurators', listed), [OTHER], 'what it was and what it is');
  assert.deepEqual(world.weights(), { 1: 100 });
  assert.deepEqual(world.weights(OTHER), { 3: 7 });
  const tags = 'tags: [{ name: a, addresses: [10.0.0.1] }]';
  assert.deepEqual(changed('bank.tag-router', tags), ['com.foo.Third']);
  assert.deepEqual(changed('nobody.tag-router', tags), []);
  const condition = 'conditions: ["=> zone=a"]';
  assert.deepEqual(changed(`${DEMO}:1.0:.condition-router`, condition), [`${DEMO}:1.0`]);
  assert.deepEqual(changed('shop.script-router', 'x'), [], 'what is not applied changes nothing');
  const override = `override://0.0.0.0/${OTHER}?weight=9`;
  assert.deepEqual([...world.url(override)], [OTHER]);
  assert.deepEqual(world.weights(OTHER), { 3: 9 });
});

test("a rule of an application's calls is about what it calls", () => {
  const world = several();
  world.call('shop', 'com.foo.Third');
  const rule = ofApplication('consumer');
  assert.ok(world.rule('shop.configurators', rule).has('com.foo.Third'));
  const caller = { application: 'shop' };
  assert.deepEqual(world.settings({ caller }, 'com.foo.Third')[0], 5);
  assert.deepEqual(world.settings({}, 'com.foo.Third')[0], undefined);
});

test('an application that calls itself has its rules in both parts', () => {
  const world = providers([1, '&zone=a'], [2, '&zone=b']);
  world.rule('shop.condition-router', 'conditions: ["application=shop => zone=a"]');
  const stages = () => world.service().policy?.routing?.length;
  assert.equal(stages(), 1);
  assert.deepEqual([...world.call('shop')], [DEMO]);
  assert.equal(stages(), 2);
  const url = `consumer://10.0.1.1/${DEMO}?application=shop&side=consumer`;
  const path = `/dubbo/${DEMO}/consumers/${encode(url)}`;
  assert.deepEqual([...world.read.remove(path)], [DEMO]);
  assert.equal(stages(), 1);
});

test('who offers nothing any more is not concerned', () => {
  const world = providers(1);
  world.read.remove(world.service().endpoints[0]?.origin.path ?? '');
  const rule = ofApplication('provider');
  assert.deepEqual([...world.rule('shop.configurators', rule)], []);
  assert.deepEqual(
    [...world.rule(`${DEMO}::.tag-router`, 'tags: [{ name: a, addresses: [a] }]')],
    [],
  );
  assert.equal(world.read.service(DEMO), undefined);
});

test('a service that comes after its rules has them', () => {
  const world = new World();
  assert.deepEqual([...world.rule('shop.configurators', ofApplication('provider'))], []);
  world.provide(1);
  assert.deepEqual(world.weights(), { 1: 7 });
  assert.deepEqual(world.settings()[0], 5);
});

test('an endpoint that no rule hits, and all of it without rules, is as it is registered', () => {
  const parameters = fc
    .dictionary(
      fc.constantFrom('weight', 'zone', 'timeout', 'retries', 'sayHello.timeout', 'disabled', 'x'),
      fc.constantFrom('1', '77', 'true', 'random', 'a', ''),
    )
    .map((all) =>
      Object.entries(all)
        .map(([name, value]) => `&${name}=${value}`)
        .join(''),
    );
  const rules: readonly (readonly [string, string])[] = [
    ['bank.configurators', ofApplication('provider').replace('shop', 'bank')],
    ['bank.tag-router', 'tags: [{ name: a, addresses: [10.0.0.1] }]'],
    [`${DEMO}:9:.condition-router`, 'conditions: ["=> zone=a"]'],
    ['shop.configurators', ofApplication('provider', '    services: [x.Y]\n')],
    [
      'shop.configurators',
      ofApplication('provider').replace('key: shop', 'key: shop\nenabled: false'),
    ],
  ];
  fc.assert(
    fc.property(
      fc.array(parameters, { minLength: 1, maxLength: 4 }),
      fc.subarray([...rules]),
      (list, some) => {
        const hosts = list.map((each, i) => [i + 1, each] as const);
        const plain = providers(...hosts);
        const ruled = providers(...hosts);
        for (const [key, text] of some) assert.deepEqual([...ruled.rule(key, text)], []);
        assert.deepEqual(ruled.service(), plain.service());
        assert.equal(plain.goes().split(',').length, list.length);
      },
    ),
    { numRuns: 200, seed: 1 },
  );
});

test('who has come and gone leaves nothing behind', () => {
  const callers = new Callers();
  assert.ok(callers.put('/a', 'A', 'x'));
  assert.ok(!callers.put('/b', 'A', 'x'), 'known already');
  assert.ok(!callers.put('/a', 'A', 'x'));
  assert.ok(callers.put('/b', 'B', 'x'), 'another znode, or the same as another');
  assert.deepEqual([[...callers.of('A')], [...callers.called('x')]], [['x'], ['A', 'B']]);
  assert.deepEqual(callers.remove('/a'), ['A', 'x']);
  assert.deepEqual(callers.remove('/b'), ['B', 'x']);
  assert.equal(callers.remove('/b'), undefined);
  assert.deepEqual([[...callers.of('A')], [...callers.called('x')]], [[], []]);
});
