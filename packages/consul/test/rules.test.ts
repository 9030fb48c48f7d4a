import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackOff } from '../src/client/back-off.ts';
import { TokenBucket } from '../src/client/token-bucket.ts';
import { consulDestinationSchema, consulSourceSchema } from '../src/index.ts';
import { nextIndex } from '../src/source/follow.ts';
import { consulMeta } from '../src/sync/meta.ts';
import { consulNames } from '../src/sync/names.ts';

test('an index that goes backwards begins anew, and none is below 1', () => {
  assert.equal(nextIndex(10, 12), 12);
  assert.equal(nextIndex(10, 10), 10);
  assert.equal(nextIndex(10, 9), 0);
  assert.equal(nextIndex(0, 0), 1);
});

test('two at once after a rest, then evenly', () => {
  let now = 0;
  const bucket = new TokenBucket(10, () => now);
  assert.deepEqual([bucket.reserve(), bucket.reserve(), bucket.reserve()], [0, 0, 100]);
  now = 10_000;
  assert.deepEqual([bucket.reserve(), bucket.reserve(), bucket.reserve()], [0, 0, 100]);
});

test('pauses grow, with chance in them, and end where they are long enough', () => {
  const low = new BackOff(() => 0);
  const high = new BackOff(() => 1);
  assert.deepEqual([low.next(), low.next(), low.next()], [100, 200, 400]);
  assert.deepEqual([high.next(), high.next()], [200, 400]);
  for (let i = 0; i < 40; i++) high.next();
  assert.equal(high.next(), 30_000);
  high.reset();
  assert.equal(high.next(), 200);
});

test('names: those that Consul bears keep theirs, whoever else would like it', () => {
  const names = consulNames(['Orders', 'orders', 'a.b', 'a-b', ':', `x${'y'.repeat(80)}`]);
  assert.equal(names.get('Orders'), 'Orders');
  assert.match(names.get('orders') ?? '', /^orders-[0-9a-f]{6}$/);
  assert.equal(names.get('a-b'), 'a-b');
  assert.match(names.get('a.b') ?? '', /^a-b-[0-9a-f]{6}$/);
  assert.match(names.get(':') ?? '', /^service-[0-9a-f]{6}$/);
  assert.equal(names.get(`x${'y'.repeat(80)}`)?.length, 63);
  assert.equal(new Set([...names.values()].map((name) => name.toLowerCase())).size, names.size);
});

test('Meta: what Consul does not take is told', () => {
  const { meta, faults } = consulMeta(
    { 'a.b': '1', a_b: '2', 'consul-x': 'y', ok: 'v', [`k${'k'.repeat(128)}`]: 'v' },
    { own: 'o' },
  );
  assert.deepEqual(meta, { own: 'o', a_b: '1', ok: 'v' });
  assert.equal(faults.length, 3);
  const many = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`k${i}`, 'v']));
  assert.equal(Object.keys(consulMeta(many, { own: 'o' }).meta).length, 64);
});

test('settings: what can not be is told, and a token is never written there', () => {
  const faults = (
    schema: typeof consulSourceSchema | typeof consulDestinationSchema,
    value: unknown,
  ) => schema.safeParse(value).error?.issues.map(({ path }) => path.join('.')) ?? [];
  assert.deepEqual(faults(consulSourceSchema, {}), []);
  assert.deepEqual(faults(consulSourceSchema, { wait: '10m' }), ['wait']);
  assert.deepEqual(faults(consulSourceSchema, { token: 'secret' }), ['token']);
  assert.deepEqual(faults(consulSourceSchema, { token: {} }), ['token']);
  assert.deepEqual(faults(consulSourceSchema, { tls: { key: 'k' } }), ['tls']);
  assert.deepEqual(faults(consulDestinationSchema, { address: 'ftp://x' }), ['address']);
  assert.deepEqual(faults(consulDestinationSchema, { node: 'a/b' }), ['node']);
});
