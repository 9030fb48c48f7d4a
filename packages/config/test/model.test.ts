import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isConfigError } from '../src/config-error.ts';
import { authorize, checkFourEyes } from '../src/model/actor.ts';
import { contentFaults, documentOf } from '../src/model/content.ts';
import { diff, patch } from '../src/model/diff.ts';
import { type Entry, parseValue } from '../src/model/entry.ts';
import { flatten } from '../src/model/flatten.ts';
import { chooseGray, matches, ruleFaults } from '../src/model/gray.ts';
import { layersOf } from '../src/model/layers.ts';
import { checkApplication, checkNamespace } from '../src/model/names.ts';
import { rebase } from '../src/model/rebase.ts';
import { type Layer, resolve } from '../src/model/resolve.ts';

const text = (value: string): Entry => ({ type: 'text', value });
const entriesOf = (values: Readonly<Record<string, string>>) =>
  new Map(Object.entries(values).map(([key, value]) => [key, text(value)]));
const key: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const entries = fc
  .array(fc.tuple(key, fc.string({ maxLength: 2 }).map(text)))
  .map((pairs) => new Map(pairs));

describe('layers', () => {
  test("are Spring's, with links in between", () => {
    const layers = layersOf({
      application: 'shop',
      profiles: ['eu', 'prod'],
      links: [{ application: 'payments', namespace: 'client' }],
    });
    assert.deepEqual(
      layers.map(({ application, namespace }) => `${application}/${namespace}`),
      [
        'shop/prod',
        'shop/eu',
        'shop/default',
        'payments/client',
        'application/prod',
        'application/eu',
        'application/default',
      ],
    );
  });

  test('have no namespace twice', () => {
    const links = [{ application: 'shop', namespace: 'default' }];
    const layers = layersOf({ application: 'shop', profiles: ['x', 'x'], links, shared: 'shop' });
    assert.equal(layers.length, 2);
  });

  const layer = (own: Layer['entries'], i: number): Layer => ({
    application: 'shop',
    namespace: `n${i}`,
    release: i,
    entries: own,
  });

  test('the first that has a key gives it, and is named', () => {
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 4 }), (all) => {
        const { values } = resolve(all.map(layer));
        const keys = new Set(all.flatMap((each) => [...each.keys()]));
        assert.deepEqual([...values.keys()], [...keys].sort());
        for (const [name, { entry, from }] of values) {
          const first = all.findIndex((each) => each.has(name));
          assert.equal(entry, all[first]!.get(name));
          assert.equal(from.namespace, `n${first}`);
        }
      }),
    );
  });

  test('the digest is of keys, types and values, and nothing else', () => {
    fc.assert(
      fc.property(entries, entries, (a, b) => {
        const one = resolve([layer(a, 1)]).digest;
        assert.equal(resolve([layer(a, 7), layer(new Map(), 8)]).digest, one);
        assert.equal(resolve([layer(b, 1)]).digest === one, diff(a, b).length === 0);
      }),
    );
  });
});

describe('gray rules', () => {
  const rule = (percentage: number) => ({ percentage });

  test('a percentage that grows lets nobody go', () => {
    const percent = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.uuid(), percent, percent, (id, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        assert.ok(!matches(rule(less), 's', { id }) || matches(rule(more), 's', { id }));
        assert.ok(matches(rule(100), 's', { id }) && !matches(rule(0), 's', { id }));
      }),
    );
  });

  test('a percentage is one of many instances, and other ones with another salt', () => {
    const ids = Array.from({ length: 4000 }, (_, i) => `shop-${i}`);
    const one = ids.filter((id) => matches(rule(25), 'one', { id }));
    const other = new Set(ids.filter((id) => matches(rule(25), 'other', { id })));
    assert.ok(one.length > 850 && one.length < 1150, `${one.length} of 4000`);
    const both = one.filter((id) => other.has(id)).length;
    assert.ok(both > 150 && both < 350, `${both} of both`);
  });

  test('all that a rule says has to be true, of one rule', () => {
    const rules = [
      { instances: ['a', 'b'], labels: { zone: ['x', 'y'] } },
      { addresses: ['10.1.0.0/16', 'fd00::/8', '192.168.1.7'] },
    ];
    const chosen = (instance: Parameters<typeof matches>[2]) =>
      chooseGray([{ rules, salt: 's' }], instance) !== undefined;
    assert.ok(chosen({ id: 'a', labels: { zone: 'y' } }));
    assert.ok(!chosen({ id: 'a', labels: { zone: 'z' } }));
    assert.ok(!chosen({ id: 'a' }));
    assert.ok(!chosen({ id: 'a', labels: Object.create({ zone: 'x' }) }));
    assert.ok(chosen({ address: '10.1.255.1' }));
    assert.ok(!chosen({ address: '10.2.0.1' }));
    assert.ok(chosen({ address: 'fd12::1' }));
    assert.ok(chosen({ address: '192.168.1.7' }));
    assert.ok(!chosen({ address: 'no address' }));
    assert.ok(!chosen({}));
  });

  test('the first gray release that matches counts', () => {
    const grays = ['first', 'second'].map((name) => ({ name, rules: [{}], salt: 's' }));
    assert.equal(chooseGray(grays, {})?.name, 'first');
  });

  test('faults are told', () => {
    const addresses = ['10.0.0.0/33', 'host', '::/129', '1.2.3.4/', '10.0.0.1'];
    const faults = ruleFaults([{ addresses, percentage: 101 }]);
    assert.deepEqual(
      faults.map(({ path }) => path),
      [...Array(4).fill('/rules/0/addresses'), '/rules/0/percentage'],
    );
    assert.equal(ruleFaults([]).length, 1);
    assert.equal(ruleFaults([{ percentage: Number.NaN }]).length, 1);
  });
});

