import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AT, DEMO, providers } from './world.ts';

const gray = '&dubbo.tag=gray';
const tagged = (tag: string, forced?: string) => ({
  headers: { 'dubbo.tag': tag, ...(forced && { 'dubbo.force.tag': forced }) },
});

describe('tags', () => {
  test('without any there is no routing', () => {
    assert.equal(providers(1, 2).service().policy, undefined);
  });

  test("the providers' own: a tag goes to those that have it, or to those without any", () => {
    const world = providers(1, 2, [3, gray]);
    assert.equal(world.goes(), '1,2');
    assert.equal(world.goes(tagged('gray')), '3');
    assert.equal(world.goes(tagged('blue')), '1,2');
    assert.equal(world.goes(tagged('blue', 'true')), '');
    assert.equal(world.goes(tagged('gray', 'TRUE')), '3');
    assert.equal(world.goes({ caller: { 'dubbo.tag': 'gray' } }), '3', 'of the consumer');
    const both = { ...tagged('blue'), caller: { 'dubbo.tag': 'gray' } };
    assert.equal(world.goes(both), '1,2', 'what is sent along goes before it');
    assert.equal(providers([1, gray]).goes(), '', 'as in Dubbo: nobody is left');
    const [stage] = world.service().policy?.routing ?? [];
    assert.equal(stage?.origin.path, world.service().endpoints[2]?.origin.path);
  });

  /** The example of Dubbo's documentation. */
  const rule = (force: boolean) =>
    `---\nforce: ${force}\nruntime: true\nenabled: true\nkey: shop\ntags:\n  - name: tag1\n` +
    '    addresses: ["10.0.0.1:20880"]\n  - name: tag2\n    addresses: ["10.0.0.2:20880", 10.9.9.9]\n...\n';

  test('those of a rule', () => {
    const world = providers(1, 2, 3, [4, gray]);
    assert.deepEqual([...world.rule('shop.tag-router', rule(false))], [DEMO]);
    assert.equal(world.goes(), '3');
    assert.equal(world.goes(tagged('tag1')), '1');
    assert.equal(world.goes(tagged('tag2')), '2');
    assert.equal(world.goes(tagged('gray')), '4');
    assert.equal(world.goes(tagged('other')), '3');
    assert.equal(world.service().policy?.routing?.[0]?.origin.path, `${AT}/shop.tag-router`);
    assert.deepEqual([...world.unrule('shop.tag-router')], [DEMO]);
    assert.equal(world.goes(), '1,2,3');
  });

  test('a tag that has nobody: force fails it, otherwise it goes to those without', () => {
    const none = (force: boolean) => rule(force).replace('10.0.0.1:20880', '10.8.8.8:1');
    const at = (force: boolean) => {
      const world = providers(1, 2);
      world.rule('shop.tag-router', none(force));
      return [world.goes(tagged('tag1')), world.goes(tagged('tag1', 'true'))];
    };
    assert.deepEqual(at(false), ['1', '']);
    assert.deepEqual(at(true), ['', '']);
  });

  test('levels: the longest that there is, unless it is forced', () => {
    const world = providers(1, 2, 3);
    const text = rule(false).replace('name: tag1', 'name: "beta|team1"').replace('tag2', 'beta');
    world.rule('shop.tag-router', text);
    assert.equal(world.goes(tagged('beta|team1|partner1')), '1');
    assert.equal(world.goes(tagged('beta|team2')), '2');
    assert.equal(world.goes(tagged('beta|team2', 'true')), '');
    assert.equal(world.goes(tagged('betatest')), '3');
  });

  test('version 3.0: a tag of those that state something; of others it is not set', () => {
    const text = (version: string) =>
      `configVersion: ${version}\nforce: true\nenabled: true\nkey: shop\ntags:\n  - name: t\n` +
      '    match:\n      - { key: zone, value: { exact: a } }\n';
    const world = providers(1, [2, '&zone=a'], [3, '&dubbo.tag=t']);
    world.rule('shop.tag-router', text('v3.0'));
    assert.equal(world.goes(tagged('t')), '2');
    assert.equal(world.goes(), '1');
    world.rule('shop.tag-router', text('v2.7'));
    assert.equal(world.goes(tagged('t')), '3', 'older versions know no match');
    const nobody = providers(1, [3, '&dubbo.tag=t']);
    nobody.rule('shop.tag-router', text('v3.0'));
    assert.equal(nobody.goes(tagged('t')), '3');
  });

  test('addresses with wildcards, ranges, blocks, ports', () => {
    const at = (address: string) => {
      const world = providers(1, 2, 3);
      world.rule('shop.tag-router', `tags: [{ name: t, addresses: ["${address}"] }]`);
      return world.goes(tagged('t'));
    };
    assert.equal(at('10.0.0.*'), '1,2,3');
    assert.equal(at('10.0.*.2'), '2');
    assert.equal(at('10.0.0.2-3'), '2,3');
    assert.equal(at('10.0.0.2/31'), '2,3');
    assert.equal(at('10.0.0.2'), '2');
    assert.equal(at('10.0.0.2:1'), '1,2,3', 'nobody is there: those without the tag');
    assert.equal(at('10.0.0.*:20880'), '1,2,3');
    assert.equal(at('0.0.0.0:20880'), '1,2,3');
    assert.equal(at('*'), '1,2,3');
  });

  test('switched off, or wrong', () => {
    const world = providers(1, 2);
    world.rule('shop.tag-router', rule(false).replace('enabled: true', 'enabled: false'));
    assert.deepEqual([world.goes(), world.problems()], ['1,2', {}]);
    const bad: Readonly<Record<string, RegExp>> = {
      'enabled: true': /no tags/,
      'tags: [{ addresses: [a] }]': /no name/,
      'tags: [{ name: a, addresses: ["1.2.3.4/99"] }]': /no block/,
      'configVersion: v3.0\ntags: [{ name: a }]': /neither addresses nor a match/,
      'tags: [{': /no YAML/,
    };
    for (const [text, message] of Object.entries(bad)) {
      world.rule('shop.tag-router', text);
      assert.equal(world.goes(), '1,2');
      assert.match(world.problem('shop.tag-router') ?? '', message, text);
    }
  });
});

