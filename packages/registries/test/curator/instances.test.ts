import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Instances } from '../../src/curator/instances.ts';
import type { ZNode } from '../../src/index.ts';
import { znode } from '../znode.ts';

const instance = (port: number, address = '10.0.0.1') => JSON.stringify({ address, port });

describe('Instances', () => {
  let instances: Instances;
  beforeEach(() => {
    instances = new Instances('r', '/s');
  });
  const reset = (...nodes: ZNode[]) =>
    instances.apply({ type: 'reset', nodes: new Map(nodes.map((node) => [node.path, node])) });
  const change = (upserted: ZNode[], removed: string[] = []) => {
    const changed = instances.apply({ type: 'changes', removed, upserted });
    return changed === 'all' ? changed : [...changed].sort();
  };
  /** Ports by service. */
  const shown = () =>
    Object.fromEntries(
      [...instances.names]
        .sort()
        .map((name) => [
          name,
          instances.service(name, (address) => address)!.endpoints.map(({ port }) => port),
        ]),
    );

  test('a directory is a service once it has had an instance, and while it is there', () => {
    reset(znode('/s'), znode('/s/a'), znode('/s/empty'));
    assert.deepEqual(shown(), {});
    assert.deepEqual(change([znode('/s/a/1', instance(1))]), ['a']);
    assert.deepEqual(change([znode('/s/a/2', instance(2))]), ['a']);
    assert.deepEqual(shown(), { a: [1, 2] });
    assert.deepEqual(change([], ['/s/a/1']), ['a']);
    assert.deepEqual(change([], ['/s/a/2']), ['a']);
    assert.deepEqual(shown(), { a: [] });
    assert.deepEqual(reset(znode('/s'), znode('/s/a')), 'all');
    assert.deepEqual(shown(), { a: [] });
    assert.deepEqual(change([], ['/s/a']), ['a']);
    assert.deepEqual(shown(), {});
  });

  test('a directory that goes with its instances, in any order', () => {
    for (const order of [
      ['/s/a/1', '/s/a/2', '/s/a'],
      ['/s/a', '/s/a/2', '/s/a/1'],
    ]) {
      reset(znode('/s/a'), znode('/s/a/1', instance(1)), znode('/s/a/2', instance(2)));
      assert.deepEqual(change([], order), ['a']);
      assert.deepEqual(shown(), {});
    }
  });

  test('a reset forgets what is not in it', () => {
    reset(znode('/s/a'), znode('/s/a/1', instance(1)), znode('/s/b'), znode('/s/b/1', '{'));
    reset(znode('/s/c'), znode('/s/c/1', instance(3)));
    assert.deepEqual(shown(), { c: [3] });
    assert.equal(instances.problems.size, 0);
  });

  test('nested services are told by the directory of their instances', () => {
    reset(znode('/s/a'), znode('/s/a/b'), znode('/s/a/b/c'), znode('/s/a/b/c/1', instance(1)));
    change([znode('/s/a/2', instance(2))]);
    assert.deepEqual(shown(), { a: [2], 'a/b/c': [1] });
    assert.deepEqual(change([], ['/s/a/b/c/1', '/s/a/b/c', '/s/a/b']), ['a/b/c']);
    assert.deepEqual(shown(), { a: [2] });
  });

  test('a directory becomes an instance, and the other way round', () => {
    reset(znode('/s/a'), znode('/s/a/x'));
    assert.deepEqual(change([znode('/s/a/x', instance(1))]), ['a']);
    assert.deepEqual(shown(), { a: [1] });
    assert.deepEqual(change([znode('/s/a/x')]), ['a']);
    assert.deepEqual(shown(), { a: [] });
    change([znode('/s/a/x', instance(1))]);
    assert.deepEqual(change([], ['/s/a/x']), ['a']);
    assert.deepEqual(shown(), { a: [] });
  });

  test('an instance with children is both, as for Curator', () => {
    reset(znode('/s/a'), znode('/s/a/x', instance(1), { numChildren: 1 }));
    assert.deepEqual(change([znode('/s/a/x/y', instance(2))]), ['a/x']);
    assert.deepEqual(shown(), { a: [1], 'a/x': [2] });
    change([], ['/s/a/x/y']);
    assert.deepEqual(shown(), { a: [1], 'a/x': [] });
    assert.deepEqual(change([], ['/s/a/x']), ['a', 'a/x']);
    assert.deepEqual(shown(), { a: [] });
  });

  test('who has children needs no data that makes sense', () => {
    reset(znode('/s/a'), znode('/s/a/x', 'text'));
    assert.deepEqual([...instances.problems.keys()], ['/s/a/x']);
    change([znode('/s/a/x/y', instance(1))]);
    assert.equal(instances.problems.size, 0);
    change([znode('/s/a/x', 'other text', { numChildren: 1 })]);
    assert.equal(instances.problems.size, 0);
  });

  test('a problem goes when its znode is repaired or deleted, and takes the instance along', () => {
    reset(znode('/s/a'), znode('/s/a/1', instance(1)), znode('/s/a/2', instance(2)));
    assert.deepEqual(change([znode('/s/a/1', '{')]), ['a']);
    assert.deepEqual(shown(), { a: [2] });
    assert.equal(instances.problems.get('/s/a/1')?.code, 'malformed');
    change([znode('/s/a/1', instance(3))]);
    assert.deepEqual(shown(), { a: [3, 2] });
    assert.equal(instances.problems.size, 0);
    change([znode('/s/a/1', '{')]);
    change([], ['/s/a/1']);
    assert.equal(instances.problems.size, 0);
  });

  test('endpoints by id; those without an address are left out', () => {
    const at = (host: string) => instance(1, host);
    reset(znode('/s/a'), znode('/s/a/2', at('known')), znode('/s/a/1', at('unknown')));
    change([znode('/s/a/0', at('10.0.0.9')), znode('/s/b/1', at('known'))]);
    const resolve = (host: string) => ({ known: '10.0.0.1', '10.0.0.9': '10.0.0.9' })[host];
    assert.deepEqual(
      instances
        .service('a', resolve)
        ?.endpoints.map(({ id, address, hostname }) => [id, address, hostname]),
      [
        ['0', '10.0.0.9', undefined],
        ['2', '10.0.0.1', 'known'],
      ],
    );
    assert.deepEqual(
      instances.hosts(),
      new Map([
        ['known', new Set(['a', 'b'])],
        ['unknown', new Set(['a'])],
      ]),
    );
  });

  test('a root that is / or has no instances directly below it', () => {
    instances = new Instances('r', '/');
    reset(znode('/'), znode('/a', instance(1)), znode('/a/1', instance(2)));
    assert.deepEqual(shown(), { a: [2] });
  });
});
