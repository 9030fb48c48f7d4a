import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import type { AuditEntry } from '../../src/audit/audit-entry.ts';
import { AUDIT_LOG, AuditLog } from '../../src/audit/audit-log.ts';
import { instance } from '../instance.ts';
import { type ApiPlane, startApiPlane } from './plane.ts';

describe('the audit', () => {
  let api: ApiPlane;
  const headers = { 'content-type': 'application/json' };
  const entries = async (query = '') => (await api.call(`/api/v1/audit${query}`)).body.entries;

  before(async () => {
    api = await startApiPlane({}, async (zk) => {
      await zk.create('/discovery/a/i', instance('a', 'i', 1001), { parents: true });
    });
  });
  after(async () => {
    await api?.[Symbol.asyncDispose]();
  });

  test('says who has done what, and who was not let; reading is nothing to be told', async () => {
    const body = JSON.stringify({ name: 'ci', roles: ['viewer'] });
    const made = await api.call('/api/v1/tokens', { method: 'POST', headers, body });
    const authorization = `Bearer ${made.body.token}`;
    await api.call('/api/v1/services', { headers: { authorization } });
    const overlay = '/api/v1/services/a/endpoints/i/overlay';
    const put = { method: 'PUT', headers, body: '{"drain":true}' };
    await api.call(overlay, put);
    await api.call(overlay, { ...put, headers: { ...headers, authorization } });
    // A token that is none leaves nothing: anybody could fill the log so.
    await api.call(overlay, { ...put, headers: { ...headers, authorization: 'Bearer mk_no' } });
    await until(async () => (await entries()).length >= 3);
    const told = (await entries()).map(({ at: _, ...entry }: Record<string, unknown>) => entry);
    const target = { service: 'a', id: 'i' };
    assert.deepEqual(told, [
      { kind: 'token', by: 'ci', action: 'putOverlay', target, outcome: 'refused', status: 403 },
      {
        kind: 'loopback',
        by: 'loopback',
        action: 'putOverlay',
        target,
        outcome: 'done',
        status: 200,
      },
      {
        kind: 'loopback',
        by: 'loopback',
        action: 'createToken',
        target: {},
        outcome: 'done',
        status: 201,
      },
    ]);
    const { children } = await api.zk.children(AUDIT_LOG);
    for (const child of children) {
      const { data } = await api.zk.get(`${AUDIT_LOG}/${child}`);
      assert.ok(!data.toString().includes(made.body.token));
    }
  });

  test('is read page by page', async () => {
    const first = await api.call('/api/v1/audit?limit=2');
    assert.equal(first.body.entries.length, 2);
    const link = /<(.+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1];
    const second = await api.call(link!);
    assert.equal(second.body.entries.at(-1).action, 'createToken');
    assert.ok(!('next' in second.body) || second.body.next === '0000000000.0');
  });

  test('what is said of an endpoint is said by who has called; who they say they are is a note', async () => {
    const body = JSON.stringify({ name: 'deputy', roles: ['operator'] });
    const made = await api.call('/api/v1/tokens', { method: 'POST', headers, body });
    const as = { ...headers, authorization: `Bearer ${made.body.token}` };
    const overlay = '/api/v1/services/a/endpoints/i/overlay';
    const put = (said: object) =>
      api.call(overlay, { method: 'PUT', headers: as, body: JSON.stringify(said) });
    assert.equal((await put({ drain: true, by: 'root' })).status, 400);
    assert.equal((await put({ drain: true, label: 'root' })).status, 200);
    const { by, label } = (await api.call(overlay)).body;
    assert.deepEqual([by, label], ['token:deputy', 'root']);
    await until(async () => {
      const [{ kind, by: who, action, outcome }] = await entries();
      return [kind, who, action, outcome].join() === 'token,deputy,putOverlay,done';
    });
  });

  test('is bounded, and what can not be read of it is left out', async () => {
    const log = new AuditLog({ zk: api.zk, logger: { debug() {}, info() {}, warn() {} }, keep: 5 });
    const entry = (by: string): AuditEntry => ({
      ...{ id: randomUUID(), at: 1, kind: 'token', by, action: 'x', target: {} },
      ...{ outcome: 'done', status: 200 },
    });
    for (let i = 0; i < 60; i++) {
      log.append(entry(`t${i}`));
      await until(async () => {
        const { entries } = await log.list({ limit: 1 }, AbortSignal.timeout(5_000));
        return entries[0]?.by === `t${i}`;
      });
    }
    await api.zk.create(`${AUDIT_LOG}/9999999999`, 'nonsense');
    const { entries } = await log.list({ limit: 100 }, AbortSignal.timeout(5_000));
    assert.ok(entries.length >= 5 && entries.length < 60, String(entries.length));
    assert.equal(entries[0]?.by, 't59');
    await log.close();
  });
});
