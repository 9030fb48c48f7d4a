import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ZNode } from '@meshkeeper/registries';
import type { Stat } from '@meshkeeper/zookeeper';
import fc from 'fast-check';
import { digestOf, encodeHead, parseHead } from '../../src/policies/head.ts';
import {
  POLICIES,
  type PolicyRef,
  policyPath,
  recordPath,
  refAt,
  revisionAt,
} from '../../src/policies/policy-paths.ts';
import { parseRecord } from '../../src/policies/policy-record.ts';
import { PolicyReader } from '../../src/policies/policy-tree.ts';
import { encodePolicy, parsePolicy } from '../../src/policies/stored-policy.ts';
import { route } from './samples.ts';

const RUNS = process.env.MESHKEEPER_SOAK ? 20_000 : 500;
/** Names that schemas refuse, too: the path scheme does not rely on them. */
const anyName = fc
  .oneof(
    fc.string({ minLength: 1 }),
    fc.string({ minLength: 1, unit: 'binary' }),
    fc.constantFrom('.', '..', '...', ':', '/', '%', '%2E', 'a:b', '~'),
  )
  .filter((text) => text.isWellFormed());

let transactions = 1n;
function node(path: string, data: string | Buffer): ZNode {
  const mzxid = transactions++;
  // What the reader looks at of it.
  const stat = { czxid: mzxid, mzxid, version: 0, mtime: 1 } as unknown as Stat;
  return { path, data: Buffer.from(data as string), stat };
}

const NONE: ReadonlySet<string> = new Set();

describe('the names of znodes', () => {
  test('any two policies have different ones, which tell whose they are', () => {
    const ref = fc.record(
      { kind: fc.constantFrom('HTTPRoute', 'Gateway'), namespace: anyName, name: anyName },
      { requiredKeys: ['kind', 'name'], noNullPrototype: true },
    );
    fc.assert(
      fc.property(ref, (any) => {
        const one = any as PolicyRef;
        const path = policyPath(one);
        assert.match(path, /^\/meshkeeper\/policies\/[A-Za-z]+\/[^/]+$/);
        assert.doesNotMatch(path, /\/\.{1,2}$/);
        assert.deepEqual(refAt(path), one);
      }),
      { numRuns: RUNS },
    );
  });

  test('what is no name of ours is nobody’s', () => {
    for (const path of [
      '',
      '/x',
      '/HTTPRoute',
      '/HTTPRoute/',
      '/HTTPRoute/a/b',
      '/httproute/a',
      '/HTTPRoute/%61',
      '/HTTPRoute/%',
      '/HTTPRoute/a:b:c',
      '/toString/a',
      '/__proto__/a',
      '/HTTPRoute/é',
    ])
      assert.equal(refAt(`${POLICIES}${path}`), undefined, path);
    assert.equal(revisionAt(recordPath(17).split('/').at(-1)!), 17);
    for (const name of ['17', 'x', '00000000017', '9999999999', '-000000001'])
      assert.equal(revisionAt(name), undefined, name);
  });
});

describe('what znodes hold', () => {
  test('whatever it is, reading it does not throw', () => {
    const data = fc.oneof(
      fc.uint8Array(),
      fc.json().map(Buffer.from),
      fc.json().map((json) => Buffer.from(`{"revision":1,"at":1,"policy":${json}}`)),
    );
    fc.assert(
      fc.property(data, anyName, (bytes, name) => {
        const buffer = Buffer.from(bytes);
        assert.ok('fault' in parsePolicy(buffer, { kind: 'HTTPRoute', name }));
        assert.equal(parseHead(buffer), undefined);
        assert.equal(parseRecord(buffer, 1), undefined);
        const nodes = [
          node(POLICIES, buffer),
          node(`${POLICIES}/HTTPRoute/${encodeURIComponent(name)}`, buffer),
        ];
        const { list, whole } = new PolicyReader().read(nodes, NONE);
        assert.equal(list.problems.length, 1);
        assert.equal(whole, false);
      }),
      { numRuns: RUNS },
    );
  });

  const policy = route('shop', ['orders']);
  const path = policyPath({ kind: 'HTTPRoute', name: 'shop' });
  const good = encodePolicy({ policy, revision: 3, at: 1, by: 'alice' });
  const head = encodeHead({ revision: 3, digest: digestOf(new Map([[path, 3]])) });

  test('the tree is whole when the root and all that it speaks of was read', () => {
    const reader = new PolicyReader();
    const [root, shop] = [node(POLICIES, head), node(path, good)];
    assert.equal(reader.read([root], NONE).whole, false);
    const tree = reader.read([root, shop], NONE);
    assert.equal(tree.whole, true);
    assert.deepEqual(tree.list, {
      revision: 3,
      policies: [{ policy, revision: 3, at: 1, by: 'alice' }],
      problems: [],
    });
    const newer = node(path, encodePolicy({ policy, revision: 4, at: 1 }));
    assert.equal(reader.read([root, newer], NONE).whole, false);
    assert.equal(reader.read([], NONE).whole, true);
  });

  test('what can not be read is what it was, until it is gone', () => {
    const reader = new PolicyReader();
    const root = node(POLICIES, head);
    reader.read([root, node(path, good)], NONE);
    for (const [nodes, unreadable] of [
      [[root, node(path, '{')], []],
      [[root], [path]],
      [[root], [`${POLICIES}/HTTPRoute`]],
      [[], [POLICIES]],
    ] as const) {
      const { list, entries } = reader.read(nodes, new Set(unreadable));
      assert.equal(list.policies[0]?.policy.metadata.name, 'shop');
      assert.ok(list.problems.length > 0);
      assert.notEqual(entries.get('HTTPRoute/shop')?.fault, undefined);
    }
    assert.deepEqual(reader.read([root], NONE).list.policies, []);
    const { list } = reader.read([root, node(path, '{')], NONE);
    assert.deepEqual(list.policies, []); // it was gone
  });
});
