import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Consul, startConsul } from '../src/index.ts';

/*
 * What was measured on a real Consul 1.21: the stand-in behaves so, too.
 */

let consul: Consul;
before(async () => {
  consul = await startConsul();
});
after(() => consul?.close());

const put = (path: string, body: unknown) =>
  fetch(`${consul.url}${path}`, { method: 'PUT', body: JSON.stringify(body) });
const get = async (path: string) => {
  const response = await fetch(`${consul.url}${path}`);
  const index = Number(response.headers.get('x-consul-index'));
  // biome-ignore lint/suspicious/noExplicitAny: it is looked at, not promised
  return { status: response.status, index, body: (await response.json()) as any };
};
const register = (Node: string, Service: object, more: object = {}) =>
  put('/v1/catalog/register', { Node, Address: '10.0.0.1', Service, ...more });

test('only what changes wakes a query, and only its own', async () => {
  await register('a', { Service: 'one', Port: 1 });
  await register('a', { Service: 'two', Port: 2 });
  const { index } = await get('/v1/health/service/one');
  const all = (await get('/v1/catalog/services')).index;
  await register('a', { Service: 'one', Port: 1 });
  assert.equal((await get(`/v1/health/service/one?index=${index}&wait=20ms`)).index, index);
  await register('a', { Service: 'two', Port: 3 });
  assert.equal((await get('/v1/health/service/one')).index, index);
  assert.ok((await get('/v1/catalog/services')).index > all);
  const listed = (await get('/v1/catalog/services')).index;
  const check = { Node: 'a', CheckID: 'c', Name: 'c', Status: 'passing', ServiceID: 'one' };
  await put('/v1/catalog/register', { Node: 'a', SkipNodeUpdate: true, Check: check });
  assert.ok((await get('/v1/health/service/one')).index > index);
  assert.equal((await get('/v1/catalog/services')).index, listed);
  const before = (await get('/v1/health/service/two')).index;
  await register('a', { Service: 'one', Port: 1 }, { NodeMeta: { a: 'b' } });
  assert.ok((await get('/v1/health/service/two')).index > before);
});

test('a node without its Meta loses it; checks stay; SkipNodeUpdate leaves all', async () => {
  await register('b', { Service: 's', Port: 1, Tags: ['t'] }, { NodeMeta: { a: 'b' } });
  await put('/v1/catalog/register', {
    ...{ Node: 'b', SkipNodeUpdate: true, Service: { Service: 's', Port: 2 } },
    Check: { CheckID: 'c', Name: 'c', Status: 'warning', ServiceID: 's' },
  });
  assert.deepEqual(consul.catalog().node('B')?.node.Meta, { a: 'b' });
  assert.deepEqual(consul.catalog().node('b')?.services.get('s')?.Tags, []);
  await register('b', { Service: 's', Port: 3 });
  assert.equal(consul.catalog().node('b')?.node.Meta, null);
  assert.equal((await get('/v1/health/service/s')).body[0].Checks[0].Status, 'warning');
  assert.deepEqual((await get('/v1/health/service/s?passing')).body, []);
});

test('faults, limits, weights', async () => {
  assert.equal((await register('', {})).status, 500);
  const meta = (Meta: object) => register('c', { Service: 'm', Meta }).then(({ status }) => status);
  assert.equal(await meta({ 'a.b': 'c' }), 500);
  assert.equal(await meta({ 'consul-x': 'c' }), 500);
  assert.equal(await meta({ a: 'x'.repeat(513) }), 500);
  assert.equal(await meta({ a: 'x'.repeat(512) }), 200);
  const weights = async (Weights: object) => {
    await register('c', { Service: 'm', Weights });
    return consul.catalog().node('c')?.services.get('m')?.Weights;
  };
  assert.deepEqual(await weights({ Passing: 0, Warning: 0 }), { Passing: 1, Warning: 1 });
  assert.deepEqual(await weights({ Passing: 65_536, Warning: 1 }), { Passing: 1, Warning: 1 });
  assert.deepEqual(await weights({ Passing: 5 }), { Passing: 5, Warning: 0 });
});

test('a transaction is done as a whole, or says which operation is in its way', async () => {
  await register('d', { Service: 'x', Port: 1 });
  const set = (ID: string, Service: string) => ({
    Service: { Verb: 'set', Node: 'd', Service: { ID, Service, Port: 1 } },
  });
  const bad = await put('/v1/txn', [set('y', 'y'), set('z', '')]);
  assert.equal(bad.status, 409);
  const { Errors } = (await bad.json()) as { Errors: { OpIndex: number }[] };
  assert.equal(Errors[0]?.OpIndex, 1);
  assert.equal(consul.catalog().node('d')?.services.size, 1);
  assert.equal((await put('/v1/txn', new Array(129).fill(set('y', 'y')))).status, 413);
  assert.equal((await put('/v1/txn', [set('y', 'y')])).status, 200);
  await put('/v1/catalog/deregister', { Node: 'd', ServiceID: 'Y' });
  assert.equal(consul.catalog().node('d')?.services.size, 1);
  await put('/v1/catalog/deregister', { Node: 'd' });
  assert.equal(consul.catalog().node('d'), undefined);
});
