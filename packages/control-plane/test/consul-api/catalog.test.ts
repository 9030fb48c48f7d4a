import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { type ApiPlane, callAt, startApiPlane, startReplicaOf } from '../api/plane.ts';

const JSON_BODY = { 'content-type': 'application/json' };

describe("Consul's API over the catalog", () => {
  let api: ApiPlane;
  before(async () => {
    api = await startApiPlane();
    await register('orders', 'a', 8080, { 'consul.tag.v2': 'true', team: 'shop' });
    await register('orders', 'b', 8081, {});
    await until(async () => (await api.call('/v1/health/service/orders')).body.length === 2);
  });
  after(() => api?.[Symbol.asyncDispose]());

  const register = async (
    service: string,
    id: string,
    port: number,
    metadata: Record<string, string>,
  ) => {
    const answer = await api.call(`/api/v1/services/${service}/endpoints/${id}`, {
      ...{ method: 'PUT', headers: JSON_BODY },
      body: JSON.stringify({ address: '10.0.0.1', port, metadata, weight: 100, ttl: '300s' }),
    });
    assert.ok(answer.status < 300, answer.text);
  };

  test('services, instances, tags, nodes, and what has no such service', async () => {
    const services = await api.call('/v1/catalog/services');
    assert.deepEqual(services.body, { orders: ['v2'] });
    assert.ok(Number(services.headers.get('x-consul-index')) >= 1);
    assert.equal(services.headers.get('x-consul-knownleader'), 'true');
    const { body } = await api.call('/v1/catalog/service/orders?tag=v2&near=_agent');
    assert.equal(body.length, 1);
    assert.equal(body[0].ServiceAddress, '10.0.0.1');
    assert.equal(body[0].ServicePort, 8080);
    assert.equal(body[0].ServiceMeta.team, 'shop');
    assert.deepEqual(body[0].ServiceWeights, { Passing: 1, Warning: 1 });
    assert.deepEqual((await api.call('/v1/catalog/service/none')).body, []);
    const nodes = (await api.call('/v1/catalog/nodes')).body;
    assert.deepEqual(
      nodes.map(({ Node, Address }: Record<string, unknown>) => [Node, Address]),
      [['10-0-0-1', '10.0.0.1']],
    );
    assert.deepEqual((await api.call('/v1/catalog/datacenters')).body, ['mesh']);
    assert.equal((await api.call('/v1/agent/self')).body.Config.Datacenter, 'mesh');
    assert.match((await api.call('/v1/status/leader')).body, /:/);
  });

  test('health: who drains is critical, and not among those that pass', async () => {
    const [drained] = (await api.call('/v1/health/service/orders?tag=v2')).body;
    const path = `/api/v1/services/orders/endpoints/${encodeURIComponent(drained.Service.ID)}/overlay`;
    await api.call(path, { method: 'PUT', headers: JSON_BODY, body: '{"drain":true}' });
    const passing = () => api.call('/v1/health/service/orders?passing');
    await until(async () => (await passing()).body.length === 1);
    const all = (await api.call('/v1/health/service/orders')).body;
    const check = all.find((each: { Service: { Port: number } }) => each.Service.Port === 8080)
      .Checks[0];
    assert.equal(check.Status, 'critical');
    assert.match(check.CheckID, /^_service_maintenance:/);
    await api.call(path, { method: 'DELETE' });
    await until(async () => (await passing()).body.length === 2);
  });

  test('a blocking query waits for its own service, and for no other', async () => {
    const first = await api.call('/v1/health/service/orders');
    const index = first.headers.get('x-consul-index');
    let answered = false;
    const waiting = api.call(`/v1/health/service/orders?index=${index}&wait=60s`).then((answer) => {
      answered = true;
      return answer;
    });
    await register('other', 'o', 1, {});
    await until(async () => (await api.call('/v1/catalog/service/other')).body.length === 1);
    assert.equal(answered, false);
    await register('orders', 'c', 8082, {});
    const answer = await waiting;
    assert.equal(answer.body.length, 3);
    assert.ok(Number(answer.headers.get('x-consul-index')) > Number(index));
    const over = await api.call(
      `/v1/health/service/orders?index=${answer.headers.get('x-consul-index')}&wait=20ms`,
    );
    assert.equal(over.body.length, 3);
    // Of another replica, or of before a restart.
    assert.equal((await api.call('/v1/health/service/orders?index=999999&wait=60s')).status, 200);
  });

  test('a name that holds a slash is found, as clients write it', async () => {
    const body = JSON.stringify({ address: '10.0.0.9', port: 9 });
    const init = { method: 'PUT', headers: JSON_BODY, body };
    const made = await api.call('/api/v1/services/team%2Forders/endpoints/t', init);
    assert.equal(made.status, 200, made.text);
    for (const name of ['team/orders', 'team%2Forders'])
      for (const part of ['catalog', 'health'])
        await until(async () => (await api.call(`/v1/${part}/service/${name}`)).body.length === 1);
  });

  test('what is refused is text, as there', async () => {
    const wait = await api.call('/v1/catalog/services?index=1&wait=60');
    assert.equal(wait.status, 400);
    assert.match(wait.text, /^Invalid wait time/);
    assert.equal((await api.call('/v1/catalog/services?index=x')).status, 400);
    assert.equal((await api.call('/v1/kv/nothing/here')).status, 404);
    const put = await api.call('/v1/kv/a', { method: 'PUT', body: 'x' });
    assert.equal(put.status, 405);
    const { body, text } = await api.call('/api/v1/openapi.json');
    assert.ok(body.paths, text);
    assert.ok(!Object.keys(body.paths).some((path) => path.startsWith('/v1/')));
  });

  test('keys are what is published; secrets are not among them', async () => {
    const entries = { 'db.url': 'jdbc:x', limit: '5' };
    const imported = await api.call('/api/v1/config/shop/import', {
      ...{ method: 'PUT', headers: JSON_BODY },
      body: JSON.stringify({ namespaces: { application: { entries } }, publish: true }),
    });
    assert.ok(imported.status < 300, imported.text);
    await until(async () => (await api.call('/v1/kv/shop/application/db.url')).status === 200);
    const [entry] = (await api.call('/v1/kv/shop/application/db.url')).body;
    assert.equal(Buffer.from(entry.Value, 'base64').toString(), 'jdbc:x');
    assert.equal((await api.call('/v1/kv/shop/application/limit?raw')).text, '5');
    assert.deepEqual((await api.call('/v1/kv/shop?keys')).body, [
      'shop/application/db.url',
      'shop/application/limit',
    ]);
    assert.deepEqual((await api.call('/v1/kv/?keys&separator=/')).body, ['shop/']);
    assert.equal((await api.call('/v1/kv/shop?recurse')).body.length, 2);
  });

  test('sessions and locks: one holder, told to who waits, kept alive, given back', async () => {
    const put = (path: string, body?: string) =>
      api.call(path, { method: 'PUT', ...(body !== undefined && { body }) });
    assert.equal((await put('/v1/session/create', '{}')).status, 400);
    const create = async (name: string): Promise<string> =>
      (await put('/v1/session/create', JSON.stringify({ Name: name, TTL: '15s' }))).body.ID;
    const [one, two] = [await create('one'), await create('two')];
    const key = '/v1/kv/service/app/leader';
    assert.equal((await put(`${key}?acquire=${one}`, 'worker-1')).body, true);
    assert.equal((await put(`${key}?acquire=${one}`, 'worker-1')).body, true);
    assert.equal((await put(`${key}?acquire=${two}`, 'worker-2')).body, false);
    const held = await api.call(key);
    const [lock] = held.body;
    assert.equal(lock.Session, one);
    assert.equal(Buffer.from(lock.Value, 'base64').toString(), 'worker-1');
    assert.ok(lock.Fencing);
    assert.equal((await put(`/v1/session/renew/${one}`)).body[0].ID, one);
    assert.equal((await api.call(`/v1/session/info/${one}`)).body[0].Name, 'one');
    assert.equal((await api.call('/v1/session/list')).body.length, 2);
    const waiting = api.call(`${key}?index=${held.headers.get('x-consul-index')}&wait=60s`);
    assert.equal((await put(`${key}?release=${one}`)).body, true);
    assert.equal((await waiting).status, 404);
    assert.equal((await put(`${key}?release=${one}`)).body, false);
    assert.equal((await put(`${key}?acquire=${two}`, 'worker-2')).body, true);
    assert.equal((await put(`/v1/session/destroy/${two}`)).body, true);
    assert.equal((await api.call(key)).status, 404);
    assert.equal((await put(`/v1/session/renew/${two}`)).status, 404);
    assert.deepEqual((await api.call(`/v1/session/info/${two}`)).body, []);
    const unknown = await put(`${key}?acquire=${two}`, 'x');
    assert.equal(unknown.status, 500);
    assert.match(unknown.text, /invalid session/);
  });
});

test('a token is taken as clients of Consul send it', async () => {
  await using api = await startApiPlane();
  const body = JSON.stringify({ name: 'reader', roles: ['viewer'] });
  const made = await api.call('/api/v1/tokens', { method: 'POST', headers: JSON_BODY, body });
  assert.ok(made.status < 300, made.text);
  await using strict = await startReplicaOf(api.server.connect, {
    auth: { loopback: 'authenticated' },
  });
  const get = (headers: Record<string, string>, init?: RequestInit) =>
    callAt(strict.api, '/v1/catalog/services', { ...init, headers });
  assert.equal((await get({})).status, 403);
  assert.equal((await get({ 'x-consul-token': 'no' })).status, 403);
  const token: string = made.body.token;
  await until(async () => (await get({ 'x-consul-token': token })).status === 200);
  assert.equal((await get({ authorization: `Bearer ${token}` })).status, 200);
  const headers = { 'x-consul-token': token };
  const session = { method: 'PUT', headers, body: '{"TTL":"15s"}' };
  assert.equal((await callAt(strict.api, '/v1/session/create', session)).status, 403);
});
