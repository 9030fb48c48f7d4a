import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { bind } from '../../src/client/bind.ts';
import { describe as described } from '../../src/client/described.ts';
import type { ResolvedEntry } from '../../src/client/resolved.ts';
import { jsonSchemaOf, type StandardSchema } from '../../src/client/standard-schema.ts';
import { flatten } from '../../src/model/flatten.ts';

type Written = Readonly<Record<string, string | readonly [ResolvedEntry['type'], string]>>;

/** What a program would be given. */
function bound(written: Written, schema?: StandardSchema): unknown {
  const from = { application: 'shop', namespace: 'default', release: 1 };
  const entries = Object.entries(written).map(([key, value]) => {
    const [type, text] = typeof value === 'string' ? (['text', value] as const) : value;
    return [key, { type, value: text, from }] as const;
  });
  return bind(Object.fromEntries(entries), schema && jsonSchemaOf(schema));
}

describe('flat keys become what the schema describes', () => {
  const schema = z.object({
    server: z.object({ port: z.int(), maxConnections: z.number().optional(), tls: z.boolean() }),
    tags: z.array(z.string()).optional(),
    limits: z.record(z.string(), z.number()).optional(),
    mode: z.union([z.literal('auto'), z.number()]).optional(),
    note: z.string().nullable().optional(),
    upstreams: z.array(z.object({ host: z.string(), port: z.number() })).optional(),
  });

  test('nested, with the types that it asks for', () => {
    assert.deepEqual(bound({ 'server.port': '8080', 'server.tls': 'on' }, schema), {
      server: { port: 8080, tls: true },
    });
  });

  test('names in other spellings, as Spring has it', () => {
    assert.deepEqual(bound({ 'SERVER.MAX_CONNECTIONS': '7', 'server.tls': 'false' }, schema), {
      server: { maxConnections: 7, tls: false },
    });
    assert.deepEqual(bound({ 'server.max-connections': '7' }, schema), {
      server: { maxConnections: 7 },
    });
  });

  test('lists by places, with commas, or as JSON', () => {
    assert.deepEqual(bound({ 'tags[1]': 'b', 'tags[0]': 'a' }, schema), { tags: ['a', 'b'] });
    assert.deepEqual(bound({ tags: 'a, b' }, schema), { tags: ['a', 'b'] });
    assert.deepEqual(bound({ tags: '["a,b"]' }, schema), { tags: ['a,b'] });
    assert.deepEqual(bound({ tags: '' }, schema), { tags: [] });
    assert.deepEqual(bound({ tags: ['yaml', '- a\n- "1"'] }, schema), { tags: ['a', '1'] });
    assert.deepEqual(bound({ 'upstreams[0].host': 'a', 'upstreams[0].port': '1' }, schema), {
      upstreams: [{ host: 'a', port: 1 }],
    });
  });

  test('a document as a value, and single keys over it', () => {
    const server = ['yaml', 'port: 1\ntls: true'] as const;
    assert.deepEqual(bound({ server, 'server.port': '2' }, schema), {
      server: { port: 2, tls: true },
    });
    assert.deepEqual(bound({ server: '{"port": 1, "tls": "no"}' }, schema), {
      server: { port: 1, tls: false },
    });
  });

  test('a map of plain values has keys with dots', () => {
    assert.deepEqual(bound({ 'limits.a.b': '1', 'limits.c': '2' }, schema), {
      limits: { 'a.b': 1, c: 2 },
    });
  });

  test('of several types the one that fits; text where text may be', () => {
    assert.deepEqual(bound({ mode: 'auto' }, schema), { mode: 'auto' });
    assert.deepEqual(bound({ mode: '3' }, schema), { mode: 3 });
    assert.deepEqual(bound({ note: '3' }, schema), { note: '3' });
    assert.deepEqual(bound({ note: ['json', '3'] }, schema), { note: '3' });
    assert.deepEqual(bound({ note: ['json', 'null'] }, schema), { note: null });
  });

  test('what can not be read stays as it is, for the schema to refuse', () => {
    const value = bound({ 'server.port': 'eighty', 'server.tls': 'maybe' }, schema);
    assert.deepEqual(value, { server: { port: 'eighty', tls: 'maybe' } });
    const { issues = [] } = z.safeParse(schema, value).error ?? {};
    assert.deepEqual(
      issues.map(({ path }) => path.join('.')),
      ['server.port', 'server.tls'],
    );
  });

  test('without a schema keys are nested at their dots, and only JSON has types', () => {
    assert.deepEqual(bound({ 'a.b': '1', 'a.c[0]': ['json', '1'], d: ['json', '{"e":[true]}'] }), {
      a: { b: '1', c: [1] },
      d: { e: [true] },
    });
  });

  test('a key like __proto__ is one as any other', () => {
    const value = bound({ '__proto__.polluted': 'yes' });
    assert.equal(Object.hasOwn(value as object, '__proto__'), true);
    assert.equal(({} as { polluted?: string }).polluted, undefined);
  });

  test('a schema that refers to itself', () => {
    const tree = z.object({
      name: z.string(),
      get children() {
        return z.array(tree).optional();
      },
    });
    const root = z.object({ tree });
    assert.deepEqual(bound({ 'tree.name': '1', 'tree.children[0].name': '2' }, root), {
      tree: { name: '1', children: [{ name: '2' }] },
    });
    assert.ok(described({ $ref: '#' }, { $ref: '#' }).unconstrained);
  });

  test('what was nested, and flattened for the wire, comes back', () => {
    const document = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string({ unit: fc.constantFrom('x', 'y', ',', ' ') }),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
        fc.boolean(),
        fc.array(tie('value'), { minLength: 1, maxLength: 3 }),
        tie('map'),
      ),
      map: fc.dictionary(fc.constantFrom('a', 'b', 'c-d', 'e_f'), tie('value'), { minKeys: 1 }),
    })).map;
    fc.assert(
      fc.property(document, (value) => {
        const text = JSON.stringify(value);
        const entries = flatten({
          format: 'json',
          entries: new Map([['content', { type: 'json', value: text }]]),
        });
        const written = [...entries].map(([key, entry]) => {
          assert.ok(entry.type !== 'secret');
          return [key, [entry.type, entry.value] as const] as const;
        });
        assert.deepEqual(bound(Object.fromEntries(written)), JSON.parse(text));
      }),
      { numRuns: 200 },
    );
  });
});
