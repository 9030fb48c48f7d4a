import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import type { ControlPlane } from '../../src/index.ts';
import { instance } from '../instance.ts';
import { onServers } from '../servers.ts';
import { type ApiPlane, callAt, startApiPlane, startReplicaOf } from './plane.ts';

onServers('writes that are tried again, or that others are in the way of', (start) => {
  let api: ApiPlane;
  let other: ControlPlane;
  const headers = { 'content-type': 'application/json' };
  const overlay = '/api/v1/services/a/endpoints/i/overlay';
  const policy = (name: string, version = '1') => ({
    apiVersion: 'meshkeeper.io/v1',
    kind: 'ServicePolicy',
    metadata: { name },
    spec: { targetRefs: [{ name: 'a' }], subsets: [{ name: 'v1', metadata: { version } }] },
  });
  const apply = (key: string, body: unknown, at = api.plane) =>
    callAt(at.api, '/api/v1/policies/apply', {
      ...{ method: 'POST', body: JSON.stringify(body) },
      headers: { ...headers, 'idempotency-key': key },
    });
  const revision = async () => (await api.call('/api/v1/policies/history')).body.records.length;

  before(async () => {
    const prepare = async (zk: ZooKeeper) => {
      await zk.create('/discovery/a/i', instance('a', 'i', 1001), { parents: true });
    };
    api = await startApiPlane({}, prepare, start);
    other = await startReplicaOf(api.server.connect);
  });
  after(async () => {
    await other?.close();
    await api?.[Symbol.asyncDispose]();
  });

  test('an overlay is replaced or deleted only as it was seen', async () => {
    const put = (more: Record<string, string>, weight = 1) =>
      api.call(overlay, {
        ...{ method: 'PUT', body: JSON.stringify({ weight }) },
        headers: { ...headers, ...more },
      });
    const missing = await put({ 'if-match': '*' });
    assert.deepEqual([missing.status, missing.body.code], [412, 'precondition-failed']);
    assert.equal(missing.body.current, null);
    const first = await put({ 'if-none-match': '*' });
    assert.equal(first.status, 200);
    const tag = first.headers.get('etag')!;
    assert.equal((await put({ 'if-none-match': '*' })).status, 412);
    assert.equal((await api.call(overlay, { headers: { 'if-none-match': tag } })).status, 304);
    const second = await put({ 'if-match': tag }, 2);
    assert.equal(second.status, 200);
    const late = await put({ 'if-match': tag }, 3);
    assert.deepEqual([late.status, late.body.current], [412, second.headers.get('etag')]);
    const read = await api.call(overlay);
    assert.deepEqual([read.body.weight, read.headers.get('etag')], [2, late.body.current]);
    const remove = (seen: string) =>
      api.call(overlay, { method: 'DELETE', headers: { 'if-match': seen } });
    assert.equal((await remove(tag)).status, 412);
    assert.equal((await remove(late.body.current)).status, 204);
    // Another znode of the same version is another overlay.
    await put({});
    assert.equal((await put({ 'if-match': tag })).status, 412);
  });

  test('a policy, too', async () => {
    const path = '/api/v1/policies/ServicePolicy/tagged';
    const put = (more: Record<string, string>, version: string) =>
      api.call(path, {
        ...{ method: 'PUT', body: JSON.stringify(policy('tagged', version)) },
        headers: { ...headers, ...more },
      });
    assert.equal((await put({ 'if-match': '"1"' }, '1')).status, 412);
    assert.equal((await put({ 'if-none-match': '*' }, '1')).status, 200);
    const tag = (await api.call(path)).headers.get('etag')!;
    assert.equal((await put({ 'if-match': tag }, '2')).status, 200);
    const late = await put({ 'if-match': tag }, '3');
    assert.deepEqual([late.status, late.body.code], [412, 'precondition-failed']);
    const deleted = await api.call(path, { method: 'DELETE', headers: { 'if-match': tag } });
    assert.equal(deleted.status, 412);
  });

  test('with one key it is done once, also by two replicas at the same time', async () => {
    const before = await revision();
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        apply('twice', [policy('once')], i % 2 === 0 ? api.plane : other),
      ),
    );
    for (const { status, body } of all) {
      assert.equal(status, 200);
      // Done a second time it would be unchanged.
      assert.deepEqual(
        [body.policies[0].outcome, body.revision],
        ['created', all[0]!.body.revision],
      );
    }
    const replayed = all.filter(({ headers: h }) => h.get('idempotency-replayed') === 'true');
    assert.equal(replayed.length, 9);
    assert.equal(await revision(), before + 1);
  });

  test('the key of another request is refused; what was refused may be tried again', async () => {
    await apply('mine', [policy('mine')]);
    const { status, body } = await apply('mine', [policy('yours')], other);
    assert.deepEqual([status, body.code], [422, 'idempotency-key-reused']);
    assert.equal((await apply('faulty', [{ kind: 'Nothing' }])).status, 400);
    assert.equal((await apply('faulty', [policy('right')])).status, 200);
    assert.equal((await apply(' ', [policy('right')])).status, 400);
  });

  test("a key is its caller's own; nothing of it is kept as it is, nor any token", async () => {
    const make = (name: string) =>
      api.call('/api/v1/tokens', {
        ...{ method: 'POST', headers: { ...headers, 'idempotency-key': 'token-key' } },
        body: JSON.stringify({ name, roles: ['operator'] }),
      });
    const { token } = (await make('one')).body;
    assert.equal((await make('one')).body.code, 'conflict');
    const mine = await api.call('/api/v1/policies/apply', {
      ...{ method: 'POST', body: JSON.stringify([policy('other-caller')]) },
      headers: { ...headers, 'idempotency-key': 'mine', authorization: `Bearer ${token}` },
    });
    assert.equal(mine.status, 200);
    const { children } = await api.zk.children('/meshkeeper/idempotency');
    for (const name of children) {
      assert.match(name, /^[0-9a-f]{64}$/);
      const { data } = await api.zk.get(`/meshkeeper/idempotency/${name}`);
      assert.ok(!data.includes('token-key') && !data.includes(token));
    }
  });
});
