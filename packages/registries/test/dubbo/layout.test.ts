import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { placeOf } from '../../src/dubbo/layout.ts';
import { dubbo } from '../../src/index.ts';
import { znode } from '../znode.ts';
import { asZNode, nodesOf } from './read.ts';

describe('where things are', () => {
  test('in the registry of the default group', () => {
    const of = (path: string) => placeOf('/dubbo', path);
    assert.deepEqual(of('/dubbo/a+b/providers/x'), {
      ...{ type: 'url', interface: 'a b', category: 'providers', node: 'x' },
    });
    assert.deepEqual(of('/services/shop/1'), { type: 'instance', application: 'shop' });
    assert.deepEqual(of('/dubbo/shop/1'), { type: 'instance', application: 'shop' });
    assert.deepEqual(of('/dubbo/mapping/a.B'), { type: 'mapping', interface: 'a.B' });
    const metadata = { type: 'metadata', application: 'shop', revision: 'r' };
    assert.deepEqual(of('/dubbo/metadata/shop/r'), metadata);
    assert.deepEqual(of('/dubbo/config/dubbo/k'), { type: 'rule', key: 'k' });
    for (const none of [
      '/dubbo',
      '/dubbo/a.B',
      '/dubbo/a.B/providers',
      '/dubbo/a.B/others/x',
      '/dubbo/a.B/providers/x/y',
      '/dubbo/%/providers/x',
      '/dubbo/mapping',
      '/dubbo/mapping/a/b',
      '/dubbo/metadata/shop',
      '/dubbo/metadata/a.B/1.0/g/provider/shop',
      '/dubbo/config/dubbo',
      '/dubbo/config/OTHER/k',
      '/dubbo/config/dubbo/k/l',
      '/services/shop',
      '/services/team/shop/1',
      '/elsewhere/a.B/providers/x',
    ])
      assert.equal(of(none), undefined, none);
  });

  test('in that of another group: what is below its root, and the configuration of all', () => {
    const of = (path: string) => placeOf('/abc', path);
    assert.deepEqual(of('/abc/shop/1'), { type: 'instance', application: 'shop' });
    assert.deepEqual(of('/abc/config/dubbo/k'), { type: 'rule', key: 'k' });
    assert.deepEqual(of('/dubbo/config/dubbo/k'), { type: 'rule', key: 'k' });
    assert.equal(of('/services/shop/1'), undefined);
    assert.equal(of('/dubbo/a.B/providers/x'), undefined);
    assert.equal(of('/abcd/shop/1'), undefined);
  });

  test('the trees of a root', () => {
    assert.deepEqual(dubbo.trees('/dubbo'), ['/dubbo', '/services']);
    assert.deepEqual(dubbo.trees('/abc'), ['/abc', '/dubbo/config/dubbo']);
    assert.deepEqual(dubbo.trees('/'), ['/']);
  });
});

describe('what is recognised', () => {
  const recognised = (fixture: string) =>
    nodesOf(fixture)
      .map((node) => dubbo.recognise(asZNode(node)))
      .filter((found) => found !== undefined);
  const service = 'io.meshkeeper.testbed.dubbo.Greeter:1.0.0:g';

  test('providers and instances, and the root that reads them', () => {
    assert.deepEqual(recognised('two-protocols'), [
      { root: '/dubbo', service },
      { root: '/dubbo', service },
      { root: '/dubbo', service: 'shop' },
    ]);
    const roots = new Set(recognised('registry-group').map(({ root }) => root));
    assert.equal(roots.size, 1);
    assert.notEqual([...roots][0], '/dubbo');
    assert.deepEqual(recognised('left'), []);
  });

  test('nothing else', () => {
    for (const path of [
      '/',
      '/a',
      '/a/providers/x',
      '/providers/dubbo%3A%2F%2Fh%3A1%2FA',
      '/A/providers/%',
    ])
      assert.equal(dubbo.recognise(znode(path)), undefined, path);
    const plain = znode('/services/dubbo/1', '{"name":"dubbo","address":"h","port":1}');
    assert.equal(dubbo.recognise(plain), undefined);
  });
});
