import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Any,
  decodeResource,
  duration,
  encodeResource,
  makeResource,
  milliseconds,
  RESOURCE_TYPES,
  resourceName,
} from '../src/index.ts';

test('a resource survives its encoding as an Any', () => {
  const bytes = encodeResource('cluster', { name: 'shop', connectTimeout: duration(1500) });
  const any = Any.decode(bytes);
  assert.equal(any.type_url, RESOURCE_TYPES.cluster.typeUrl);
  const cluster = decodeResource('cluster', any);
  assert.equal(resourceName('cluster', cluster), 'shop');
  assert.equal(milliseconds(cluster.connectTimeout), 1500);
});

test('a message of another kind, and bytes that are no protobuf, are told apart from a resource', () => {
  const any = Any.decode(encodeResource('cluster', { name: 'shop' }));
  assert.throws(() => decodeResource('listener', any), { code: 'malformed', name: 'XdsError' });
  const broken = { type_url: RESOURCE_TYPES.cluster.typeUrl, value: Buffer.from('ffff', 'hex') };
  assert.throws(() => decodeResource('cluster', broken), { code: 'malformed' });
});

test('a duration that no timer holds is one that is as good', () => {
  const ninetyDays = 90 * 24 * 3_600_000;
  assert.equal(milliseconds(duration(ninetyDays)), 1_000_000_000);
  assert.equal(milliseconds(undefined), undefined);
});

test('a load assignment is named by its cluster', () => {
  const bytes = encodeResource('endpoint', { clusterName: 'shop' });
  assert.equal(resourceName('endpoint', decodeResource('endpoint', Any.decode(bytes))), 'shop');
});

test('a resource holds on to no memory but its own', () => {
  const { any } = makeResource('cluster', 'shop', { name: 'shop' });
  assert.equal(any.buffer.byteLength, any.length);
  assert.equal(Any.decode(any).type_url, RESOURCE_TYPES.cluster.typeUrl);
});
