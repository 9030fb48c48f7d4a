import assert from 'node:assert/strict';
import { policyId } from '@meshkeeper/policy';
import { startFaultProxy, until } from '@meshkeeper/testbed';
import { CreateMode, connect } from '@meshkeeper/zookeeper';
import { policyPath, refOf } from '../../src/policies/policy-paths.ts';
import type { PolicyStore } from '../../src/policies/policy-store.ts';
import { Followed, ids, NOBODY, onBothServers, outcomes, REF, soon } from './followed-store.ts';
import { gateway, route, servicePolicy } from './samples.ts';

onBothServers('the policies', (check) => {
  check('what is applied is told, and who has applied it is known', async ({ zk }) => {
    await using one = new Followed({ zk, now: () => 1_700_000_000_000 });
    const all = [servicePolicy('orders', ['v1']), route('orders', ['orders/v1'])];
    const author = { by: 'alice', reason: 'first' };
    const applied = await one.store.apply({ policies: all, deleted: [] }, author, soon());
    assert.equal(applied.revision, 1);
    assert.equal(outcomes(applied), 'created,created');
    const list = await one.at(1);
    assert.deepEqual(ids(list), ['HTTPRoute/orders', 'ServicePolicy/orders']);
    assert.deepEqual(list.policies[0], {
      policy: all[1],
      revision: 1,
      at: 1_700_000_000_000,
      by: 'alice',
    });
    // Nothing of a transaction is ever told without the rest.
    assert.deepEqual(
      one.told.map(({ policies }) => policies.length),
      [0, 2],
    );
    const again = await one.store.apply({ policies: all, deleted: [] }, NOBODY, soon());
    assert.equal(again.revision, 1);
    assert.equal(outcomes(again), 'unchanged,unchanged');

    const wanted = { policies: [route('orders', ['orders'])], deleted: [refOf(all[0]!)] };
    const changed = await one.store.apply(wanted, { by: 'bob' }, soon());
    assert.equal(outcomes(changed), 'configured,deleted');
    assert.deepEqual(ids(await one.at(2)), ['HTTPRoute/orders']);
    const [second, first] = await one.store.history({ limit: 10 }, soon());
    assert.equal(first?.reason, 'first');
    assert.equal(second?.by, 'bob');
    assert.deepEqual(second?.changes, [
      { kind: 'HTTPRoute', name: 'orders', before: all[1], after: wanted.policies[0] },
      { kind: 'ServicePolicy', name: 'orders', before: all[0] },
    ]);
    assert.deepEqual(await one.store.history({ limit: 10, before: 2 }, soon()), [first]);
  });

  check('what an apply would do changes nothing', async ({ zk }) => {
    await using one = new Followed({ zk });
    const wanted = { policies: [route('orders', ['orders'])], deleted: [] };
    const plan = await one.store.plan(wanted, NOBODY, soon());
    assert.equal(outcomes(plan), 'created');
    assert.equal(plan.revision, 0);
    assert.equal(await zk.exists('/meshkeeper'), null);
  });

  check('another replica is told, and so is one that was cut off', async ({ root, target, zk }) => {
    await using proxy = await startFaultProxy({ target });
    await using cut = await connect({ connect: `${proxy.connect}${root}` });
    await using one = new Followed({ zk });
    await using two = new Followed({ zk: cut });
    const apply = (name: string) =>
      one.store.apply({ policies: [route(name, ['orders'])], deleted: [] }, NOBODY, soon());
    await apply('first');
    await two.at(1);
    proxy.refuse();
    proxy.cut();
    await apply('second');
    await one.store.apply(
      { policies: [], deleted: [{ kind: 'HTTPRoute', name: 'first' }] },
      NOBODY,
      soon(),
    );
    assert.equal(two.list?.revision, 1);
    await proxy.accept();
    assert.deepEqual(ids(await two.at(3)), ['HTTPRoute/second']);
  });

  check('also where there are no recursive watches', async ({ zk }) => {
    await using one = new Followed({ zk });
    await using old = new Followed({ zk, recursive: false });
    const annotation = 'x'.repeat(100_000);
    const policies = Array.from({ length: 12 }, (_, i) =>
      gateway(`g${i}`, { annotation, port: 1000 + i }),
    );
    const { revision } = await one.store.apply({ policies, deleted: [] }, NOBODY, soon());
    assert.ok(revision > 1);
    assert.equal((await old.at(revision)).policies.length, 12);
    const wanted = { policies: [route('shop', ['orders'])], deleted: policies.map(refOf) };
    const last = await old.store.apply(wanted, NOBODY, soon());
    assert.deepEqual(ids(await old.at(last.revision)), ['HTTPRoute/shop']);
    await zk.set(policyPath(REF), '{');
    await until(() => old.list?.problems.length === 1);
    // Each list that was told is what a transaction has left.
    assert.deepEqual(
      old.told.map(({ revision }) => revision),
      old.told.map(({ revision }) => revision).sort((a, b) => a - b),
    );
  });

  check('it goes on when its session has expired', async ({ root, target, zk }) => {
    await using proxy = await startFaultProxy({ target });
    await using lost = await connect({
      connect: `${proxy.connect}${root}`,
      sessionTimeout: 500,
      onExpired: 'renew',
    });
    await using one = new Followed({ zk });
    await using two = new Followed({ zk: lost });
    const put = (store: PolicyStore, name: string) =>
      store.apply({ policies: [route(name, ['orders'])], deleted: [] }, NOBODY, soon());
    await put(two.store, 'before');
    await lost.create('/session', '', { mode: CreateMode.EPHEMERAL });
    proxy.refuse();
    proxy.cut();
    await until(async () => (await zk.exists('/session')) === null);
    await put(one.store, 'meanwhile');
    await proxy.accept();
    assert.deepEqual(ids(await two.at(2)), ['HTTPRoute/before', 'HTTPRoute/meanwhile']);
    assert.equal((await put(two.store, 'after')).revision, 3);
  });

  check('names are safe: one in a namespace is another one', async ({ zk }) => {
    await using one = new Followed({ zk });
    const policies = [
      route('a.b-c', ['orders']),
      route('shop', ['orders'], { namespace: 'a' }),
      route('shop', ['orders']),
      route('x'.repeat(253), ['orders'], { namespace: 'n'.repeat(63) }),
    ];
    await one.store.apply({ policies, deleted: [] }, NOBODY, soon());
    assert.deepEqual(ids(await one.at(1)), policies.map(policyId).sort());
    const { children } = await zk.children('/meshkeeper/policies/HTTPRoute');
    assert.ok(children.includes('a:shop'));
  });
});
