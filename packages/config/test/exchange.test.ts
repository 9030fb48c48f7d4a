import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isConfigError } from '../src/config-error.ts';
import { fromConsul, toConsul } from '../src/exchange/consul.ts';
import { fromFiles, toFiles } from '../src/exchange/files.ts';
import { documentNamespace, type Exchanged } from '../src/exchange/namespaces.ts';
import { fromSpringTree } from '../src/exchange/spring-tree.ts';
import type { PlainEntry } from '../src/model/entry.ts';
import { springLayout } from '../src/projection/spring.ts';

const shown = (namespaces: readonly Exchanged[]) =>
  Object.fromEntries(
    namespaces.map(({ application, namespace, entries }) => [
      `${application}/${namespace}`,
      Object.fromEntries([...entries].map(([key, { value }]) => [key, value])),
    ]),
  );
const entry: fc.Arbitrary<PlainEntry> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), value: fc.string({ unit: 'grapheme' }) }),
  fc.record({
    type: fc.constantFrom('json' as const, 'yaml' as const, 'properties' as const),
    value: fc.string({ unit: 'grapheme' }),
    comment: fc.string(),
  }),
);
const keys: fc.Arbitrary<Exchanged> = fc
  .array(
    fc.tuple(
      fc.stringMatching(/^[a-z][a-z.]{0,6}$/),
      entry.map((each) => ({ ...each })),
    ),
    { minLength: 1 },
  )
  .map((pairs) => ({
    application: 'shop',
    namespace: 'prod',
    format: 'keys',
    entries: new Map(pairs),
  }));

describe('files', () => {
  test('what is written is read again', () => {
    fc.assert(
      fc.property(keys, fc.string(), (namespace, text) => {
        const document = documentNamespace(
          { application: 'pay', namespace: 'default' },
          'yaml',
          text,
        );
        const all = [
          { ...namespace, schema: '{}', public: true },
          { ...documentNamespace({ ...namespace, namespace: 'eu' }, 'text', text), public: false },
          document,
        ];
        const links = [{ application: 'pay', namespace: 'default' }];
        const settings = new Map([['shop', { links, fourEyes: true }]]);
        const read = fromFiles(toFiles(all, settings));
        assert.deepEqual(read, { namespaces: all, problems: [], settings });
      }),
    );
  });

  test('are called by application and namespace', () => {
    const { namespaces, problems } = fromFiles(
      new Map([
        ['shop/default.yml', 'a: 1'],
        ['shop/default.json', '{}'],
        ['shop/v1.2.properties', 'a=1'],
        ['shop/eu.keys.yaml', 'a: [1]'],
        ['top.yaml', ''],
        ['shop/image.png', ''],
        ['shop/none.schema.json', '{}'],
        ['shop/_settings.yaml', 'public: [v1.2, gone]'],
        ['pay/_settings.yaml', 'links: [pay/a/b]'],
      ]),
    );
    assert.deepEqual(shown(namespaces), {
      'shop/default': { content: 'a: 1' },
      'shop/v1.2': { content: 'a=1' },
    });
    assert.deepEqual(
      problems.map(({ where }) => where),
      [
        'shop/default.json',
        'shop/eu.keys.yaml',
        'top.yaml',
        'shop/image.png',
        'pay/_settings.yaml',
        'shop/_settings.yaml',
        'shop/none.schema.json',
      ],
    );
  });
});

test("Consul's export is read, and written", () => {
  // As `consul kv export` writes it.
  const text = JSON.stringify([
    { key: 'config/', flags: 0, value: '' },
    { key: 'config/shop/db/host', flags: 0, value: 'ZGIxCg==' },
    { key: 'config/shop,prod/data', flags: 42, value: Buffer.from('a: 1').toString('base64') },
    { key: 'config/shop/binary', flags: 0, value: '/w==' },
    { key: 'other/key', flags: 0, value: '' },
    { key: 'config/loose', flags: 0, value: '' },
  ]);
  const { namespaces, problems } = fromConsul(text, 'config/', 'yaml');
  assert.deepEqual(shown(namespaces), {
    'shop/default': { 'db.host': 'db1\n' },
    'shop/prod': { content: 'a: 1' },
  });
  assert.equal(namespaces[1]?.format, 'yaml');
  assert.deepEqual(
    problems.map(({ where }) => where),
    ['config/shop/binary', 'config/loose'],
  );
  assert.deepEqual(fromConsul(toConsul(namespaces), 'config/', 'yaml').namespaces, namespaces);
  for (const bad of ['', '{}', '[{}]', '[{"key":1}]'])
    assert.throws(
      () => fromConsul(bad),
      (error) => isConfigError(error, 'NOT_VALID'),
    );
});

test("Spring's layout is read as Spring reads it, and ours comes back", () => {
  const node = (path: string, text: string, leaf = true) => ({
    path,
    data: Buffer.from(text),
    leaf,
  });
  const { namespaces, problems } = fromSpringTree([
    node('/config', '', false),
    node('/config/shop', '', false),
    node('/config/shop/db', '', false),
    node('/config/shop/db/host', 'db1'),
    node('/config/shop/db/empty', ''),
    node('/config/shop/both', 'x', false),
    node('/config/shop/both/below', 'y'),
    node('/config/shop,prod/a.b', 'c'),
    node('/config/-bad/a', 'c'),
    node('/elsewhere/shop/a', 'c'),
  ]);
  assert.deepEqual(shown(namespaces), {
    'shop/default': { 'db.host': 'db1', 'db.empty': '', both: 'x', 'both.below': 'y' },
    'shop/prod': { 'a.b': 'c' },
  });
  assert.equal(problems.length, 1);
  fc.assert(
    fc.property(keys, (namespace) => {
      const { nodes } = springLayout([{ ...namespace, content: namespace }]);
      const tree = [...nodes].map(([path, data]) => ({
        path,
        data,
        leaf: path.split('/').length > 3,
      }));
      assert.deepEqual(shown(fromSpringTree(tree).namespaces), shown([namespace]));
    }),
  );
});
