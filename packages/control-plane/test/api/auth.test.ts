import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import type { ControlPlane } from '../../src/index.ts';
import { type Issuer, startIssuer } from './issuer.ts';
import { type ApiPlane, callAt, startApiPlane, startReplicaOf } from './plane.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('who may call the API', () => {
  let api: ApiPlane;
  /** Asks even local callers who they are. */
  let strict: ControlPlane;
  let issuer: Issuer;

  const make = async (name: string, ...roles: string[]): Promise<string> => {
    const body = JSON.stringify({ name, roles });
    const answer = await api.call('/api/v1/tokens', { method: 'POST', headers: JSON_TYPE, body });
    assert.equal(answer.status, 201, answer.text);
    return answer.body.token;
  };
  const as = (token: string) => ({ authorization: `Bearer ${token}` });
  const get = (token: string, path = '/api/v1/services') =>
    callAt(strict.api, path, { headers: as(token) });

  before(async () => {
    issuer = await startIssuer();
    api = await startApiPlane({}, async (zk) => {
      await zk.create('/services');
    });
    strict = await startReplicaOf(api.server.connect, {
      auth: {
        loopback: 'authenticated',
        oidc: { issuer: issuer.url, audience: 'mesh', roles: { readers: ['viewer'] as never } },
      },
    });
  });
  after(async () => {
    await strict?.close();
    await api?.[Symbol.asyncDispose]();
    await issuer?.[Symbol.asyncDispose]();
  });

  test('over loopback the administrator, unless it was forwarded or a token is shown', async () => {
    const { body } = await api.call('/api/v1/caller');
    assert.deepEqual(body, { kind: 'loopback', name: 'loopback', roles: ['admin', 'secret'] });
    for (const name of ['forwarded', 'x-forwarded-for', 'via', 'x-real-ip']) {
      const { status, headers } = await api.call('/api/v1/caller', { headers: { [name]: 'x' } });
      assert.equal(status, 401, name);
      assert.equal(headers.get('www-authenticate'), 'Bearer');
    }
    const wrong = await api.call('/api/v1/caller', { headers: as('mk_nothing') });
    assert.deepEqual([wrong.status, wrong.body.code], [401, 'unauthenticated']);
    const token = await make('loop', 'viewer');
    const told = await api.call('/api/v1/caller', { headers: as(token) });
    assert.deepEqual(told.body, { kind: 'token', name: 'loop', roles: ['viewer'] });
  });

  test('a token that expires when there is no time any more is refused', async () => {
    for (const expiresIn of [1.2e16, '9000000h']) {
      const body = JSON.stringify({ name: 'forever', roles: ['viewer'], expiresIn });
      const init = { method: 'POST', headers: JSON_TYPE, body };
      assert.equal((await api.call('/api/v1/tokens', init)).status, 400);
    }
    assert.equal((await api.call('/api/v1/tokens')).status, 200);
  });

  test('what is written says who has called, and apart from it who they say they are', async () => {
    const token = await make('writer', 'admin');
    const send = (path: string, body: unknown, headers = {}) =>
      callAt(strict.api, `/api/v1${path}`, {
        method: 'POST',
        headers: { ...as(token), ...JSON_TYPE, ...headers },
        body: JSON.stringify(body),
      });
    const policy = {
      ...{ apiVersion: 'meshkeeper.io/v1', kind: 'ServicePolicy', metadata: { name: 'shop' } },
      spec: { targetRefs: [{ kind: 'Service', name: 'shop' }], loadBalancing: { type: 'random' } },
    };
    assert.equal((await send('/policies/apply?by=root', [policy])).status, 400);
    const applied = await send('/policies/apply?label=root', [policy]);
    assert.equal(applied.status, 200, applied.text);
    const { body } = await get(token, `/api/v1/policies/history/${applied.body.revision}`);
    assert.deepEqual([body.by, body.label], ['token:writer', 'root']);
    const draft = '/api/v1/config/shop/default/draft';
    const edit = { ...as(token), ...JSON_TYPE, 'if-match': '*' };
    const init = { method: 'PATCH', headers: edit, body: JSON.stringify({ set: { a: '1' } }) };
    assert.equal((await callAt(strict.api, draft, init)).status, 200);
    const published = await send('/config/shop/default/publish', {});
    assert.equal(published.body.release.by, 'token:writer', published.text);
  });

  test('where everybody is asked: nobody without a token, but probes and metrics', async () => {
    const without = (path: string) => callAt(strict.api, path);
    assert.equal((await without('/api/v1/services')).status, 401);
    for (const path of ['/healthz', '/readyz', '/metrics', '/api/v1/openapi.json'])
      assert.equal((await without(path)).status, 200, path);
    const forwarded = { headers: { 'x-forwarded-for': '10.0.0.1' } };
    assert.equal((await callAt(strict.api, '/metrics', forwarded)).status, 401);
    assert.equal((await callAt(strict.api, '/healthz', forwarded)).status, 200);
  });

  test('a token does what its roles say, at every replica', async () => {
    const viewer = await make('v1', 'viewer');
    await until(async () => (await get(viewer)).status === 200);
    const put = await callAt(strict.api, '/api/v1/services/x/hold', {
      ...{ method: 'PUT', headers: as(viewer) },
    });
    assert.deepEqual([put.status, put.body.code, put.body.role], [403, 'forbidden', 'operator']);
    const operator = await make('o1', 'operator');
    await until(async () => (await get(operator)).status === 200);
    const may = await callAt(strict.api, '/api/v1/services/x/hold', {
      ...{ method: 'PUT', headers: as(operator) },
    });
    assert.equal(may.body.code, 'unknown-service');
    assert.equal((await get(operator, '/api/v1/tokens')).status, 403);
  });

  test('no operation of the document does anything for nobody, nor for who may only read', async () => {
    const { body: document } = await api.call('/api/v1/openapi.json');
    const reader = await make('reader', 'viewer');
    await until(async () => (await get(reader)).status === 200);
    const paths = Object.entries<Record<string, { 'x-role': string }>>(document.paths);
    const seen = new Set<string>();
    for (const [path, methods] of paths)
      for (const [lower, { 'x-role': role }] of Object.entries(methods)) {
        const [method, at] = [lower.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x')];
        const from = { 'x-forwarded-for': '10.0.0.1' };
        const call = (headers = {}) =>
          callAt(strict.api, at, { method, headers: { ...from, ...headers } });
        seen.add(role);
        const without = await call();
        if (role === 'open') assert.notEqual(without.status, 401, `${method} ${path}`);
        else assert.deepEqual([without.status, without.body.code], [401, 'unauthenticated'], path);
        if (role === 'open' || role === 'viewer') continue;
        const reading = await call(as(reader));
        assert.deepEqual([reading.status, reading.body.code], [403, 'forbidden'], path);
      }
    for (const role of ['open', 'viewer', 'editor', 'publisher', 'operator', 'admin'])
      assert.ok(seen.has(role), role);
  });

  test('revoked, at every replica; expired, by itself', async () => {
    const token = await make('gone', 'viewer');
    await until(async () => (await get(token)).status === 200);
    assert.equal((await api.call('/api/v1/tokens/gone', { method: 'DELETE' })).status, 204);
    assert.equal((await api.call('/api/v1/caller', { headers: as(token) })).status, 401);
    await until(async () => (await get(token)).status === 401);
    const again = await api.call('/api/v1/tokens/gone', { method: 'DELETE' });
    assert.equal(again.body.code, 'unknown-token');
    const short = await api.call('/api/v1/tokens', {
      ...{ method: 'POST', headers: JSON_TYPE },
      body: JSON.stringify({ name: 'short', roles: ['viewer'], expiresIn: 1 }),
    });
    await until(async () => (await get(short.body.token)).status === 401);
  });

  test('a token is shown once, and is nowhere afterwards; its name is taken', async () => {
    const token = await make('once', 'viewer', 'secret');
    const { text, body } = await api.call('/api/v1/tokens');
    assert.ok(!text.includes(token) && !text.includes('hash'));
    const found = body.tokens.find(({ name }: { name: string }) => name === 'once');
    assert.deepEqual(found.roles, ['viewer', 'secret']);
    const { data } = await api.zk.get('/meshkeeper/tokens/once');
    assert.ok(!data.toString().includes(token) && !data.toString().includes(token.slice(3)));
    const again = await api.call('/api/v1/tokens', {
      ...{ method: 'POST', headers: JSON_TYPE },
      body: JSON.stringify({ name: 'once', roles: ['admin'] }),
    });
    assert.equal(again.body.code, 'conflict');
    for (const name of ['..', 'a/b', '', 'zookeeper quota'])
      assert.equal(
        (
          await api.call('/api/v1/tokens', {
            ...{ method: 'POST', headers: JSON_TYPE },
            body: JSON.stringify({ name, roles: ['viewer'] }),
          })
        ).status,
        400,
        name,
      );
  });

  test("an issuer's token counts beside them; its problem is told without the token", async () => {
    const token = await issuer.sign({ roles: ['readers'] });
    assert.equal((await get(token)).status, 200);
    const { body } = await get(token, '/api/v1/caller');
    assert.deepEqual(body, { kind: 'oidc', name: 'ana', roles: ['viewer'] });
    const late = await issuer.sign({}, '-1h');
    const answer = await get(late);
    assert.equal(answer.status, 401);
    assert.match(answer.body.detail, /expired/);
    assert.ok(!answer.text.includes(late));
    const nobody = await get(await issuer.sign({}));
    assert.equal(nobody.body.code, 'forbidden');
  });

  test('by another name, or from a page of another site: refused before anything is looked at', async () => {
    const raw = (headers: Record<string, string>, method = 'GET') =>
      new Promise<number>((resolve, reject) => {
        const { hostname, port } = new URL(api.plane.api);
        request({ hostname, port, method, path: '/api/v1/tokens', headers }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
          .on('error', reject)
          .end();
      });
    assert.equal(await raw({ host: 'evil.example' }), 421);
    assert.equal(await raw({ host: 'localhost:7070' }), 200);
    assert.equal(await raw({ origin: 'http://evil.example' }), 403);
    assert.equal(await raw({ 'sec-fetch-site': 'cross-site' }, 'POST'), 403);
    assert.equal(await raw({ host: 'evil.example' }, 'POST'), 421);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const answer = await api.call('/api/v1/tokens', {
        ...{ method: 'POST', headers: { 'content-type': type }, body: '{}' },
      });
      assert.deepEqual([answer.status, answer.body.code], [415, 'unsupported-media-type'], type);
    }
    const { headers } = await api.call('/api/v1/tokens');
    assert.equal(headers.get('access-control-allow-origin'), null);
  });
});
