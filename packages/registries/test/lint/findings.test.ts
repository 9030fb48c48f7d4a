import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parentOf } from '@meshkeeper/zookeeper';
import {
  apisixSeed,
  curator,
  DIALECTS,
  type Dialect,
  d2,
  dubbo,
  nerve,
  spring,
  type ZNode,
} from '../../src/index.ts';
import { findingsOf } from '../../src/lint/lint.ts';
import { understood } from '../../src/lint/read-registry.ts';
import { znode } from '../znode.ts';

type Written = Record<string, string | Buffer>;

/** A registry of these znodes, with what is above them. */
function read(dialect: Dialect, root: string, written: Written, name = dialect.name) {
  const all = new Map(Object.entries(written));
  for (const path of [...all.keys()])
    for (let above = parentOf(path); above !== '/'; above = parentOf(above))
      if (!all.has(above)) all.set(above, '');
  const nodes = new Map<string, ZNode>();
  for (const [path, data] of all) {
    const numChildren = [...all.keys()].filter((child) => parentOf(child) === path).length;
    nodes.set(path, znode(path, data, { numChildren, version: 7 }));
  }
  return understood({ name, dialect, root }, nodes);
}

function found(...reads: ReturnType<typeof read>[]) {
  return findingsOf(reads).map(({ code, path, service }) => [code, path ?? service]);
}

/** The znode of an instance. */
function instance(dialect: Dialect, root: string, said: Partial<Parameters<Dialect['encode']>[1]>) {
  const [entry] = dialect.encode(root, { service: 'a', address: '10.0.0.1', port: 80, ...said }, 5);
  const { path, data } = entry!;
  return { [/[-_]$/.test(path) ? `${path}0000000001` : path]: data } satisfies Written;
}