describe('conditions', () => {
  const key = `${DEMO}::.condition-router`;
  const conditions = (list: readonly string[], force = false) =>
    `scope: service\nforce: ${force}\nruntime: true\nenabled: true\nkey: ${DEMO}\nconditions:\n` +
    list.map((condition) => `  - ${JSON.stringify(condition)}\n`).join('');
  const zones = () => providers([1, '&zone=a'], [2, '&zone=b'], [3, '&zone=b&weight=50']);

  test('expressions of the documentation and of the sources', () => {
    const request = {
      method: 'sayHello',
      headers: { foo: 'bar', user: '42', star: 'b*r1' },
      caller: { host: '10.0.1.1', application: 'buyer', zone: 'b' },
    };
    const cases: Readonly<Record<string, string>> = {
      'method=sayHello => zone=a': '1',
      'method=sayBye => zone=a': '1,2,3',
      'method!=sayHello => zone=a': '1,2,3',
      'method=say* => zone=b': '2,3',
      'method=sayBye,sayHello => address=10.0.0.3:20880': '3',
      '=> host=10.0.0.2': '2',
      'host=10.0.1.1 => host=10.0.0.1,10.0.0.2': '1,2',
      'host!=10.0.1.1 => host=10.0.0.1': '1,2,3',
      'application=buyer & method=sayHello => address=*:20880 & zone!=a': '2,3',
      'application=buyer&method=sayHello=>zone=b&host!=10.0.0.2': '3',
      'consumer.host=10.0.1.1 => provider.host=10.0.0.1': '1',
      'attachments[foo]=bar => zone=a': '1',
      'attachments[foo]=b*z => zone=a': '1,2,3',
      'attachments[star]=b*r* => zone=a': '1',
      'zone=$zone => zone=a': '1,2,3',
      'attachments[user]=1~100 => zone=a': '1',
      'attachments[user]=~41 => zone=a': '1,2,3',
      'attachments[none]!=x => zone=a': '1,2,3',
      'true => zone=$zone': '2,3',
      ' => weight=~60': '3',
      'port=1 => zone=a': '1,2,3',
      '=> port!=20880': '1,2,3',
      'zone=b => zone=nowhere': '1,2,3',
      'host=10.0.1.1 =>': '',
      'host=10.0.1.1 => false': '',
      'zone=a': '1',
      'method=a=sayHello => zone=a': '1',
    };
    for (const [condition, expected] of Object.entries(cases)) {
      const world = zones();
      world.rule(key, conditions([condition]));
      assert.deepEqual([world.goes(request), world.problems()], [expected, {}], condition);
    }
  });

  test('force fails those that find nobody; each condition takes what the one before left', () => {
    const world = zones();
    world.rule(key, conditions(['=> zone=nowhere'], true));
    assert.equal(world.goes(), '');
    world.rule(key, conditions(['=> zone=b', '=> host=10.0.0.3', 'method=x => zone=a']));
    assert.equal(world.goes(), '3');
    assert.equal(world.goes({ method: 'x' }), '3', 'of zone a nobody is left');
    assert.deepEqual(
      world.service().policy?.routing?.map(({ name, origin }) => [name, origin.path]),
      ['=> zone=b', '=> host=10.0.0.3', 'method=x => zone=a'].map((text) => [
        `condition ${text}`,
        `${AT}/${key}`,
      ]),
    );
  });

  test('version 3.1: several destinations with weights', () => {
    const world = zones();
    const rule = (to: string, force = false) =>
      `configVersion: v3.1\nscope: service\nforce: ${force}\nenabled: true\nkey: x\nconditions:\n` +
      `  - from: { match: "method=sayHello" }\n    to: ${to}\n`;
    const at = (random: number) => world.goes({ method: 'sayHello' }, random);
    world.rule(key, rule('[{ match: "zone=a", weight: 1 }, { match: "zone=b", weight: 3 }]'));
    assert.deepEqual([at(0), at(0.24), at(0.26), at(0.99)], ['1', '1', '2,3', '2,3']);
    assert.equal(world.goes(), '1,2,3');
    world.rule(key, rule('[{ match: "zone=nowhere", weight: 9 }, { match: "zone=a" }]'));
    assert.deepEqual([at(0), at(0.99)], ['1', '1']);
    world.rule(key, rule('[{ match: "zone=nowhere" }]', true));
    assert.equal(at(0), '');
    world.rule(key, rule('[]'));
    assert.equal(at(0), '', 'no destination is a refusal');
    assert.deepEqual(world.problems(), {});
  });

  test("of the provider's application for anybody, of the consumer's for its calls", () => {
    const world = zones();
    world.rule('shop.condition-router', conditions(['=> zone=b']));
    assert.equal(world.goes(), '2,3');
    const other = zones();
    assert.deepEqual([...other.rule('buyer.condition-router', conditions(['=> zone=a']))], []);
    assert.equal(other.goes({ caller: { application: 'buyer' } }), '1,2,3', 'it calls others');
    assert.deepEqual([...other.call('buyer')], [DEMO]);
    assert.equal(other.goes({ caller: { application: 'buyer' } }), '1');
    assert.equal(other.goes({ caller: { application: 'other' } }), '1,2,3');
    assert.deepEqual(
      [...other.rule('buyer.tag-router', 'tags: [{ name: a, addresses: [10.0.0.1] }]')],
      [],
    );
    assert.deepEqual([...other.unrule('buyer.condition-router')], [DEMO]);
    assert.equal(other.goes({ caller: { application: 'buyer' } }), '1,2,3');
  });

  test('what is wrong, and what can not be seen of a request', () => {
    const bad: Readonly<Record<string, RegExp>> = {
      [conditions(['arguments[0]=a => zone=a'])]: /arguments of a call can't be seen/,
      [conditions(['=> attachments[a]=b'])]: /behind the arrow/,
      [conditions(['a==b => zone=a'])]: /== before b makes no sense/,
      [conditions(['=a => zone=a'])]: /= before a makes no sense/,
      [conditions([',a => zone=a'])]: /, before a makes no sense/,
      [conditions(['method => zone=a'])]: /compared with nothing/,
      [conditions(['weight=1~ => zone=a'])]: /no range/,
      [conditions([' '])]: /is empty/,
      'conditions: [[1]]': /no text/,
      'conditions: 5': /no conditions/,
      'configVersion: v3.2\nconditions: []': /newer/,
      'configVersion: v3.1\nconditions: [5]': /no mapping/,
      'configVersion: v3.1\nconditions: [{ to: [{ weight: a }] }]': /no whole number/,
    };
    for (const [text, message] of Object.entries(bad)) {
      const world = zones();
      world.rule(key, text);
      assert.equal(world.goes({ method: 'x' }), '1,2,3');
      assert.match(world.problem(key) ?? '', message, text);
    }
  });
});

test('rules that are not applied are problems that say so', () => {
  const world = providers(1);
  const kinds = ['script-router', 'affinity-router', 'MESHAPPRULE'];
  for (const kind of kinds) world.rule(`shop.${kind}`, 'enabled: true');
  world.url(`condition://0.0.0.0/${DEMO}?category=routers&rule=%3D%3E`, 'routers');
  assert.deepEqual(Object.values(world.problems()), new Array(4).fill('not-applied'));
  assert.match(world.problem('shop.script-router') ?? '', /script/);
  assert.equal(world.service().policy, undefined);
  world.rule('shop.tag-router', `tags: [${'x'.repeat(300_000)}`);
  assert.equal(world.problems()['shop.tag-router'], 'too-large');
  world.rule('shop.tag-router', '');
  assert.equal(world.problems()['shop.tag-router'], undefined, 'an emptied one is none');
});
