import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { NO_LOCALITY } from '@meshkeeper/mesh';
import { DirectoryReading, decodeInstance, type ZNode } from '../../src/index.ts';
import { znode } from '../znode.ts';

const instance = (port: number, address = '10.0.0.1') => JSON.stringify({ address, port });
const readingOf = (root: string) =>
  new DirectoryReading(root, (node, name) =>
    decodeInstance({ registry: 'r', locality: NO_LOCALITY }, name, node),
  );

describe('DirectoryReading', () => {
  let reading: DirectoryReading;
  beforeEach(() => {
    reading = readingOf('/s');
  });
  const change = (upserted: ZNode[], removed: string[] = []) => {
    const changed = new Set<string>();
    for (const path of removed) for (const name of reading.remove(path)) changed.add(name);
    for (const node of upserted) for (const name of reading.put(node)) changed.add(name);
    return [...changed].sort();
  };
  const begin = (...nodes: ZNode[]) => {
    reading = readingOf('/s');
    return change(nodes);
  };
  /** Ports by service. */
  const shown = () =>
    Object.fromEntries(
      [...reading.names]
        .sort()
        .map((name) => [name, reading.service(name)!.endpoints.map(({ port }) => port)]),
    );

  test('a directory is a service once it has had an instance, and while it is there', () => {
    begin(znode('/s'), znode('/s/a'), znode('/s/empty'));
    assert.deepEqual(shown(), {});
    assert.deepEqual(change([znode('/s/a/1', instance(1))]), ['a']);
    assert.deepEqual(change([znode('/s/a/2', instance(2))]), ['a']);
    assert.deepEqual(shown(), { a: [1, 2] });
    assert.deepEqual(change([], ['/s/a/1']), ['a']);
    assert.deepEqual(change([], ['/s/a/2']), ['a']);
    assert.deepEqual(shown(), { a: [] });
    assert.deepEqual(change([], ['/s/a']), ['a']);
    assert.deepEqual(shown(), {});
  });

  test('a directory that goes with its instances, in any order', () => {
    for (const order of [
      ['/s/a/1', '/s/a/2', '/s/a'],
      ['/s/a', '/s/a/2', '/s/a/1'],
    ]) {
      begin(znode('/s/a'), znode('/s/a/1', instance(1)), znode('/s/a/2', instance(2)));
      assert.deepEqual(change([], order), ['a']);
      assert.deepEqual(shown(), {});
    }
  });

  test('nested services are told by the directory of their instances', () => {
    begin(znode('/s/a'), znode('/s/a/b'), znode('/s/a/b/c'), znode('/s/a/b/c/1', instance(1)));
    change([znode('/s/a/2', instance(2))]);
    assert.deepEqual(shown(), { a: [2], 'a/b/c': [1] });
    assert.deepEqual(change([], ['/s/a/b/c/1', '/s/a/b/c', '/s/a/b']), ['a/b/c']);
    assert.deepEqual(shown(), { a: [2] });
  });

  test('a directory becomes an instance, and the other way round', () => {
    begin(znode('/s/a'), znode('/s/a/x'));
    assert.deepEqual(change([znode('/s/a/x', instance(1))]), ['a']);
    assert.deepEqual(shown(), { a: [1] });
    assert.deepEqual(change([znode('/s/a/x')]), ['a']);
    assert.deepEqual(shown(), { a: [] });
    change([znode('/s/a/x', instance(1))]);
    assert.deepEqual(change([], ['/s/a/x']), ['a']);
    assert.deepEqual(shown(), { a: [] });
  });

  test('an instance with children is both, as for Curator', () => {
    begin(znode('/s/a'), znode('/s/a/x', instance(1), { numChildren: 1 }));
    assert.deepEqual(change([znode('/s/a/x/y', instance(2))]), ['a/x']);
    assert.deepEqual(shown(), { a: [1], 'a/x': [2] });
    change([], ['/s/a/x/y']);
    assert.deepEqual(shown(), { a: [1], 'a/x': [] });
    assert.deepEqual(change([], ['/s/a/x']), ['a', 'a/x']);
    assert.deepEqual(shown(), { a: [] });
  });

  test('who has children needs no data that makes sense, as long as there are any', () => {
    const problems = () => [...reading.problems.keys()];
    begin(znode('/s/a'), znode('/s/a/x', 'text'));
    assert.deepEqual(problems(), ['/s/a/x']);
    change([znode('/s/a/x/y', instance(1)), znode('/s/a/x/z')]);
    assert.deepEqual(problems(), []);
    change([znode('/s/a/x', 'other text', { numChildren: 2 }), znode('/s/a/x/y', '')]);
    assert.deepEqual(problems(), []);
    change([], ['/s/a/x/y']);
    assert.deepEqual(problems(), []);
    change([], ['/s/a/x/z']);
    assert.deepEqual(problems(), ['/s/a/x']);
    change([znode('/s/a/x')]);
    assert.deepEqual(problems(), []);
    // A child that has gone before it could be read.
    change([znode('/s/a/x', 'text', { numChildren: 1 })]);
    assert.deepEqual(problems(), ['/s/a/x']);
    change([], ['/s/a/x']);
    assert.deepEqual(problems(), []);
  });

  test('a problem goes when its znode is repaired or deleted, and takes the instance along', () => {
    begin(znode('/s/a'), znode('/s/a/1', instance(1)), znode('/s/a/2', instance(2)));
    assert.deepEqual(change([znode('/s/a/1', '{')]), ['a']);
    assert.deepEqual(shown(), { a: [2] });
    assert.equal(reading.problems.get('/s/a/1')?.code, 'malformed');
    change([znode('/s/a/1', instance(3))]);
    assert.deepEqual(shown(), { a: [3, 2] });
    assert.equal(reading.problems.size, 0);
    change([znode('/s/a/1', '{')]);
    change([], ['/s/a/1']);
    assert.equal(reading.problems.size, 0);
  });

  test('endpoints by id', () => {
    begin(znode('/s/a'), znode('/s/a/2', instance(2)), znode('/s/a/1', instance(1, 'host')));
    change([znode('/s/a/0', instance(3))]);
    assert.deepEqual(
      reading.service('a')?.endpoints.map(({ id, address }) => [id, address]),
      [
        ['0', '10.0.0.1'],
        ['1', 'host'],
        ['2', '10.0.0.1'],
      ],
    );
  });

  test('what instances speak that differ is that of the first by id, however they came', () => {
    const readingOf = (...nodes: ZNode[]) => {
      const reading = new DirectoryReading('/s', (node, name) => {
        const decoded = decodeInstance({ registry: 'r', locality: NO_LOCALITY }, name, node);
        return decoded.type === 'instance' && name === '1'
          ? { ...decoded, protocol: 'grpc' }
          : decoded;
      });
      for (const node of nodes) reading.put(node);
      return reading.service('a')?.protocol;
    };
    const [one, two] = [znode('/s/a/1', instance(1)), znode('/s/a/2', instance(2))];
    assert.equal(readingOf(one, two), 'grpc');
    assert.equal(readingOf(two, one), 'grpc');
  });

  test('a root that is / or has no instances directly below it', () => {
    reading = readingOf('/');
    change([znode('/'), znode('/a', instance(1)), znode('/a/1', instance(2))]);
    assert.deepEqual(shown(), { a: [2] });
  });
});
