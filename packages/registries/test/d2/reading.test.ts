import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { NO_LOCALITY } from '@meshkeeper/mesh';
import { d2, type Reading, type ZNode } from '../../src/index.ts';
import { readFixture } from '../fixtures/fixture.ts';
import { dataOf } from '../fixtures/znodes.ts';
import { znode } from '../znode.ts';

/** What D2 writes of a server with one weight. */
const announced = (uri: string, weight = 1, said?: object) =>
  JSON.stringify({
    weights: { [uri]: weight },
    partitionDesc: { [uri]: { 0: { weight } } },
    uriSpecificProperties: said ? { [uri]: said } : {},
    clusterName: 'Web',
  });
const defined = (clusterName: string, more: object = {}) =>
  JSON.stringify({ clusterName, path: '/x', ...more });
const at = (number: number, cluster = 'Web') => `/d2/uris/${cluster}/ephemoral-000000000${number}`;

describe('a reading of D2', () => {
  let reading: Reading;
  beforeEach(() => {
    reading = readingOf();
  });
  const readingOf = (root = '/d2') => d2.reading({ registry: 'r', root, locality: NO_LOCALITY });
  const put = (...nodes: ZNode[]) =>
    [...new Set(nodes.flatMap((node) => [...reading.put(node)]))].sort();
  const remove = (...paths: string[]) =>
    [...new Set(paths.flatMap((path) => [...reading.remove(path)]))].sort();
  const endpoints = (name: string) => reading.service(name)?.endpoints ?? [];
  /** Ids by service. */
  const shown = () =>
    Object.fromEntries(
      [...reading.names].sort().map((name) => [name, endpoints(name).map(({ id }) => id)]),
    );
  const problemOf = (path: string, data: string | Buffer) => {
    put(znode(path, data));
    return reading.problems.get(path)?.message ?? '';
  };
  const play = (name: string) => {
    for (const node of readFixture('d2', name).znodes) put(znode(node.path, dataOf(node)));
  };

  test('what D2 itself has written', () => {
    play('plain');
    assert.deepEqual(
      endpoints('Web').map(({ id, weight, health, metadata }) => [id, weight, health, metadata]),
      [
        ['10.0.0.1:8080', 100, 'unknown', {}],
        ['10.0.0.2:8080', 50, 'unknown', { path: '/context' }],
      ],
    );
    assert.equal(reading.service('Web')?.protocol, 'http');
    reading = readingOf();
    play('properties');
    const [secure] = endpoints('Web');
    assert.deepEqual(
      [secure?.id, secure?.address, secure?.port, secure?.locality.zone, secure?.metadata],
      [
        ...['[2001:db8::1]:8443', '2001:db8::1', 8443, 'é/1"'],
        { zone: 'é/1"', build: '7', doNotSlowStart: 'true', scheme: 'https' },
      ],
    );
    reading = readingOf();
    play('partitions');
    assert.deepEqual(
      endpoints('Web').map(({ weight, metadata }) => [weight, metadata]),
      [
        [100, { 'partition.0': 'true', 'partition.2': 'true' }],
        [200, { 'partition.1': 'true' }],
      ],
    );
    assert.equal(reading.problems.size, 0);
  });

  test('what D2 is configured with: services of clusters, time-outs, and who is banned', () => {
    play('configured');
    assert.deepEqual(shown(), {
      Web: ['10.0.0.1:8080'],
      parts: [],
      slow: ['10.0.0.1:8080'],
      web: ['10.0.0.1:8080'],
    });
    const origin = { source: 'r', path: '/d2/services/slow' };
    assert.deepEqual(reading.service('slow')?.policy, { perTryTimeout: { value: 1500, origin } });
    assert.equal(reading.service('web')?.policy, undefined);
    assert.equal(reading.problems.size, 0);
    // Its tool writes `banned` of a service, which its client doesn't read.
    assert.equal(endpoints('slow')[0]?.health, 'unknown');
    assert.deepEqual(put(znode(at(1), announced('http://10.0.0.9:8080'))), ['Web', 'slow', 'web']);
    for (const name of ['Web', 'slow', 'web'])
      assert.deepEqual(
        endpoints(name).map(({ id, health, metadata }) => [id, health, metadata.banned]),
        [
          ['10.0.0.1:8080', 'unknown', undefined],
          ['10.0.0.9:8080', 'draining', 'true'],
        ],
      );
    const banned = { bannedUris: ['http://10.0.0.1:8080'] };
    assert.deepEqual(put(znode('/d2/services/slow', defined('Web', banned))), ['slow']);
    assert.deepEqual(
      ['slow', 'web'].map((name) => endpoints(name)[0]?.health),
      ['draining', 'unknown'],
    );
    assert.deepEqual(put(znode('/d2/clusters/Web', '{"clusterName":"Web"}')), [
      'Web',
      'slow',
      'web',
    ]);
    assert.equal(endpoints('web')[1]?.health, 'unknown');
    // An endpoint that is told again is the same.
    assert.equal(endpoints('slow')[0], endpoints('slow')[0]);
  });

  test('services come and go with their definitions, and move to other clusters', () => {
    assert.deepEqual(put(znode('/d2/services/shop', defined('Web'))), ['shop']);
    put(znode('/d2/uris/Web'), znode(at(0), announced('http://a:80')));
    put(znode('/d2/uris/Other'), znode(at(1, 'Other'), announced('http://b:80')));
    assert.deepEqual(shown(), { Other: ['b:80'], Web: ['a:80'], shop: ['a:80'] });
    assert.deepEqual(put(znode('/d2/services/shop', defined('Other'))), ['shop']);
    assert.deepEqual(shown().shop, ['b:80']);
    assert.deepEqual(remove(at(1, 'Other')), ['Other', 'shop']);
    assert.deepEqual(shown(), { Other: [], Web: ['a:80'], shop: [] });
    assert.deepEqual(remove('/d2/uris/Other'), ['Other', 'shop']);
    assert.deepEqual(shown(), { Web: ['a:80'], shop: [] });
    // A name that is a service's and a cluster's is the service's.
    assert.deepEqual(put(znode('/d2/services/Web', defined('Nobody'))), ['Web']);
    assert.deepEqual(shown(), { Web: [], shop: [] });
    assert.deepEqual(remove('/d2/services/Web', '/d2/services/shop'), ['Web', 'shop']);
    assert.deepEqual(shown(), { Web: ['a:80'] });
  });

  test('a cluster by another name', () => {
    put(znode('/d2/services/shop', defined('$Master')));
    put(
      znode(at(0, 'East'), announced('http://a:80')),
      znode(at(1, 'West'), announced('http://b:80')),
    );
    assert.deepEqual(put(znode('/d2/clusters/$Master', '/d2/clusters/East')), []);
    assert.deepEqual(put(znode('/d2/uris/$Master', '/d2/uris/East')), ['shop']);
    assert.deepEqual(shown(), { East: ['a:80'], West: ['b:80'], shop: ['a:80'] });
    assert.deepEqual(put(znode(at(2, 'East'), announced('http://c:80'))), ['East', 'shop']);
    assert.deepEqual(put(znode('/d2/uris/$Master', '/d2/uris/$Other')), ['shop']);
    assert.deepEqual(put(znode('/d2/uris/$Other', '/d2/uris/West')), ['shop']);
    assert.deepEqual(shown().shop, ['b:80']);
    // A circle leads nowhere.
    put(znode('/d2/uris/$Other', '/d2/uris/$Master'));
    assert.deepEqual(shown().shop, []);
    put(znode('/d2/uris/$Other', '/elsewhere/West'));
    assert.deepEqual(shown().shop, []);
    put(znode('/d2/uris/$Other', '/d2/uris/West'));
    assert.deepEqual(remove('/d2/uris/$Master'), ['shop']);
    assert.deepEqual(shown(), { East: ['a:80', 'c:80'], West: ['b:80'], shop: [] });
    assert.equal(reading.problems.size, 0);
  });

  test('as a client without TLS: plain HTTP where there is any', () => {
    put(znode(at(0), announced('https://a:443')));
    assert.deepEqual(shown().Web, ['a:443']);
    put(znode(at(1), announced('http://a:80')));
    assert.deepEqual(shown().Web, ['a:80']);
    remove(at(1));
    assert.deepEqual(shown().Web, ['a:443']);
  });

  test('a server that is announced twice is as it was announced last', () => {
    put(znode(at(7), announced('http://a:80', 1), { czxid: 7n }));
    put(znode(at(8), announced('http://a:80/', 2), { czxid: 8n }));
    assert.deepEqual(
      endpoints('Web').map(({ id, weight }) => [id, weight]),
      [['a:80', 200]],
    );
    remove(at(7));
    assert.deepEqual(shown().Web, ['a:80']);
  });

  test('weights of old servers, and what is not to be balanced', () => {
    put(znode(at(0), '{"weights":{"http://a":0.25},"clusterName":"Web"}'));
    assert.deepEqual([endpoints('Web')[0]?.id, endpoints('Web')[0]?.weight], ['a:80', 25]);
    for (const said of [true, 'true']) {
      put(znode(at(0), announced('http://a', 1, { doNotLoadBalance: said })));
      assert.equal(endpoints('Web')[0]?.health, 'draining');
    }
    put(znode(at(0), announced('http://a', 1, { protocol: 'grpc' })));
    assert.equal(reading.service('Web')?.protocol, 'grpc');
  });

  test('what can not be used fails alone, until it is repaired', () => {
    put(znode(at(0), announced('http://a:80')));
    const path = at(1);
    for (const data of ['', '{', '[]', '{}', '{"weights":1}'])
      assert.match(problemOf(path, data), /no JSON object with the weight/);
    assert.match(problemOf(path, Buffer.alloc(70_000, '{')), /70000 bytes/);
    assert.match(problemOf(path, '{"weights":{"http://a":1,"http://b":1}}'), /2 URIs, not one/);
    assert.match(problemOf(path, '{"weights":{}}'), /0 URIs/);
    assert.match(problemOf(path, announced('http://a b:80')), /no host name or IP/);
    for (const uri of ['a:80', 'http://', 'http://u@a', '//a', 'http://[a]:80'])
      assert.match(problemOf(path, announced(uri)), /no host name or IP/, uri);
    for (const uri of ['http://a:0', 'http://a:65536', 'x://a'])
      assert.match(problemOf(path, announced(uri)), /no port/, uri);
    for (const weight of ['"1"', '-1', 'null'])
      assert.match(problemOf(path, `{"weights":{"http://a":${weight}}}`), /no weight/);
    assert.match(problemOf(path, '{"partitionDesc":{"http://a":{"x":{"weight":1}}}}'), /no weight/);
    assert.deepEqual(shown(), { Web: ['a:80'] });
    assert.equal(problemOf(path, announced('http://b:80')), '');
    assert.match(problemOf('/d2/services/x', '{'), /no JSON object/);
    assert.match(problemOf('/d2/services/x', '{"clusterName":7}'), /"clusterName" is 7/);
    assert.match(problemOf('/d2/clusters/Web', 'x'), /no JSON object/);
    assert.deepEqual(shown(), { Web: ['a:80', 'b:80'] });
    remove('/d2/services/x', '/d2/clusters/Web');
    assert.equal(reading.problems.size, 0);
    put(
      znode('/d2'),
      znode('/d2/uris'),
      znode('/d2/clusters/Web/shop'),
      znode('/d2/other/x/y', '{'),
    );
    assert.equal(reading.problems.size, 0);
  });

  test('a root that is /', () => {
    reading = readingOf('/');
    put(znode('/uris/Web/ephemoral-0000000000', announced('http://a:80')));
    put(znode('/services/shop', defined('Web')));
    assert.deepEqual(shown(), { Web: ['a:80'], shop: ['a:80'] });
  });

  test('recognised by what it holds, where D2 has it', () => {
    const data = announced('http://a:80');
    assert.deepEqual(d2.recognise(znode(at(0), data)), { root: '/d2', service: 'Web' });
    assert.deepEqual(d2.recognise(znode('/uris/Web/x', data)), { root: '/', service: 'Web' });
    for (const [path, said] of [
      ['/d2/uris/Other/x', data],
      ['/d2/Web/x', data],
      ['/d2/uris/Web/x/y', data],
      ['/d2/uris/Web/x', '{"clusterName":"Web"}'],
    ] as const)
      assert.equal(d2.recognise(znode(path, said)), undefined);
  });
});
