import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { NO_LOCALITY } from '@meshkeeper/mesh';
import { apisixSeed, type Reading, type ZNode } from '../../src/index.ts';
import { znode } from '../znode.ts';

/** The seed's own example, of its documentation. */
const EXAMPLE = '[{"host":"127.0.0.1","port":1980,"weight":100}]';

describe('a reading of lists for apisix-seed', () => {
  let reading: Reading;
  const begin = (root: string) => {
    reading = apisixSeed.reading({ registry: 'r', root, locality: NO_LOCALITY });
  };
  beforeEach(() => begin('/seed'));
  const put = (...nodes: ZNode[]) => nodes.flatMap((node) => [...reading.put(node)]);
  const shown = () =>
    Object.fromEntries(
      [...reading.names].map((name) => [
        name,
        reading.service(name)!.endpoints.map(({ id, weight }) => `${id} ${weight}`),
      ]),
    );
  const problemOf = (data: string) => {
    put(znode('/seed/web', data));
    return reading.problems.get('/seed/web')?.message ?? '';
  };

  test("the seed's own example, where it has it", () => {
    begin('/zookeeper');
    const config = 'server.1=127.0.0.1:2888:3888:participant;0.0.0.0:2181\nversion=0';
    put(znode('/zookeeper'), znode('/zookeeper/config', config), znode('/zookeeper/quota'));
    put(znode('/zookeeper/quota/a'), znode('/zookeeper/quota/a/zookeeper_limits', 'count=5'));
    assert.deepEqual(put(znode('/zookeeper/APISIX-ZK', EXAMPLE)), ['APISIX-ZK']);
    assert.deepEqual(shown(), { 'APISIX-ZK': ['127.0.0.1:1980 100'] });
    assert.equal(reading.service('APISIX-ZK')?.protocol, 'http');
    assert.equal(reading.problems.size, 0);
  });

  test('weights, metadata, and an order of their own', () => {
    put(
      znode(
        '/seed/web',
        '[{"host":"b","port":2,"weight":0},{"host":"fd00::1","port":1,"metadata":{"zone":"z","protocol":"grpc","n":1}}]',
      ),
    );
    const { protocol, endpoints } = reading.service('web')!;
    assert.equal(protocol, 'grpc');
    assert.deepEqual(
      endpoints.map(({ id, address, port, weight, locality, metadata }) => [
        ...[id, address, port, weight, locality.zone, metadata],
      ]),
      [
        ['[fd00::1]:1', 'fd00::1', 1, 100, 'z', { zone: 'z', protocol: 'grpc', n: '1' }],
        ['b:2', 'b', 2, 0, '', {}],
      ],
    );
  });

  test('a list changes, is empty, is none, and goes', () => {
    put(znode('/seed'), znode('/seed/web', EXAMPLE), znode('/seed/a/b', EXAMPLE));
    assert.deepEqual(shown(), { web: ['127.0.0.1:1980 100'], 'a/b': ['127.0.0.1:1980 100'] });
    assert.equal(reading.lists?.('/seed/web'), true);
    assert.deepEqual(put(znode('/seed/web', '[]')), ['web']);
    assert.deepEqual(shown().web, []);
    assert.equal(reading.lists?.('/seed/web'), true);
    assert.deepEqual(put(znode('/seed/web', '')), ['web']);
    assert.equal(shown().web, undefined);
    assert.equal(reading.lists?.('/seed/web'), false);
    assert.deepEqual(put(znode('/seed/web', '')), []);
    assert.deepEqual([...reading.remove('/seed/a/b')], ['a/b']);
    assert.deepEqual([...reading.remove('/seed/a/b')], []);
    assert.deepEqual(shown(), {});
  });

  test('of two with one address it is the last', () => {
    put(znode('/seed/web', '[{"host":"a","port":1,"weight":5},{"host":"a","port":1,"weight":7}]'));
    assert.deepEqual(shown().web, ['a:1 7']);
  });

  test('what can not be used fails alone, until it is repaired', () => {
    for (const data of ['{', '{"host":"a","port":1}', '[{', 'text'])
      assert.match(problemOf(data), /no JSON list/);
    assert.match(
      problemOf('[{"host":"a b","port":1},{"host":"c","port":"80"},7,{"host":"d","port":1}]'),
      /element 0 has the "host" "a b", .*; element 1 has the "port" "80", no port; element 2 has 7 instead/,
    );
    assert.deepEqual(shown().web, ['d:1 100']);
    assert.match(problemOf('[{"host":"a","port":1,"weight":"5"}]'), /"weight" "5", no number/);
    assert.deepEqual(shown().web, ['a:1 100']);
    assert.equal(problemOf(EXAMPLE), '');
    problemOf('{');
    put(znode('/seed/web/below', EXAMPLE));
    assert.equal(reading.problems.size, 0, 'who has children is a directory');
    reading.remove('/seed/web/below');
    assert.equal(reading.problems.size, 1);
    reading.remove('/seed/web');
    assert.equal(reading.problems.size, 0);
  });

  test('recognised by what it holds', () => {
    const two = EXAMPLE.replace(']', ',{"host":"a","port":1}]');
    assert.deepEqual(apisixSeed.recognise(znode('/zookeeper/web', two)), {
      ...{ root: '/zookeeper', service: 'web', instances: 2 },
    });
    for (const [path, data] of [
      ['/web', EXAMPLE],
      ['/seed/web', '[]'],
      ['/seed/web', '["a"]'],
      ['/seed/web', '{"host":"a","port":1}'],
      ['/seed/web', ''],
    ] as const)
      assert.equal(apisixSeed.recognise(znode(path, data)), undefined, `${path} ${data}`);
  });
});
