import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import type { Mesh, SdkError } from '../src/index.ts';
import { type Home, home } from './fixture.ts';

const bounded = () => ({ signal: AbortSignal.timeout(20_000) });

describe('over the API, without ZooKeeper', () => {
  let at: Home;
  let mesh: Mesh;
  let other: Mesh;
  before(async () => {
    at = await home();
    const nowhere = 'http://127.0.0.1:1';
    // The first replica is never there.
    mesh = await at.mesh({ zookeeper: undefined, server: [nowhere, at.api] });
    other = await at.mesh({ zookeeper: undefined });
  });
  after(async () => {
    await mesh?.close();
    await other?.close();
    await at?.[Symbol.asyncDispose]();
  });

  test('a lock is one holder’s at a time, and is kept alive', async () => {
    const lease = await mesh.lock('nightly', { ttl: 1_000, ...bounded() });
    const began = performance.now();
    await assert.rejects(other.lock('nightly', { wait: 50 }), { code: 'TIMEOUT' });
    const waiting = other.lock('nightly', bounded());
    await until(() => performance.now() - began > 1_500);
    assert.equal(lease.signal.aborted, false, 'it has outlived its time to live');
    await lease.release();
    assert.equal((lease.signal.reason as SdkError).code, 'LOST');
    const next = await waiting;
    const number = (fencing: string) => BigInt(fencing.split('.')[1] ?? 0);
    assert.ok(number(next.fencing) > number(lease.fencing));
    await next.release();
    await next.release();
  });

  test('it is one queue with those who come by a session', async () => {
    await using direct = await at.mesh();
    const lease = await direct.lock('shared');
    await assert.rejects(mesh.lock('shared', { wait: 0 }), { code: 'TIMEOUT' });
    await lease.release();
    await using mine = await mesh.lock('shared', bounded());
    await assert.rejects(direct.lock('shared', { wait: 50 }), { code: 'TIMEOUT' });
    assert.equal(mine.signal.aborted, false);
  });

  test('a lease that somebody deletes is lost; a waiter that gives up leaves nothing', async () => {
    const lease = await mesh.lock('deleted', { ttl: 1_000, ...bounded() });
    const stop = new AbortController();
    const waiting = other.lock('deleted', stop);
    await using zk = await connect({ connect: at.zookeeper });
    const queue = async () => (await zk.children('/meshkeeper/locks/deleted')).children.toSorted();
    await until(async () => (await queue()).length === 2);
    stop.abort(new Error('no more'));
    await assert.rejects(waiting, /no more/);
    await until(async () => (await queue()).length === 1);
    await zk.delete(`/meshkeeper/locks/deleted/${(await queue())[0]}`);
    await until(() => lease.signal.aborted);
    assert.equal((lease.signal.reason as SdkError).code, 'LOST');
    await lease.release();
  });

  test('elections are won, lost and handed over', async () => {
    const first = mesh.elect('cleaner', { ttl: 1_000 });
    const won = await first.lead(bounded());
    assert.equal(first.lease, won);
    const second = other.elect('cleaner', { ttl: 1_000 });
    await assert.rejects(second.lead({ wait: 50 }), { code: 'TIMEOUT' });
    await won.release();
    assert.notEqual(await second.lead(bounded()), won);
    assert.equal(first.lease, undefined, 'it stands again, behind');
    await second.close();
    await first.lead(bounded());
    await first.close();
    await assert.rejects(first.lead(), { code: 'CLOSED' });
  });

  test('an instance stays by its heartbeats, comes back, and leaves', async () => {
    let ready = true;
    await using quick = await at.mesh({ zookeeper: undefined, sessionTimeout: 1_000 });
    const registered = await quick.register({
      ...{ service: 'beating', id: 'one', address: '127.0.0.1', port: 4001 },
      ...{ readiness: () => ready, readinessInterval: 10 },
    });
    await using zk = await connect({ connect: at.zookeeper });
    const ids = async () => (await zk.children('/services/beating')).children;
    const created = async () => (await zk.exists('/services/beating/one'))?.czxid;
    assert.deepEqual(await ids(), ['one']);
    const first = await created();
    const began = performance.now();
    await until(() => performance.now() - began > 1_500);
    assert.equal(await created(), first, 'it has outlived its time to live');
    await zk.delete('/services/beating/one');
    await until(async () => (await ids()).length === 1);
    ready = false;
    await until(async () => (await ids()).length === 0);
    assert.equal(registered.state, 'draining');
    ready = true;
    await until(async () => (await ids()).length === 1);
    await quick.close();
    assert.deepEqual(await ids(), []);
  });

  test('configuration comes from the control plane, or from ZooKeeper itself', async () => {
    const publish = async (greeting: string) => {
      const call = async (method: string, path: string, body: unknown) => {
        const response = await fetch(`${at.api}/api/v1/config/shop/default${path}`, {
          method,
          headers: { 'content-type': 'application/json', 'if-match': '*' },
          body: JSON.stringify(body),
        });
        assert.ok(response.ok, await response.text());
      };
      await call('PATCH', '/draft', { set: { greeting: { value: greeting } } });
      await call('POST', '/publish', {});
    };
    await publish('hello');
    await using direct = await at.mesh({ service: 'shop' });
    const both = [await mesh.config('shop'), await direct.config()];
    for (const config of both) assert.equal(config.current.greeting, 'hello');
    await publish('good evening');
    for (const config of both) await until(() => config.current.greeting === 'good evening');
    await assert.rejects(mesh.config(), { code: 'INVALID_ARGUMENT' });
  });

  test('what makes no sense is said', async () => {
    await assert.rejects(mesh.lock('a/b'), { code: 'INVALID_ARGUMENT' });
    const direct = await at.mesh();
    await assert.rejects(direct.lock('a/b'), { code: 'INVALID_ARGUMENT' });
    await direct.close();
  });

  test('a mesh that is closed gives back what it holds', async () => {
    const closing = await at.mesh({ zookeeper: undefined });
    const lease = await closing.lock('closing', bounded());
    await closing.elect('closing').lead(bounded());
    await closing.close();
    assert.equal(lease.signal.aborted, true);
    await using next = await mesh.lock('closing', { wait: 0 });
    assert.equal(next.signal.aborted, false);
    await using leading = mesh.elect('closing');
    await leading.lead(bounded());
  });

  test('a lease ends by itself when no replica answers', async () => {
    const lease = await mesh.lock('alone', { ttl: 1_000, ...bounded() });
    await at.stop();
    await until(() => lease.signal.aborted);
    assert.match(String(lease.signal.reason), /kept alive/);
    await at.restart();
    await lease.release();
    await using next = await mesh.lock('alone', bounded());
    assert.equal(next.signal.aborted, false);
  });
});
