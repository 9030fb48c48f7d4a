import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Consul, startConsul } from '../src/index.ts';

/*
 * What was measured on a real Consul 1.20: the stand-in behaves so, too. With MESHKEEPER_TEST_CONSUL_ADDR
 * it is measured again, there.
 */

const PREFIX = `mkt${randomBytes(3).toString('hex')}-`;
const nodes = new Set<string>();
let consul: Consul | undefined;
let url = process.env.MESHKEEPER_TEST_CONSUL_ADDR;
before(async () => {
  if (url !== undefined) return;
  consul = await startConsul();
  url = consul.url;
});
after(async () => {
  for (const Node of nodes) await put('/v1/catalog/deregister', { Node });
  await consul?.close();
});

const put = (path: string, body: unknown) =>
  fetch(`${url}${path}`, { method: 'PUT', body: JSON.stringify(body) });
const get = async (path: string) => {
  const response = await fetch(`${url}${path}`);
  const index = Number(response.headers.get('x-consul-index'));
  // biome-ignore lint/suspicious/noExplicitAny: it is looked at, not promised
  return { status: response.status, index, body: (await response.json()) as any };
};
/** Nobody else has one of this name. */
const own = (name: string) => `${PREFIX}${name}`;
const register = (node: string, Service: object, more: object = {}) => {
  const Node = own(node);
  nodes.add(Node);
  return put('/v1/catalog/register', { Node, Address: '10.0.0.1', Service, ...more });
};
/** A node, and its services by id. */
const place = async (node: string) => (await get(`/v1/catalog/node/${own(node)}`)).body;

test('only what changes wakes a query, and only its own', async () => {
  await register('a', { Service: own('one'), Port: 1 });
  await register('a', { Service: own('two'), Port: 2 });
  const { index } = await get(`/v1/health/service/${own('one')}`);
  const all = (await get('/v1/catalog/services')).index;
  await register('a', { Service: own('one'), Port: 1 });
  assert.equal(
    (await get(`/v1/health/service/${own('one')}?index=${index}&wait=20ms`)).index,
    index,
  );
  await register('a', { Service: own('two'), Port: 3 });
  assert.equal((await get(`/v1/health/service/${own('one')}`)).index, index);
  assert.ok((await get('/v1/catalog/services')).index > all);
  const listed = (await get('/v1/catalog/services')).index;
  const check = {
    Node: own('a'),
    CheckID: 'c',
    Name: 'c',
    Status: 'passing',
    ServiceID: own('one'),
  };
  await put('/v1/catalog/register', { Node: own('a'), SkipNodeUpdate: true, Check: check });
  assert.ok((await get(`/v1/health/service/${own('one')}`)).index > index);
  assert.equal((await get('/v1/catalog/services')).index, listed);
  const before = (await get(`/v1/health/service/${own('two')}`)).index;
  await register('a', { Service: own('one'), Port: 1 }, { NodeMeta: { a: 'b' } });
  assert.ok((await get(`/v1/health/service/${own('two')}`)).index > before);
});

test('a node without its Meta loses it; checks stay; SkipNodeUpdate leaves all', async () => {
  await register('b', { Service: own('s'), Port: 1, Tags: ['t'] }, { NodeMeta: { a: 'b' } });
  await put('/v1/catalog/register', {
    ...{ Node: own('b'), SkipNodeUpdate: true, Service: { Service: own('s'), Port: 2 } },
    Check: { CheckID: 'c', Name: 'c', Status: 'warning', ServiceID: own('s') },
  });
  assert.deepEqual((await place('B')).Node.Meta, { a: 'b' });
  assert.deepEqual((await place('b')).Services[own('s')].Tags, []);
  await register('b', { Service: own('s'), Port: 3 });
  assert.equal((await place('b')).Node.Meta, null);
  assert.equal((await get(`/v1/health/service/${own('s')}`)).body[0].Checks[0].Status, 'warning');
  assert.deepEqual((await get(`/v1/health/service/${own('s')}?passing`)).body, []);
});

test('faults, limits, weights', async () => {
  assert.equal((await put('/v1/catalog/register', { Address: '10.0.0.1' })).status, 500);
  const meta = (Meta: object) =>
    register('c', { Service: own('m'), Meta }).then(({ status }) => status);
  assert.equal(await meta({ 'a.b': 'c' }), 500);
  assert.equal(await meta({ 'consul-x': 'c' }), 500);
  assert.equal(await meta({ a: 'x'.repeat(513) }), 500);
  assert.equal(await meta({ a: 'x'.repeat(512) }), 200);
  const weights = async (Weights: object) => {
    await register('c', { Service: own('m'), Weights });
    return (await place('c')).Services[own('m')].Weights;
  };
  assert.deepEqual(await weights({ Passing: 0, Warning: 0 }), { Passing: 1, Warning: 1 });
  assert.deepEqual(await weights({ Passing: 65_536, Warning: 1 }), { Passing: 1, Warning: 1 });
  assert.deepEqual(await weights({ Passing: 5 }), { Passing: 5, Warning: 0 });
});

test('what is not stated is null or left out, and reads have lists', async () => {
  await register('e', { Service: own('plain') }, { NodeMeta: { a: 'b' } });
  const [{ Node, Service }] = (await get(`/v1/health/service/${own('plain')}`)).body;
  assert.deepEqual([Node.ID, Service.Tags, Service.Meta], ['', [], null]);
  assert.ok(!('Port' in Service) && !('TaggedAddresses' in Service));
  const [offer] = (await get(`/v1/catalog/service/${own('plain')}`)).body;
  assert.deepEqual([offer.ServiceMeta, offer.ServicePort], [{}, 0]);
});

