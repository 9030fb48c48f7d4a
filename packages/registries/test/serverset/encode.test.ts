import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_LOCALITY } from '@meshkeeper/mesh';
import { CreateMode } from '@meshkeeper/zookeeper';
import {
  encodeServersetMember,
  type Registration,
  type ServersetMember,
  serverset,
} from '../../src/index.ts';
import { readFixture } from '../fixtures/fixture.ts';
import { dataOf } from '../fixtures/znodes.ts';
import { znode } from '../znode.ts';

const registration: Registration = { service: 'role/web', address: '10.0.0.1', port: 80 };
const encode = (change: Partial<Registration> = {}) =>
  serverset.encode('/s', { ...registration, ...change }, 0);
const textOf = (change: Partial<Registration>) => encode(change)[0]?.data.toString();

test('what Finagle has written is written to the letter', () => {
  const names = ['plain', 'shards', 'additional', 'metadata', 'ipv6', 'left'];
  const members = names
    .flatMap((name) => readFixture('serverset', name).znodes)
    .filter(({ path }) => path.includes('/member_'));
  assert.equal(members.length, 8);
  for (const node of members) {
    const data = dataOf(node);
    const member = JSON.parse(data.toString()) as ServersetMember;
    assert.deepEqual(encodeServersetMember(member), data);
    const { serviceEndpoint, additionalEndpoints, shard, metadata } = member;
    if (Object.keys(additionalEndpoints).length > 0) continue;
    const entries = encode({
      ...{ address: serviceEndpoint.host, port: serviceEndpoint.port },
      metadata: { ...metadata, ...(shard !== undefined && { shard: String(shard) }) },
    });
    assert.deepEqual(
      entries.map((entry) => entry.data),
      [data],
    );
  }
});

test('Gson writes markup in escapes', () => {
  const metadata = { shard: '1', html: "<a href='x'>&=\u2028é😀\u0001" };
  assert.match(
    textOf({ metadata }) ?? '',
    /"metadata":\{"html":"\\u003ca href\\u003d\\u0027x\\u0027\\u003e\\u0026\\u003d\\u2028é😀\\u0001"\}\}$/,
  );
});

describe('a member', () => {
  test('is numbered by ZooKeeper, and its parents are persistent', () => {
    const [entry, ...others] = encode();
    assert.equal(entry?.path, '/s/role/web/member_');
    assert.equal(entry?.mode, CreateMode.EPHEMERAL_SEQUENTIAL);
    assert.equal(entry?.parents, 'persistent');
    assert.equal(others.length, 0);
    assert.equal(encode({ id: 'member_0000000007' })[0]?.path, '/s/role/web/member_0000000007');
    assert.equal(encode({ id: 'member_0000000007' })[0]?.mode, CreateMode.EPHEMERAL);
    assert.throws(() => encode({ id: 'web-1' }), { code: 'UNWRITABLE' });
  });

  test('health is its status; locality, protocol and metadata are metadata', () => {
    assert.match(textOf({ health: 'draining' }) ?? '', /"status":"STOPPING"\}$/);
    assert.match(textOf({ health: 'unhealthy' }) ?? '', /"status":"DEAD"\}$/);
    assert.match(textOf({ health: 'healthy' }) ?? '', /"status":"ALIVE"\}$/);
    const locality = { region: 'r', zone: 'z', subzone: '' };
    assert.match(
      textOf({ locality, protocol: 'http', metadata: { a: 'b', shard: '3', status: 'x' } }) ?? '',
      /"status":"ALIVE","shard":3,"metadata":\{"a":"b","region":"r","zone":"z","protocol":"http"\}\}$/,
    );
    assert.throws(() => encode({ metadata: { shard: 'x' } }), { code: 'UNWRITABLE' });
    // Finagle never resolves a set with such a member.
    const entries = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`key-${i}`, 'value']));
    encode({ metadata: entries(10) });
    assert.throws(() => encode({ metadata: entries(11) }), { code: 'UNWRITABLE' });
  });

  test('a weight is a vector beside it, with a decimal point', () => {
    const vectorOf = (change: Partial<Registration>) => encode(change)[1];
    assert.equal(vectorOf({ weight: 100 }), undefined);
    assert.equal(vectorOf({ weight: 200 })?.path, '/s/role/web/vector_');
    assert.equal(vectorOf({ weight: 200 })?.mode, CreateMode.EPHEMERAL_SEQUENTIAL);
    assert.equal(
      vectorOf({ weight: 200 })?.data.toString(),
      '{"vector":[{"select":"inet=10.0.0.1:80","weight":2.0,"priority":1}]}',
    );
    assert.match(vectorOf({ weight: 30 })?.data.toString() ?? '', /"weight":0.3,/);
    const ipv6 = { weight: 200, address: '::1' };
    assert.match(
      vectorOf({ ...ipv6, metadata: { shard: '7' } })?.data.toString() ?? '',
      /"select":"shard=7"/,
    );
    assert.throws(() => encode(ipv6), { code: 'UNWRITABLE' });
  });

  test('what was written is what is read', () => {
    const reading = serverset.reading({ registry: 'r', root: '/s', locality: NO_LOCALITY });
    for (const { path, data } of encode({ weight: 250, health: 'draining', protocol: 'grpc' }))
      reading.put(znode(`${path}0000000000`, data));
    const { name, protocol, endpoints } = reading.service('role/web')!;
    assert.deepEqual([name, protocol, endpoints.length], ['role/web', 'grpc', 1]);
    assert.deepEqual([endpoints[0]?.weight, endpoints[0]?.health], [250, 'draining']);
  });
});

describe('what is registered is revised', () => {
  const path = '/s/role/web/member_0000000001';
  const data = Buffer.from(
    '{"new":[1],"serviceEndpoint":{"host":"a","port":1,"x":1},"additionalEndpoints":{},"status":"ALIVE","shard":1,"metadata":{"a":"b"}}',
  );
  const revised = (change: Parameters<typeof serverset.revise>[1]) =>
    serverset.revise({ path, data }, change);

  test('a member keeps what nobody knows here', () => {
    assert.deepEqual(revised({}), { path, data });
    assert.equal(
      revised({ health: 'draining', metadata: { c: 'd', shard: '2' } }).data.toString(),
      data
        .toString()
        .replace('ALIVE', 'STOPPING')
        .replace('"shard":1', '"shard":2')
        .replace('"b"', '"b","c":"d"'),
    );
    assert.throws(() => revised({ weight: 50 }), { code: 'UNWRITABLE' });
    const empty = { path, data: Buffer.of() };
    assert.throws(() => serverset.revise(empty, { health: 'healthy' }), { code: 'UNWRITABLE' });
  });

  test('a vector of one weight', () => {
    const vector = {
      path: '/s/role/web/vector_0000000002',
      data: Buffer.from('{"vector":[{"select":"shard=1","x":1,"weight":1.5,"priority":2}],"y":1}'),
    };
    assert.equal(
      serverset.revise(vector, { weight: 300 }).data.toString(),
      vector.data.toString().replace('1.5', '3.0'),
    );
    assert.deepEqual(serverset.revise(vector, {}), vector);
    for (const change of [{ health: 'healthy' }, { metadata: {} }] as const)
      assert.throws(() => serverset.revise(vector, change), { code: 'UNWRITABLE' });
    const two = { ...vector, data: Buffer.from('{"vector":[{},{}]}') };
    assert.throws(() => serverset.revise(two, { weight: 1 }), { code: 'UNWRITABLE' });
  });
});
