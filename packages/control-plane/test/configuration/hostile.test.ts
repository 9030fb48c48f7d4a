import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { type ApiPlane, callAt, startApiPlane } from '../api/plane.ts';

describe('configuration that nobody expects', () => {
  let api: ApiPlane;
  before(async () => {
    api = await startApiPlane();
  });
  after(() => api?.[Symbol.asyncDispose]());

  const call = (method: string, path: string, body?: unknown) =>
    callAt(api.plane.api, `/api/v1/config${path}`, {
      method,
      headers: {
        'if-match': '*',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && {
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    });
  const publish = async (path: string, set: unknown) => {
    const edited = await call('PATCH', `${path}/draft`, { set });
    assert.equal(edited.status, 200, edited.text);
    return call('POST', `${path}/publish`, {});
  };

  test('no name leaves its place', async () => {
    const names = ['..', '%2e%2e', 'a%2Fb', '..%2F..%2Ftokens', 'a%00b', '_signals', '%20', '-a'];
    for (const name of [...names, 'ä', 'a%0A', 'x'.repeat(129)])
      for (const path of [`/${name}/default/draft`, `/hostile/${name}/draft`]) {
        const { status, text } = await call('PATCH', path, { set: { a: '1' } });
        assert.ok([400, 404, 405, 422].includes(status), `${path} ${status} ${text}`);
      }
    for (const reserved of ['resolve', 'instances', 'signals'])
      assert.equal((await call('PATCH', `/x/${reserved}/draft`, { set: {} })).status, 422);
    assert.equal((await publish('/fine/default', {})).status, 200);
    const { children } = await api.zk.children('/meshkeeper/config');
    assert.deepEqual(
      children.filter((name) => !/^[A-Za-z0-9]/.test(name) || name === 'hostile'),
      [],
    );
  });

  test('keys of any language, and none at all', async () => {
    const set = { 'grüße.日本語': 'ja', 'a/b..\\c': '2', constructor: '3', '😀': '4' };
    assert.equal((await publish('/any/default', set)).status, 200);
    await until(async () => (await call('GET', '/any/resolve')).body.values['😀'] !== undefined);
    const { body } = await call('GET', '/any/resolve');
    for (const [key, value] of Object.entries(set)) assert.equal(body.values[key].value, value);
    const query = `?prefix=${encodeURIComponent('grüße')}`;
    assert.deepEqual(Object.keys((await call('GET', `/any/default${query}`)).body.entries), [
      'grüße.日本語',
    ]);
    for (const key of ['', 'a\u0000b', 'line\nline', '\ud800', 'x'.repeat(1025)]) {
      const { status } = await call('PATCH', '/any/default/draft', { set: { [key]: '1' } });
      assert.ok(status === 422 || status === 400, JSON.stringify(key));
    }
    const poison = await call('PATCH', '/any/default/draft', '{"set":{"__proto__":"1"}}');
    assert.ok(poison.status === 400 || poison.status === 422, poison.text);
    // Without any key it is a release all the same.
    const empty = await publish('/none/default', {});
    assert.deepEqual([empty.status, empty.body.release?.keys], [200, 0], empty.text);
    assert.deepEqual((await call('GET', '/none/resolve')).body.values, {});
  });

  test('a value as long as it may be is resolved, and a longer one is refused', async () => {
    const long = 'ä'.repeat(1_000_000);
    assert.equal((await publish('/long/default', { long })).status, 200);
    await until(async () => (await call('GET', '/long/resolve')).body.values.long?.value === long);
    const more = 'x'.repeat(70 * 1024 * 1024);
    assert.equal((await call('PATCH', '/long/default/draft', { set: { more } })).status, 413);
  });

  test('a publish, a promotion and a rollback at once: each counts once, in some order', async () => {
    const path = '/race/default';
    for (const a of ['1', '2']) await publish(path, { a });
    assert.equal((await call('PATCH', `${path}/draft`, { set: { a: 'gray' } })).status, 200);
    const gray = { name: 'canary', rules: [{ percentage: 50 }] };
    assert.equal((await call('POST', `${path}/gray`, gray)).status, 201);
    assert.equal((await call('PATCH', `${path}/draft`, { set: { a: 'draft' } })).status, 200);
    const answers = await Promise.all([
      call('POST', `${path}/publish`, {}),
      call('POST', `${path}/gray/canary/promote`, {}),
      call('POST', `${path}/rollback`, { to: 1 }),
    ]);
    const [published, promoted, rolledBack] = answers.map(({ status }) => status);
    for (const { status, text } of answers) assert.ok(status === 200 || status === 409, text);
    // Both were made for the same head: only the first of all can follow it. A rollback follows any.
    assert.equal(rolledBack, 200);
    assert.ok(published === 409 || promoted === 409);
    const numbers = answers.flatMap(({ body }) => body.release?.number ?? []);
    assert.equal(new Set(numbers).size, numbers.length);
    const releases = (await call('GET', `${path}/releases`)).body.items;
    assert.equal(releases.length, 3 + numbers.length);
    const head = await call('GET', path);
    assert.equal(head.body.release.number, Math.max(...numbers));
    assert.equal(head.body.grays.length, promoted === 200 ? 0 : 1);
  });
});