test('a check may have any status, and comes after those of the node', async () => {
  const Service = { Service: own('checked'), Port: 1 };
  const check = (CheckID: string, ServiceID: string, Status: string) => ({
    ...{ CheckID, Name: CheckID, Status },
    ServiceID,
  });
  await register('f', Service, {
    Checks: [check('s', own('checked'), 'passing'), check('n', '', 'odd')],
  });
  const { body } = await get(`/v1/health/service/${own('checked')}`);
  assert.deepEqual(
    body[0].Checks.map((each: { CheckID: string; Status: string }) => [each.CheckID, each.Status]),
    [
      ['n', 'odd'],
      ['s', 'passing'],
    ],
  );
  assert.deepEqual((await get(`/v1/health/service/${own('checked')}?passing`)).body, []);
  const of = async (Check: object) => {
    const answer = await register('f', Service, { Check });
    return [answer.status, await answer.text()];
  };
  assert.deepEqual(await of({ Node: own('g'), CheckID: 'c' }), [
    500,
    `Node '${own('g')}' for check 'c' doesn't match register request node '${own('f')}'`,
  ]);
  assert.deepEqual(await of({ CheckID: 'c', ServiceID: 'none' }), [
    500,
    "Unknown service ID 'none' for check ID 'c'",
  ]);
});

test('a node that is registered with the id of another takes its place', async () => {
  const ID = randomUUID();
  await register('old', { Service: own('moved'), Port: 1 }, { ID });
  await register('new', { Service: own('moved'), Port: 2 }, { ID });
  const { body } = await get(`/v1/catalog/service/${own('moved')}`);
  assert.deepEqual(
    body.map(({ Node, ServicePort }: { Node: string; ServicePort: number }) => [Node, ServicePort]),
    [[own('new'), 2]],
  );
});

test('what can not be asked is said', async () => {
  const of = async (path: string, method = 'GET') => {
    const answer = await fetch(`${url}${path}`, { method });
    return [answer.status, (await answer.text()).trim()];
  };
  const some = `/v1/health/service/${own('x')}`;
  assert.deepEqual(await of(`${some}?index=x`), [400, 'Invalid index']);
  assert.deepEqual(await of(`${some}?wait=5`), [400, 'Invalid wait time']);
  assert.deepEqual(await of('/v1/health/service/'), [400, 'Missing service name']);
  assert.deepEqual(await of('/v1/health/state/'), [400, 'Missing check state']);
  assert.deepEqual(await of('/v1/txn'), [405, 'method GET not allowed']);
  assert.deepEqual(await of(some, 'DELETE'), [405, 'method DELETE not allowed']);
  assert.equal((await of('/v1/nothing'))[0], 404);
});

test('operations read, compare and remove; all that are wrong in themselves are told before any is tried', async () => {
  await register('t', { ID: 'a', Service: own('txn'), Port: 1 });
  const node = own('t');
  const service = (Verb: string, Service: object, Node = node) => ({
    Service: { Verb, Node, Service },
  });
  const txn = async (...operations: object[]) => (await put('/v1/txn', operations)).json();
  // biome-ignore lint/suspicious/noExplicitAny: it is looked at, not promised
  const why = (answer: any) => answer.Errors?.map(({ What }: { What: string }) => What);
  const read = (await txn(service('get', { ID: 'a', Service: own('txn') }))) as {
    Results: [{ Service: { ModifyIndex: number } }];
  };
  const [{ Service }] = read.Results;
  assert.deepEqual(why(await txn(service('get', { ID: 'b', Service: 'b' }))), [
    `service "b" on node "${node}" doesn't exist`,
  ]);
  assert.deepEqual(why(await txn(service('delete-cas', { ...Service, ModifyIndex: 1 }))), [
    `failed to delete service "a" on node "${node}", index is stale`,
  ]);
  assert.deepEqual(
    why(
      await txn(service('set', { ID: 'q', Service: 'q' }, own('no')), service('set', { ID: 'z' })),
    ),
    ['Must provide service name (Service.Service) when service ID is provided'],
  );
  const missing = service('set', { ID: 'q', Service: 'q' }, own('no'));
  assert.deepEqual(why(await txn(missing, missing)), [
    'Missing node registration',
    'Missing node registration',
  ]);
  assert.deepEqual(why(await txn(service('frob', { ID: 'q', Service: 'q' }))), [
    'unknown service operation: frob',
  ]);
  assert.equal(why(await txn(service('delete-cas', Service))), undefined);
  assert.deepEqual((await place('t')).Services, {});
  assert.equal(why(await txn({ Node: { Verb: 'delete', Node: { Node: node } } })), undefined);
  assert.equal(await place('t'), null);
});

test('a transaction is done as a whole, or says which operation is in its way', async () => {
  await register('d', { Service: own('x'), Port: 1 });
  const set = (ID: string, Service: string) => ({
    Service: {
      Verb: 'set',
      Node: own('d'),
      Service: { ID, Service: Service && own(Service), Port: 1 },
    },
  });
  const bad = await put('/v1/txn', [set('y', 'y'), set('z', '')]);
  assert.equal(bad.status, 409);
  const { Errors } = (await bad.json()) as { Errors: { OpIndex: number }[] };
  assert.equal(Errors[0]?.OpIndex, 1);
  assert.equal(Object.keys((await place('d')).Services).length, 1);
  assert.equal((await put('/v1/txn', new Array(129).fill(set('y', 'y')))).status, 413);
  assert.equal((await put('/v1/txn', [set('y', 'y')])).status, 200);
  await put('/v1/catalog/deregister', { Node: own('d'), ServiceID: 'Y' });
  assert.equal(Object.keys((await place('d')).Services).length, 1);
  await put('/v1/catalog/deregister', { Node: own('d') });
  assert.equal(await place('d'), null);
});