describe('lint', () => {
  test('registries as they should be are clean, in every dialect', () => {
    const reads = [...DIALECTS.values()].map((dialect) =>
      read(dialect, `/${dialect.name}`, {
        ...instance(dialect, `/${dialect.name}`, {
          service: `${dialect.name}.A`,
          ...(dialect.name !== 'curator' && { protocol: 'dubbo' }),
        }),
      }),
    );
    assert.deepEqual(found(...reads), []);
  });

  test('what can not be used is told with its path', () => {
    const broken = read(spring, '/s', {
      '/s/a/one': 'no JSON',
      '/s/a/two': '{"name":"a","address":"not a host!","port":1}',
      '/s/a/big': Buffer.alloc(70_000, 'x'),
      ...instance(spring, '/s', { id: 'fine' }),
    });
    assert.deepEqual(found(broken), [
      ['too-large', '/s/a/big'],
      ['malformed', '/s/a/one'],
      ['bad-address', '/s/a/two'],
    ]);
  });

  test('an address twice, and an id twice, in a registry and in two', () => {
    const one = read(spring, '/s', {
      ...instance(spring, '/s', { id: 'x' }),
      ...instance(spring, '/s', { id: 'y' }),
      ...instance(spring, '/s', { id: 'z', port: 81 }),
    });
    const other = read(curator, '/c', {
      // The same instance, registered twice: that is what registries beside each other are for.
      ...instance(curator, '/c', { id: 'x' }),
      ...instance(curator, '/c', { id: 'z', port: 9 }),
    });
    assert.deepEqual(found(one, other), [
      ['duplicate-id', '/c/a/z'],
      ['duplicate-address', '/s/a/y'],
    ]);
  });

  test('of Dubbo, versions, groups and protocols at one address are different services', () => {
    const at = (service: string, more = {}) =>
      instance(dubbo, '/d', { service, protocol: 'dubbo', ...more });
    const fine = read(dubbo, '/d', {
      ...at('com.A:1.0:g'),
      ...at('com.A:2.0:g'),
      ...at('com.A:1.0'),
      ...at('com.B'),
      ...at('com.B@tri', { port: 81 }),
    });
    assert.deepEqual(found(fine), []);
    const [, twice] = Object.keys({ ...at('com.B'), ...at('com.B', { metadata: { x: '1' } }) });
    const both = read(dubbo, '/d', { ...at('com.B'), [twice!]: '' });
    assert.deepEqual(
      found(both).map(([code]) => code),
      ['duplicate-address'],
    );
  });

  test('what is mirrored is nobody else: no duplicate, no name', () => {
    const metadata = { 'meshkeeper.mirror': 'm/r/x' };
    const both = read(spring, '/s', {
      ...instance(spring, '/s', { id: 'x' }),
      ...instance(spring, '/s', { id: 'y', metadata }),
      ...instance(spring, '/s', { id: 'y', service: 'A', metadata }),
    });
    assert.deepEqual(found(both), []);
  });

  test('names that lead to no service, or to another', () => {
    const long = 'x'.repeat(70);
    const one = read(spring, '/s', {
      ...instance(spring, '/s', { service: 'Orders' }),
      ...instance(spring, '/s', { service: 'fine.one', id: '1' }),
      ...instance(spring, '/s', { service: long, id: '2' }),
      ...instance(spring, '/s', { service: 'ends-', id: '3' }),
    });
    const other = read(curator, '/c', instance(curator, '/c', { service: 'orders', id: 'o' }));
    assert.deepEqual(found(one, other), [
      ['unreachable-by-name', 'orders'],
      ['unreachable-by-name', 'Orders'],
      ['unreachable-by-name', 'ends-'],
      ['unreachable-by-name', long],
    ]);
    // With a prefix of its own each has a name.
    const apart = understood(
      { name: 'c', dialect: curator, root: '/c', prefix: 'c.' },
      other.nodes,
    );
    const names = findingsOf([one, apart]).map(({ service }) => service);
    assert.deepEqual(names, ['ends-', long]);
  });

  test('revisions that no instance has, and mappings to nobody', () => {
    const metadata = { 'register-mode': 'instance', application: 'shop' };
    const service = 'com.foo.A';
    const said = {
      service,
      address: '10.0.0.1',
      port: 20_880,
      protocol: 'dubbo' as const,
      metadata,
    };
    const entries = dubbo.encode('/dubbo', said, 5);
    const living = Object.fromEntries(entries.map(({ path, data }) => [path, data]));
    const [, revision] = entries;
    const [, old] = dubbo.encode('/dubbo', { ...said, service: 'com.foo.Old' }, 5);
    const [, gone] = dubbo.encode(
      '/dubbo',
      { ...said, metadata: { ...metadata, application: 'gone' } },
      5,
    );
    const clean = read(dubbo, '/dubbo', living);
    assert.deepEqual(found(clean), []);
    const written = {
      ...living,
      [old!.path]: old!.data,
      [gone!.path]: gone!.data,
      // It looks like a revision, and is a directory of interface-level metadata.
      '/dubbo/metadata/com.foo.A/provider/shop': 'whatever',
      '/dubbo/metadata/com.foo.A/consumer': '',
      '/dubbo/mapping/com.foo.Gone': 'gone,shop',
    };
    assert.deepEqual(found(read(dubbo, '/dubbo', written)), [
      ['orphaned-mapping', '/dubbo/mapping/com.foo.Gone'],
      ['orphaned-revision', gone!.path],
      ['orphaned-revision', old!.path],
    ]);
    const { [revision!.path]: _, ...lost } = living;
    const [finding] = findingsOf([read(dubbo, '/dubbo', lost)]);
    assert.equal(finding?.code, 'missing-revision');
    assert.equal(finding?.severity, 'error');
  });

  test('empty directories, from the deepest; with their data, or with consumers, they are none', () => {
    const springs = read(spring, '/s', {
      ...instance(spring, '/s', { service: 'a/b' }),
      '/s/empty/deeper': '10.0.0.9',
      '/s/gone': '',
    });
    assert.deepEqual(found(springs), [
      ['empty-directory', '/s/empty'],
      ['empty-directory', '/s/empty/deeper'],
      ['empty-directory', '/s/gone'],
    ]);
    const dubbos = read(dubbo, '/d', {
      '/d/com.A/providers': '',
      '/d/com.A/configurators': '',
      '/d/com.B/providers': '',
      '/d/com.B/consumers/consumer%3A%2F%2F10.0.0.1%2Fcom.B': '',
      '/d/metadata/com.A': '',
      '/d/config/dubbo': '',
    });
    assert.deepEqual(found(dubbos), [
      ['empty-directory', '/d/com.A'],
      ['empty-directory', '/d/com.A/configurators'],
      ['empty-directory', '/d/com.A/providers'],
    ]);
    const nerves = read(nerve, '/n', { '/n/a/services': '{"frontend":{}}', '/n/b': '' });
    assert.deepEqual(found(nerves), [['empty-directory', '/n/b']]);
    const d2s = read(d2, '/d2', {
      ...instance(d2, '/d2', {}),
      ...{ '/d2/uris/gone': '', '/d2/uris/$Link': '/d2/uris/a' },
      ...{ '/d2/clusters/a/shop': '', '/d2/clusters/a': '{"clusterName":"a"}', '/d2/services': '' },
    });
    assert.deepEqual(found(d2s), [['empty-directory', '/d2/uris/gone']]);
    const seeds = read(apisixSeed, '/zookeeper', {
      ...instance(apisixSeed, '/zookeeper', {}),
      ...{ '/zookeeper/quota': '', '/zookeeper/config': 'version=0', '/zookeeper/none': '[]' },
    });
    assert.deepEqual(found(seeds), []);
    const whole = read(nerve, '/', { '/zookeeper/quota': '', '/meshkeeper/overlays': '' });
    assert.deepEqual(found(whole), []);
  });

  test('what comes near the largest answer that ZooKeeper gives', () => {
    const many = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`/s/a/${'n'.repeat(90)}${i}`, 'x']),
    );
    const some = read(spring, '/s', { ...many, '/s/b/large': Buffer.alloc(3_000) });
    const codes = (maxBuffer: number) =>
      findingsOf([some], maxBuffer)
        .filter(({ code }) => code === 'large-data' || code === 'many-children')
        .map(({ code, path }) => [code, path]);
    assert.deepEqual(codes(100_000), []);
    assert.deepEqual(codes(5_700), [
      ['many-children', '/s/a'],
      ['large-data', '/s/b/large'],
    ]);
    assert.deepEqual(codes(6_300), []);
  });
});
