import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registrar, spring } from '@meshkeeper/registries';
import { until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { onReplicas } from './stage.ts';

onReplicas('registrations over HTTP', (on) => {
  const path = (service: string, id: string) =>
    `/services/${encodeURIComponent(service)}/endpoints/${id}`;
  const endpoints = async (service: string, at: 0 | 1 = 0) => {
    const { body } = await on.call(
      'GET',
      `/services/${encodeURIComponent(service)}/endpoints`,
      undefined,
      { at },
    );
    return (body.endpoints ?? []) as {
      readonly id: string;
      readonly port: number;
      readonly weight: number;
      readonly metadata: Record<string, string>;
      readonly origin: { readonly registry: string };
    }[];
  };

  test('an instance is registered, seen by all, kept by heartbeats at any replica, and taken out', async () => {
    const body = { address: '127.0.0.1', port: 8080, weight: 50, metadata: { version: '2' } };
    const made = await on.call('PUT', path('shop', 'one'), body);
    assert.equal(made.status, 200, made.text);
    const { expiresIn, ...view } = made.body;
    assert.ok(expiresIn > 20_000 && expiresIn <= 30_000);
    const paths = ['/services/shop/one'];
    assert.deepEqual(view, { service: 'shop', id: 'one', registry: 'spring', paths, ttl: 30_000 });
    for (const at of [0, 1] as const)
      await until(async () => {
        const [one] = await endpoints('shop', at);
        return one?.port === 8080 && one.weight === 50 && one.metadata.version === '2';
      });
    const stat = await on.zk.exists(paths[0]!);
    assert.equal(stat?.ephemeralOwner, 0n);
    const beat = await on.call('POST', `${path('shop', 'one')}/heartbeat`, undefined, { at: 1 });
    assert.deepEqual([beat.status, beat.body.paths], [200, paths], beat.text);
    // The same again changes nothing, and something else changes that alone.
    assert.equal((await on.call('PUT', path('shop', 'one'), body, { at: 1 })).status, 200);
    assert.equal((await on.zk.exists(paths[0]!))?.version, stat.version);
    const changed = { ...body, metadata: { version: '3' }, ttl: '10s' };
    assert.equal((await on.call('PUT', path('shop', 'one'), changed, { at: 1 })).body.ttl, 10_000);
    assert.equal((await on.zk.exists(paths[0]!))?.czxid, stat.czxid);
    await until(async () => (await endpoints('shop'))[0]?.metadata.version === '3');
    assert.equal((await on.call('DELETE', path('shop', 'one'), undefined, { at: 1 })).status, 204);
    assert.equal(await on.zk.exists(paths[0]!), null);
    assert.equal((await on.call('DELETE', path('shop', 'one'))).status, 204);
    const late = await on.call('POST', `${path('shop', 'one')}/heartbeat`);
    assert.deepEqual([late.status, late.body.code], [404, 'unknown-lease']);
  });

  test('without heartbeats it is gone after its time to live', async () => {
    const begin = performance.now();
    await on.call('PUT', path('brief', 'b'), { address: '127.0.0.1', port: 1, ttl: '1s' });
    await until(async () => (await on.zk.exists('/services/brief/b')) === null);
    assert.ok(performance.now() - begin >= 1_000);
    const again = { address: '127.0.0.1', port: 1 };
    assert.equal((await on.call('PUT', path('brief', 'b'), again, { at: 1 })).status, 200);
    await on.call('DELETE', path('brief', 'b'));
  });

  test('what somebody else has registered is never touched', async () => {
    await using zk = await connect({ connect: on.connect, onExpired: 'renew' });
    const registrar = new Registrar({ zk, dialect: spring });
    const session = { service: 'taken', id: 'x', address: '127.0.0.1', port: 1 };
    await using instance = await registrar.register(session);
    const body = { address: '127.0.0.1', port: 2 };
    for (let i = 0; i < 3; i++) {
      const refused = await on.call('PUT', path('taken', 'x'), body, { at: i % 2 ? 1 : 0 });
      assert.deepEqual([refused.status, refused.body.code], [409, 'conflict']);
      assert.match(refused.body.detail, /somebody else, at \/services\/taken\/x/);
    }
    await on.call('DELETE', path('taken', 'x'));
    assert.ok((await on.zk.exists(instance.paths[0]!))?.ephemeralOwner);
    // In the place of ours, behind our back: it is not ours any more.
    assert.equal((await on.call('PUT', path('taken', 'y'), body)).status, 200);
    await on.zk.delete('/services/taken/y');
    await on.zk.create('/services/taken/y', 'mine');
    const lost = await on.call('POST', `${path('taken', 'y')}/heartbeat`);
    assert.deepEqual([lost.status, lost.body.code], [404, 'unknown-lease']);
    assert.equal(String((await on.zk.get('/services/taken/y')).data), 'mine');
    assert.equal((await on.call('PUT', path('taken', 'y'), body)).status, 409);
    await on.zk.delete('/services/taken/y');
  });

  test('each dialect that can say it does, and what none can say is refused', async () => {
    for (const dialect of ['curator', 'spring', 'dubbo', 'serverset', 'nerve', 'd2']) {
      const service = dialect === 'dubbo' ? 'com.shop.Api' : `of-${dialect}`;
      const protocol = dialect === 'dubbo' ? { protocol: 'dubbo' } : {};
      const body = { address: '127.0.0.1', port: 9000, dialect, ...protocol };
      const made = await on.call('PUT', path(service, 'i1'), body);
      assert.equal(made.status, 200, `${dialect}: ${made.text}`);
      assert.equal(made.body.registry, dialect);
      await until(async () => (await endpoints(service, 1))[0]?.origin.registry === dialect, {
        message: `${dialect} is read`,
      });
      for (const node of made.body.paths)
        assert.equal((await on.zk.exists(node))?.ephemeralOwner, 0n, node);
      const beat = await on.call('POST', `${path(service, 'i1')}/heartbeat`, undefined, { at: 1 });
      assert.deepEqual([beat.status, beat.body.paths], [200, made.body.paths], dialect);
      assert.equal(
        (await on.call('PUT', path(service, 'i1'), { ...body, port: 9001 })).status,
        200,
      );
      await until(async () => (await endpoints(service, 1)).some(({ port }) => port === 9001));
      assert.equal((await on.call('DELETE', path(service, 'i1'))).status, 204);
      for (const node of made.body.paths) assert.equal(await on.zk.exists(node), null, node);
    }
    const weighty = { address: '127.0.0.1', port: 1, weight: 5, dialect: 'curator' };
    const refused = await on.call('PUT', path('of-curator', 'w'), weighty);
    assert.equal(refused.status, 400);
    assert.match(refused.body.detail, /no place for a weight/);
    for (const [service, id] of [
      ['a/../b', 'x'],
      ['a//b', 'x'],
      ['x', 'a%2Fb'],
      ['x', 'a%00b'],
    ] as const) {
      const odd = await on.call('PUT', path(service, id), { address: '127.0.0.1', port: 1 });
      assert.deepEqual([odd.status, odd.body.code], [400, 'invalid-request'], odd.text);
    }
    const nowhere = { address: '127.0.0.1', port: 1, dialect: 'nowhere' };
    assert.match((await on.call('PUT', path('x', 'w'), nowhere)).body.detail, /no such registry/);
  });
});
