import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { instance } from '../instance.ts';
import { type ApiPlane, startApiPlane } from './plane.ts';

const NAMES = ['alpha', 'beta', 'delta', 'gamma', 'omega'];

describe('lists', () => {
  let api: ApiPlane;
  const create = (service: string, id: string, port: number) =>
    api.zk.create(`/discovery/${service}/${id}`, instance(service, id, port), { parents: true });
  const names = (body: { services: readonly { name: string }[] }) =>
    body.services.map(({ name }) => name);

  before(async () => {
    api = await startApiPlane({}, async (zk) => {
      for (const [i, name] of NAMES.entries())
        for (const id of ['a', 'b', 'c'])
          await zk.create(
            `/discovery/${name}/${id}`,
            instance(name, id, 1000 + 10 * i + id.charCodeAt(0)),
            { parents: true },
          );
    });
  });
  after(async () => {
    await api?.[Symbol.asyncDispose]();
  });

  test('come whole, or by pages that lead from one to the next', async () => {
    const whole = await api.call('/api/v1/services');
    assert.deepEqual(names(whole.body), NAMES);
    assert.equal(whole.headers.get('link'), null);
    const seen: string[] = [];
    let path: string | undefined = '/api/v1/services?limit=2';
    for (let pages = 0; path !== undefined; pages++) {
      assert.ok(pages < 3);
      const { status, body, headers } = await api.call(path);
      assert.equal(status, 200);
      assert.ok(body.services.length <= 2);
      seen.push(...names(body));
      const link = headers.get('link');
      path = /^<([^>]+)>; rel="next"$/.exec(link ?? '')?.[1];
      assert.equal(path === undefined, body.next === undefined);
      if (path !== undefined) {
        assert.equal(new URL(path, api.plane.api).searchParams.get('cursor'), body.next);
        assert.equal(new URL(path, api.plane.api).searchParams.get('limit'), '2');
      }
    }
    assert.deepEqual(seen, NAMES);
  });

  test('what comes and goes between two pages moves nothing else', async () => {
    const first = await api.call('/api/v1/services?limit=2');
    assert.deepEqual(names(first.body), ['alpha', 'beta']);
    await create('aardvark', 'a', 1);
    for (const id of ['a', 'b', 'c']) await api.zk.delete(`/discovery/beta/${id}`);
    await until(async () => {
      const now = names((await api.call('/api/v1/services')).body);
      return now.includes('aardvark');
    });
    const second = await api.call(`/api/v1/services?limit=2&cursor=${first.body.next}`);
    assert.deepEqual(names(second.body), ['delta', 'gamma']);
  });

  test('endpoints, policies, locks and tokens have pages, too', async () => {
    const endpoints = '/api/v1/services/alpha/endpoints';
    const first = (await api.call(`${endpoints}?limit=2`)).body;
    const second = (await api.call(`${endpoints}?limit=2&cursor=${first.next}`)).body;
    const all = (await api.call(endpoints)).body.endpoints;
    assert.deepEqual([...first.endpoints, ...second.endpoints], all);
    const json = { 'content-type': 'application/json' };
    for (const name of ['one', 'two']) {
      const post = { method: 'POST', headers: json };
      const lock = { ...post, body: JSON.stringify({ holder: 'h', ttl: '1m' }) };
      assert.equal((await api.call(`/api/v1/locks/${name}`, lock)).status, 201);
      const token = { ...post, body: JSON.stringify({ name, roles: ['viewer'] }) };
      assert.equal((await api.call('/api/v1/tokens', token)).status, 201);
    }
    for (const list of ['locks', 'tokens']) {
      const page = (await api.call(`/api/v1/${list}?limit=1`)).body;
      assert.deepEqual(
        page[list].map(({ name }: { name: string }) => name),
        ['one'],
      );
      const rest = (await api.call(`/api/v1/${list}?cursor=${page.next}`)).body;
      assert.deepEqual([rest[list][0].name, rest.next], ['two', undefined]);
    }
    for (const path of ['/api/v1/policies', '/api/v1/elections', '/api/v1/proxies'])
      assert.equal((await api.call(`${path}?limit=1`)).status, 200, path);
  });

  test('what is no page is refused', async () => {
    for (const query of ['limit=0', 'limit=x', 'cursor=whatever', 'limit=1&watch'])
      assert.equal((await api.call(`/api/v1/services?${query}`)).status, 400, query);
  });

  test('who has the services already is told that they are the same, until they are not', async () => {
    const { headers, text } = await api.call('/api/v1/services');
    const etag = headers.get('etag');
    assert.ok(etag !== null);
    const again = () => api.call('/api/v1/services', { headers: { 'if-none-match': etag } });
    const same = await again();
    assert.deepEqual([same.status, same.text, same.headers.get('etag')], [304, '', etag]);
    // A hold makes no revision, and is shown.
    const hold = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' };
    assert.ok((await api.call('/api/v1/services/gamma/hold', hold)).status < 300);
    await until(async () => (await again()).status === 200);
    const changed = await again();
    assert.notEqual(changed.text, text);
    assert.notEqual(changed.headers.get('etag'), etag);
    await create('zeta', 'a', 2);
    await until(async () => names((await api.call('/api/v1/services')).body).includes('zeta'));
  });
});
