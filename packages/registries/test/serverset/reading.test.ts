import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { NO_LOCALITY } from '@meshkeeper/mesh';
import { type Reading, serverset, type ZNode } from '../../src/index.ts';
import { readFixture } from '../fixtures/fixture.ts';
import { dataOf } from '../fixtures/znodes.ts';
import { znode } from '../znode.ts';

const member = (fields: object = {}) =>
  JSON.stringify({
    serviceEndpoint: { host: '10.0.0.1', port: 80 },
    additionalEndpoints: {},
    status: 'ALIVE',
    ...fields,
  });
const vector = (...descriptors: object[]) => JSON.stringify({ vector: descriptors });
const M0 = '/s/web/member_0000000000';
const M1 = '/s/web/member_0000000001';

describe('a reading of serversets', () => {
  let reading: Reading;
  const begin = (root = '/s', ...nodes: ZNode[]) => {
    reading = serverset.reading({ registry: 'r', root, locality: NO_LOCALITY });
    return put(...nodes);
  };
  const put = (...nodes: ZNode[]) => [...new Set(nodes.flatMap((n) => [...reading.put(n)]))].sort();
  const remove = (...paths: string[]) =>
    [...new Set(paths.flatMap((path) => [...reading.remove(path)]))].sort();
  /** Addresses by service. */
  const shown = () =>
    Object.fromEntries(
      [...reading.names].sort().map((name) => {
        const { endpoints = [] } = reading.service(name) ?? {};
        return [name, endpoints.map(({ address, port }) => `${address}:${port}`)];
      }),
    );
  const endpoints = (name = 'web') => reading.service(name)?.endpoints ?? [];
  const weights = (name = 'web') => endpoints(name).map(({ weight }) => weight);
  beforeEach(() => {
    begin('/s', znode('/s'), znode('/s/web'));
  });

  test('what Finagle has written', () => {
    const read = (name: string) => {
      const nodes = readFixture('serverset', name).znodes;
      begin('/sets', ...nodes.map((node) => znode(node.path, dataOf(node))));
      assert.deepEqual([...reading.problems], []);
      return shown();
    };
    assert.deepEqual(read('plain'), { 'role/stage/web': ['10.0.0.1:8080'] });
    assert.deepEqual(read('shards'), { 'role/stage/web': ['10.0.0.1:8080', '10.0.0.2:8080'] });
    assert.deepEqual(
      endpoints('role/stage/web').map(({ id, metadata }) => [id, metadata]),
      [
        ['member_0000000000', { shard: '0' }],
        ['member_0000000001', { shard: '7' }],
      ],
    );
    assert.deepEqual(read('additional'), {
      'role/stage/web': ['10.0.0.1:8080'],
      'role/stage/web:aurora': ['10.0.0.3:90'],
      'role/stage/web:http': ['10.0.0.1:80'],
    });
    assert.deepEqual(read('ipv6'), { 'role/stage/web': ['2001:db8:0:0:0:0:0:1:8080'] });
    read('metadata');
    assert.deepEqual(endpoints('role/stage/web')[0]?.metadata, {
      zone: 'é/1',
      build: '"7"',
      shard: '0',
    });
    assert.equal(endpoints('role/stage/web')[0]?.locality.zone, 'é/1');
    assert.deepEqual(read('left'), { 'role/stage/web/next': ['10.0.0.1:8080'] });
  });

  test('who is not ALIVE is seen, and not routed to', () => {
    const healthOf = (status: unknown) => {
      put(znode(M0, member({ status })));
      const [endpoint] = endpoints();
      return [endpoint?.health, endpoint?.metadata.status];
    };
    assert.deepEqual(healthOf('ALIVE'), ['unknown', undefined]);
    assert.deepEqual(healthOf('STOPPING'), ['draining', 'STOPPING']);
    for (const status of ['DEAD', 'STARTING', 'STOPPED', 'WARNING', 'UNKNOWN', 'alive', ''])
      assert.deepEqual(healthOf(status), ['unhealthy', status]);
    for (const status of [undefined, null, 1, {}])
      assert.deepEqual(healthOf(status), ['unhealthy', 'UNKNOWN']);
  });

  test('what is spoken: by the name of an endpoint, or as the metadata says', () => {
    const endpoint = (port: number) => ({ host: '10.0.0.1', port });
    const http = { http: endpoint(81), thrift: endpoint(82), admin: endpoint(83) };
    put(znode(M0, member({ additionalEndpoints: http })));
    const protocols = () =>
      Object.fromEntries([...reading.names].map((name) => [name, reading.service(name)?.protocol]));
    assert.deepEqual(protocols(), {
      web: 'tcp',
      'web:http': 'http',
      'web:thrift': 'tcp',
      'web:admin': 'http',
    });
    put(znode(M0, member({ additionalEndpoints: { aurora: endpoint(80) } })));
    assert.equal(protocols().web, 'http');
    put(znode(M0, member({ metadata: { protocol: 'grpc' } })));
    assert.equal(protocols().web, 'grpc');
    put(znode(M0, member({ metadata: { protocol: 'mux' } })));
    assert.equal(protocols().web, 'tcp');
  });

  test('weights multiply: by address, member and shard, of each endpoint by itself', () => {
    const additionalEndpoints = { http: { host: '10.0.0.1', port: 81 } };
    put(znode(M0, member({ shard: 7, additionalEndpoints })), znode(M1, member({ shard: 8 })));
    assert.deepEqual(weights(), [100, 100]);
    const v = (n: number, ...descriptors: object[]) =>
      put(znode(`/s/web/vector_${n}`, vector(...descriptors)));
    assert.deepEqual(v(0, { select: 'shard=7', weight: 2 }), ['web', 'web:http']);
    assert.deepEqual(weights(), [200, 100]);
    v(1, { select: 'member=member_0000000000', weight: 3 }, { select: 'shard=8', weight: 0.5 });
    assert.deepEqual([weights(), weights('web:http')], [[600, 50], [600]]);
    v(2, { select: 'inet=10.0.0.1:80', weight: 0.1, priority: 1 });
    assert.deepEqual([weights(), weights('web:http')], [[60, 5], [600]]);
    // For Finagle, two vectors that say the same are one.
    v(3, { select: 'inet=10.0.0.1:80', weight: 0.1 });
    assert.deepEqual(weights(), [60, 5]);
    assert.deepEqual(remove('/s/web/vector_2', '/s/web/vector_3'), ['web', 'web:http']);
    assert.deepEqual(weights(), [600, 50]);
    // Its sentinel for "leave it out".
    v(1, { select: 'shard=7', weight: -1 });
    assert.deepEqual(weights(), [0, 100]);
    v(1, { select: 'shard=7', weight: 1e300 });
    v(0);
    assert.deepEqual(weights(), [1_000_000, 100]);
    assert.equal(reading.problems.size, 0);
  });

  test('a vector that is there before its members, and an IPv6 address', () => {
    put(znode('/s/web/vector_1', vector({ select: 'inet=[fd00::1]:80', weight: 2 })));
    assert.deepEqual(shown(), {});
    put(znode(M0, member({ serviceEndpoint: { host: 'fd00::1', port: 80 } })));
    assert.deepEqual(weights(), [200]);
    put(znode('/s/web/vector_1', vector({ select: 'inet=fd00::1:80', weight: 3 })));
    assert.deepEqual(weights(), [300]);
  });

  test('an endpoint whose weight stays is the same object', () => {
    put(znode(M0, member()), znode('/s/web/vector_1', vector({ select: 'shard=1', weight: 2 })));
    const [before] = endpoints();
    put(znode('/s/web/vector_2', vector({ select: 'shard=2', weight: 2 })));
    assert.equal(endpoints()[0], before);
  });

  test('a serverset is there once it has had a member, and while its directory is', () => {
    const additionalEndpoints = { http: { host: '10.0.0.1', port: 81 } };
    assert.deepEqual(shown(), {});
    assert.deepEqual(put(znode(M0, member({ additionalEndpoints }))), ['web', 'web:http']);
    assert.deepEqual(remove(M0), ['web', 'web:http']);
    assert.deepEqual(shown(), { web: [], 'web:http': [] });
    assert.deepEqual(remove('/s/web'), ['web', 'web:http']);
    assert.deepEqual(shown(), {});
    for (const order of [
      [M0, M1, '/s/web'],
      ['/s/web', M1, M0],
    ]) {
      put(znode('/s/web'), znode(M0, member()), znode(M1, member({ additionalEndpoints })));
      assert.deepEqual(remove(...order), ['web', 'web:http']);
      assert.deepEqual(shown(), {});
    }
  });

  test('an additional endpoint that goes leaves the rest', () => {
    const additionalEndpoints = { http: { host: '10.0.0.1', port: 81 } };
    put(znode(M0, member({ additionalEndpoints })));
    assert.deepEqual(put(znode(M0, member())), ['web', 'web:http']);
    assert.deepEqual(shown(), { web: ['10.0.0.1:80'], 'web:http': [] });
  });

  test('two ways to one name keep their members apart', () => {
    const additionalEndpoints = { http: { host: '10.0.0.1', port: 81 } };
    put(znode(M0, member({ additionalEndpoints })), znode('/s/web:http'));
    put(znode('/s/web:http/member_0000000000', member()));
    assert.deepEqual(
      endpoints('web:http').map(({ id, port }) => [id, port]),
      [
        ['/s/web:http/member_0000000000', 80],
        ['member_0000000000', 81],
      ],
    );
  });

  test('what can not be used fails alone, until it is repaired', () => {
    const problemOf = (path: string, data: string | Buffer) => {
      put(znode(path, data));
      return reading.problems.get(path)?.message;
    };
    assert.match(problemOf(M0, '{') ?? '', /no JSON object/);
    assert.match(problemOf(M0, '') ?? '', /no JSON object/);
    assert.match(problemOf(M0, Buffer.alloc(70_000, '{')) ?? '', /70000 bytes/);
    assert.match(
      problemOf(M0, '{"status":"ALIVE"}') ?? '',
      /"serviceEndpoint" has no host and port/,
    );
    assert.ok(problemOf(M0, 'a directory'));
    put(znode(`${M0}/child`));
    assert.equal(reading.problems.size, 0);
    remove(`${M0}/child`);
    assert.equal(reading.problems.size, 1);
    const half = member({ serviceEndpoint: { host: 'a b', port: 80 } }).replace(
      '{}',
      '{"http":{"host":"a","port":1},"x":{"host":"a","port":0}}',
    );
    assert.equal(
      problemOf(M0, half),
      '"serviceEndpoint" has the "host" "a b", no host name or IP; "additionalEndpoints.x" has the "port" 0, no port',
    );
    assert.deepEqual(shown(), { 'web:http': ['a:1'] });
    assert.equal(problemOf(M0, member()), undefined);
    const V = '/s/web/vector_1';
    for (const data of ['', '{', '[]', '{"vector":1}'])
      assert.match(problemOf(V, data) ?? '', /no JSON/);
    assert.match(
      problemOf(V, vector({ select: 'zone=a', weight: 5 }, { select: 'shard=1' })) ?? '',
      /"select" is "zone=a", none of/,
    );
    for (const select of ['inet=a', 'inet=:80', 'inet=a:0', 'shard=x', 'shard', 1, undefined])
      assert.ok(problemOf(V, vector({ select, weight: 5 })), String(select));
    remove(V);
    assert.equal(reading.problems.size, 0);
    assert.deepEqual(put(znode('/s/web/other', '{'), znode('/s/member_1', '{')), []);
    assert.equal(reading.problems.size, 0);
  });

  test('recognised by what it holds; where the root is, a member does not tell', () => {
    assert.deepEqual(serverset.recognise(znode(M0, member())), {
      root: undefined,
      service: 'web',
    });
    for (const node of [
      znode(M0, '{"host":"a","port":1}'),
      znode('/s/web/other_0000000000', member()),
      znode('/member_0000000000', member()),
      znode('/s/web/member_', member()),
    ])
      assert.equal(serverset.recognise(node), undefined);
  });
});
