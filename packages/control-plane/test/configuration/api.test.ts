import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { until } from '@meshkeeper/testbed';
import type { ControlPlane } from '../../src/index.ts';
import { type ApiPlane, callAt, startApiPlane, startReplicaOf } from '../api/plane.ts';
import { onServers } from '../servers.ts';

onServers('configuration over HTTP, with two replicas', (start) => {
  let api: ApiPlane;
  let other: ControlPlane;
  before(async () => {
    api = await startApiPlane({}, undefined, start);
    other = await startReplicaOf(api.server.connect);
  });
  after(async () => {
    await other?.close();
    await api?.[Symbol.asyncDispose]();
  });

  /** Each call goes to the other replica. */
  let turn = 0;
  const call = (
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ) =>
    callAt(turn++ % 2 === 0 ? api.plane.api : other.api, `/api/v1/config${path}`, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const any = { 'if-match': '*' };
  const edit = (path: string, set: object) => call('PATCH', `${path}/draft`, { set }, any);
  const publish = async (path: string, set: object) => {
    const edited = await edit(path, set);
    assert.equal(edited.status, 200, edited.text);
    const published = await call('POST', `${path}/publish`, {});
    assert.equal(published.status, 200, published.text);
    return published.body.release;
  };
  const resolve = (application: string, query = '', headers = {}) =>
    call('GET', `/${application}/resolve${query}`, undefined, headers);
  /** As soon as both replicas have it. */
  const resolved = (application: string, values: Readonly<Record<string, string>>, query = '') =>
    until(async () => {
      for (let i = 0; i < 2; i++) {
        const { body } = await resolve(application, query);
        const got = Object.entries<{ value: string }>(body.values);
        if (
          !isDeepStrictEqual(
            Object.fromEntries(got.map(([key, { value }]) => [key, value])),
            values,
          )
        )
          return false;
      }
      return true;
    });

  test('a draft is edited by who has seen it, and published', async () => {
    const path = '/shop/default';
    const first = await call('GET', `${path}/draft`);
    assert.deepEqual([first.status, first.headers.get('etag')], [200, '"r0"']);
    const put = (tag: string | undefined, entries: object) =>
      call('PUT', `${path}/draft`, { entries }, tag === undefined ? {} : { 'if-match': tag });
    assert.equal((await put(undefined, {})).status, 428);
    const made = await put('"r0"', { a: '1', limits: { type: 'json', value: '{"n":1}' } });
    assert.equal(made.status, 200, made.text);
    assert.equal(made.headers.get('etag'), `"${made.body.tag}"`);
    const late = await put('"r0"', {});
    assert.deepEqual([late.status, late.body.code], [412, 'precondition-failed']);
    const wrong = await edit(path, { limits: { type: 'json', value: '{' } });
    assert.deepEqual([wrong.status, wrong.body.code], [422, 'invalid-config']);
    assert.equal(wrong.body.faults[0].key, 'limits');
    const published = await call(
      'POST',
      `${path}/publish`,
      { message: 'first' },
      {
        'if-match': `"${made.body.tag}"`,
      },
    );
    assert.equal(published.status, 200, published.text);
    assert.equal(published.body.release.number, 1);
    assert.equal(published.body.release.by, 'loopback');
    const again = await call('POST', `${path}/publish`, {});
    assert.deepEqual([again.status, again.body.code], [404, 'unknown-config']);
    const head = await call('GET', path);
    assert.deepEqual(head.body.entries, {
      a: { type: 'text', value: '1' },
      limits: { type: 'json', value: '{"n":1}' },
    });
    const some = await call('GET', `${path}?limit=1`);
    assert.deepEqual([Object.keys(some.body.entries), some.body.next], [['a'], 'a']);
    await publish(path, { a: '2' });
    const diff = await call('GET', `${path}/diff?from=1`);
    assert.deepEqual(
      diff.body.changes.map((change: { key: string }) => change.key),
      ['a'],
    );
    const back = await call('POST', `${path}/rollback`, { to: 1 });
    assert.deepEqual([back.body.release.number, back.body.release.of], [3, 1]);
    const page = await call('GET', `${path}/releases?limit=2`);
    assert.deepEqual(
      [page.body.items.map((each: { number: number }) => each.number), page.body.next],
      [[3, 2], 2],
    );
    const old = await call('GET', `${path}/releases/2`);
    assert.equal(old.body.entries.a.value, '2');
    const list = await call('GET', '');
    assert.ok(list.body.items.some((each: { application: string }) => each.application === 'shop'));
    const nothing = await call('GET', '/nothing');
    assert.deepEqual([nothing.status, nothing.body.code], [404, 'unknown-config']);
  });

  test('what an instance gets is waited for', async () => {
    await publish('/wait/default', { a: '1' });
    await resolved('wait', { a: '1' });
    const { headers, body } = await resolve('wait');
    const etag = headers.get('etag') ?? '';
    assert.equal(etag, `"${body.digest}"`);
    assert.deepEqual(body.values.a.from, { application: 'wait', namespace: 'default', release: 1 });
    const same = await resolve('wait', '', { 'if-none-match': etag });
    assert.deepEqual([same.status, same.text], [304, '']);
    const late = await resolve('wait', '?wait=50ms', { 'if-none-match': etag });
    assert.equal(late.status, 304);
    const waiting = resolve('wait', '?wait=30s', { 'if-none-match': etag });
    await publish('/wait/default', { a: '2' });
    const woken = await waiting;
    assert.deepEqual([woken.status, woken.body.values?.a.value], [200, '2'], woken.text);
    assert.equal((await resolve('wait', '?profile=../x')).status, 422);
    assert.equal((await resolve('wait', '?address=nowhere')).status, 400);
  });

  test('which instance has which release is told by who was asked', async () => {
    await publish('/who/default', { a: '1' });
    assert.equal((await edit('/who/default', { a: '2' })).status, 200);
    const gray = { name: 'canary', rules: [{ labels: { ring: 'one' } }] };
    assert.equal((await call('POST', '/who/default/gray', gray)).status, 201);
    const at = (path: string) => callAt(api.plane.api, `/api/v1/config/who${path}`);
    await until(
      async () => (await at('/resolve?instance=b&label=ring=one')).body.values.a.value === '2',
    );
    await at('/resolve?instance=a');
    await at('/resolve?address=10.0.0.7&profile=prod');
    await at('/resolve');
    const { items: list, replica } = (await at('/instances')).body;
    const members = await callAt(api.plane.api, '/api/v1/members');
    const [self] = members.body.members;
    assert.equal(replica, self.id);
    assert.deepEqual(
      list.map((each: Record<string, unknown>) => [each.instance, each.address, each.layers]),
      [
        [undefined, '10.0.0.7', [{ application: 'who', namespace: 'default', release: 1 }]],
        ['a', undefined, [{ application: 'who', namespace: 'default', release: 1 }]],
        ['b', undefined, [{ ...list[1].layers[0], release: 2, gray: 'canary' }]],
      ],
    );
    const second = (await at('/instances?release=2&namespace=default')).body.items;
    assert.deepEqual([second.length, second[0].labels], [1, { ring: 'one' }]);
    const page = (await at('/instances?limit=2')).body;
    const rest = (await at(`/instances?cursor=${page.next}`)).body;
    assert.deepEqual([...page.items, ...rest.items], list);
  });

  test('digests are told as events, and no values', async () => {
    await publish('/told/prod', { a: 'hush' });
    await resolved('told', { a: 'hush' }, '?profile=prod');
    const gone = new AbortController();
    const response = await fetch(`${other.api}/api/v1/config/told/watch?profile=prod`, {
      signal: gone.signal,
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const events = async (count: number) => {
      while (text.split('\n\n').length <= count) {
        const { value, done } = await reader.read();
        assert.ok(!done);
        text += value;
      }
    };
    await events(1);
    await publish('/told/prod', { a: 'secretly' });
    await events(2);
    gone.abort();
    assert.ok(!text.includes('hush') && !text.includes('secretly'));
    const { body } = await resolve('told', '?profile=prod');
    assert.ok(text.includes(body.digest), text);
  });

  test('a gray release is for some, is promoted, or ended by a signal', async () => {
    const path = '/gray/default';
    await publish(path, { a: '1' });
    await edit(path, { a: '2' });
    const rules = [{ labels: { zone: 'x' } }, { addresses: ['10.0.0.0/8'] }];
    const gray = { name: 'canary', rules, abandonOn: ['errors'] };
    const made = await call('POST', `${path}/gray`, gray);
    assert.deepEqual([made.status, made.body.release], [201, 2], made.text);
    await resolved('gray', { a: '2' }, '?label=zone=x&label=other=y');
    await resolved('gray', { a: '2' }, '?address=10.1.2.3');
    await resolved('gray', { a: '1' });
    const twice = await call('POST', `${path}/gray`, gray);
    assert.deepEqual([twice.status, twice.body.code], [404, 'unknown-config'], 'there is no draft');
    const wider = await call('PUT', `${path}/gray/canary`, { rules: [{ percentage: 100 }] });
    assert.equal(wider.status, 200, wider.text);
    await resolved('gray', { a: '2' }, '?instance=one');
    const alert = {
      version: '4',
      status: 'resolved',
      alerts: [{ status: 'resolved', labels: { alertname: 'Errors' } }],
    };
    const over = await call('POST', '/gray/signals/errors', alert);
    assert.deepEqual(over.body, { raised: false, abandoned: [] });
    const firing = {
      ...alert,
      status: 'firing',
      alerts: [{ status: 'firing', labels: {}, annotations: { summary: 'too many' } }],
    };
    const ended = await call('POST', '/gray/signals/errors', firing);
    assert.equal(ended.body.abandoned[0].reason, 'the signal errors was raised: too many');
    await resolved('gray', { a: '1' }, '?instance=one');
    await edit(path, { a: '3' });
    await call('POST', `${path}/gray`, gray);
    const promoted = await call('POST', `${path}/gray/canary/promote`, {});
    assert.deepEqual([promoted.body.release.number, promoted.body.release.kind], [4, 'promote']);
    assert.equal((await call('DELETE', `${path}/gray/canary`)).status, 404);
  });

  test('schemas, links and who publishes', async () => {
    const path = '/linked/default';
    await edit(path, { port: '80' });
    const schema = { type: 'object', properties: { port: { type: 'integer' } } };
    assert.equal((await call('PUT', `${path}/schema`, schema, any)).status, 200);
    assert.equal((await edit(path, { port: 'x' })).status, 422);
    await call('POST', `${path}/publish`, {});
    await publish('/lib/client', { url: 'x' });
    assert.equal((await call('PUT', '/lib/client/settings', { public: true })).status, 200);
    const links = [{ application: 'lib', namespace: 'client' }];
    assert.equal((await call('PUT', '/linked', { links })).status, 412);
    const seen = await call('GET', '/linked');
    const tag = { 'if-match': seen.headers.get('etag') ?? '' };
    const put = await call('PUT', '/linked', { links, fourEyes: true }, tag);
    assert.equal(put.status, 200, put.text);
    await resolved('linked', { port: '80', url: 'x' });
    await edit(path, { port: '81' });
    const own = await call('POST', `${path}/publish`, {});
    assert.deepEqual([own.status, own.body.code], [403, 'forbidden']);
  });

  test('a release to come can be called off', async () => {
    const path = '/later/default';
    await edit(path, { a: '1' });
    const at = '2100-01-01T00:00:00+01:00';
    const made = await call('POST', `${path}/publish`, { at });
    assert.equal(made.body.scheduled.at, '2099-12-31T23:00:00.000Z', made.text);
    const list = await call('GET', `${path}/scheduled`);
    assert.equal(list.body.items.length, 1);
    const { id } = list.body.items[0];
    assert.equal((await call('DELETE', `${path}/scheduled/${id}`)).status, 204);
    assert.equal((await call('DELETE', `${path}/scheduled/${id}`)).status, 404);
  });

  test('what is exported can be imported, and a namespace deleted', async () => {
    await publish('/out/default', { a: '1' });
    const document = { format: 'yaml', document: '# why\na: 1\n' };
    const prod = await call('PUT', '/out/prod/draft', document, any);
    assert.equal(prod.status, 200, prod.text);
    await call('POST', '/out/prod/publish', {});
    const links = [{ application: 'out', namespace: 'prod' }];
    assert.equal((await call('PUT', '/out/prod/settings', { public: true })).status, 200);
    assert.equal((await call('PUT', '/out', { links, fourEyes: true }, any)).status, 200);
    const exported = await call('GET', '/out/export');
    assert.equal(exported.body.namespaces.prod.document, document.document);
    const bad = { default: { entries: { a: { type: 'json', value: '{' } } } };
    const wrong = await call('PUT', '/in/import', { namespaces: bad });
    assert.match(wrong.body.namespaces.default.problem, /no JSON/);
    const draft = await call('PUT', '/in/import', { ...exported.body, publish: false });
    assert.match(draft.body.settings.problem, /"publish"/);
    assert.match(draft.body.namespaces.prod.problem, /"publish"/);
    const all = { ...exported.body, publish: true };
    const imported = await call('PUT', '/in/import', all);
    assert.deepEqual(imported.body.namespaces, {
      default: { changes: 1, release: 1 },
      prod: { changes: 1, release: 1 },
    });
    assert.deepEqual(imported.body.settings, { changed: true });
    const again = await call('PUT', '/in/import', all);
    assert.deepEqual(again.body.namespaces.prod, { changes: 0 });
    assert.deepEqual(again.body.settings, { changed: false });
    const back = (await call('GET', '/in/export')).body;
    assert.deepEqual(back, { ...exported.body, application: 'in' });
    await resolved('in', { a: '1' }, '?profile=prod');
    assert.equal((await call('DELETE', '/in/prod')).status, 428);
    const gone = await call('DELETE', '/in/prod', undefined, any);
    assert.equal(gone.status, 204, gone.text);
    assert.equal((await call('GET', '/in/prod')).status, 404);
    const link = { links: [{ application: 'in', namespace: 'default' }] };
    assert.equal((await call('PUT', '/linker', link)).status, 200);
    assert.equal((await call('DELETE', '/in')).status, 428);
    assert.equal(
      (await call('DELETE', '/in?force=true', undefined, { 'if-match': '"1-1"' })).status,
      412,
    );
    const kept = await call('DELETE', '/in', undefined, any);
    assert.deepEqual([kept.status, kept.body.code], [409, 'conflict']);
    assert.match(kept.body.detail, /^linker would lose/);
    assert.equal((await call('DELETE', '/in?force=true', undefined, any)).status, 204);
    assert.equal((await call('GET', '/in')).status, 404);
    await resolved('in', {});
    const rotated = await callAt(other.api, '/api/v1/secrets/rotate', { method: 'POST' });
    assert.deepEqual([rotated.status, rotated.body.code], [409, 'no-secret-key']);
  });
});