describe('differences', () => {
  test('made to the one give the other', () => {
    fc.assert(
      fc.property(entries, entries, (a, b) => {
        const changes = diff(a, b);
        assert.deepEqual(diff(patch(a, changes), b), []);
        assert.deepEqual(
          changes.map((change) => change.key),
          changes.map((change) => change.key).sort(),
        );
      }),
    );
  });

  test('a rebase keeps what both have changed, or names the keys', () => {
    fc.assert(
      fc.property(entries, entries, entries, (base, ours, theirs) => {
        const rebased = rebase(base, ours, theirs);
        const touched = (of: typeof base) =>
          new Map(diff(base, of).map((each) => [each.key, each]));
        const [one, other] = [touched(ours), touched(theirs)];
        const clash = [...one.keys()].filter(
          (name) =>
            other.has(name) &&
            diff(
              new Map([...ours].filter(([k]) => k === name)),
              new Map([...theirs].filter(([k]) => k === name)),
            ).length > 0,
        );
        assert.deepEqual(rebased.ok ? [] : rebased.keys, clash);
        if (!rebased.ok) return;
        for (const name of new Set([...base.keys(), ...ours.keys(), ...theirs.keys()])) {
          const expected = one.has(name) ? ours.get(name) : theirs.get(name);
          assert.deepEqual(rebased.entries.get(name), expected);
        }
      }),
    );
  });
});

describe('documents', () => {
  test('are flattened as Spring does', () => {
    const yaml = 'server:\n  ports: [80, 81]\n  name: x # why\n  empty: {}\n"a.b": true\nnone:\n';
    const flat = flatten(documentOf('yaml', yaml));
    assert.deepEqual(Object.fromEntries([...flat].map(([k, e]) => [k, 'value' in e && e.value])), {
      'server.ports[0]': '80',
      'server.ports[1]': '81',
      'server.name': 'x',
      'server.empty': '{}',
      'a.b': 'true',
      none: 'null',
    });
    assert.equal(flat.get('server.name')?.type, 'text');
    assert.equal(flat.get('a.b')?.type, 'json');
  });

  test('properties are read as Java does; text stays whole', () => {
    const flat = flatten(documentOf('properties', '# c\na.b = x\\\n  y\nu=\\u00e4\n'));
    assert.deepEqual(
      [...flat],
      [
        ['a.b', text('xy')],
        ['u', text('ä')],
      ],
    );
    assert.deepEqual([...flatten(documentOf('text', 'hello'))], [['content', text('hello')]]);
    assert.deepEqual(
      [...flatten(documentOf('json', '7'))],
      [['content', { type: 'json', value: '7' }]],
    );
  });

  test('what is no document of its format is a fault', () => {
    assert.match(contentFaults(documentOf('json', '{'))[0]!.message, /no JSON/);
    assert.match(contentFaults(documentOf('yaml', 'a: [b'))[0]!.message, /no YAML/);
    assert.match(contentFaults(documentOf('yaml', 'a: 1\na: 2'))[0]!.message, /no YAML/);
    const two = { format: 'json' as const, entries: entriesOf({ content: '1', other: '2' }) };
    assert.equal(contentFaults(two).length, 2);
    for (const value of ['[', `${'['.repeat(200)}${']'.repeat(200)}`])
      assert.equal(parseValue('json', value).ok, false);
    const bomb = `a: &a [x,x]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*${i ? `b${i - 1}` : 'a'},*${i ? `b${i - 1}` : 'a'}]`).join('\n')}`;
    assert.equal(parseValue('yaml', bomb).ok, false);
  });

  test('keys and text that could not come back as they are, are faults', () => {
    const bad = new Map([
      ['', text('x')],
      ['a\n', text('x')],
      ['b', text('\ud800')],
      ['c'.repeat(1025), text('x')],
    ]);
    assert.equal(contentFaults({ format: 'keys', entries: bad }).length, 4);
  });
});

test('names are checked', () => {
  for (const name of ['', '.', '..', '-a', 'a/b', 'a b', '_signals', 'a'.repeat(129)])
    assert.throws(
      () => checkApplication(name),
      (e) => isConfigError(e, 'NOT_VALID'),
    );
  assert.throws(() => checkNamespace('resolve'), /reserved/);
  assert.equal(checkNamespace('default'), 'default');
});

test('who may do what', () => {
  const forbidden = (e: unknown) => isConfigError(e, 'FORBIDDEN');
  authorize({ name: 'ann', roles: ['editor'] }, 'edit');
  authorize({ name: 'ann', roles: ['admin'] }, 'publish');
  assert.throws(() => authorize({ name: 'ann', roles: ['admin'] }, 'reveal'), forbidden);
  assert.throws(() => authorize({ name: 'ann', roles: ['editor'] }, 'publish'), forbidden);
  assert.throws(() => authorize({ name: 'ann', roles: ['publisher'] }, 'reveal'), forbidden);
  assert.throws(() => checkFourEyes({ name: 'ann', roles: [] }, ['bob', 'ann']), forbidden);
  checkFourEyes({ name: 'ann', roles: [] }, ['bob']);
});
