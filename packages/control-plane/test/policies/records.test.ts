import assert from 'node:assert/strict';
import { until } from '@meshkeeper/testbed';
import { refOf } from '../../src/policies/policy-paths.ts';
import { Followed, ids, NOBODY, onBothServers, outcomes, soon } from './followed-store.ts';
import { gateway, route } from './samples.ts';

onBothServers('the records of policies', (check) => {
  check('of records so many are kept, and one can go back as far as they reach', async ({ zk }) => {
    await using one = new Followed({ zk, keep: 5 });
    const put = (backend: string) =>
      one.store.apply({ policies: [route('shop', [backend])], deleted: [] }, NOBODY, soon());
    for (let i = 1; i <= 8; i++) await put(`v${i}`);
    const { children } = await zk.children('/meshkeeper/audit/policies');
    assert.deepEqual(
      children.toSorted(),
      [4, 5, 6, 7, 8].map((revision) => `000000000${revision}`),
    );
    const back = async (revision: number) => {
      const { wanted, at } = await one.store.rollback(revision, soon());
      return one.store.apply(wanted, { by: 'bob', ifRevision: at }, soon(), revision);
    };
    await assert.rejects(back(2), {
      code: 'NOT_RECORDED',
      message: /one can go back to 3$/,
    });
    await assert.rejects(back(9), {
      code: 'NOT_RECORDED',
      message: /there is no revision 9 yet/,
    });
    const { revision } = await back(4);
    assert.equal(revision, 9);
    const list = await one.at(9);
    assert.deepEqual(list.policies[0]?.policy, route('shop', ['v4']));
    assert.equal((await one.store.record(9, soon()))?.rollbackTo, 4);
    assert.equal((await back(9)).revision, 9); // it is so already
    assert.equal((await back(8)).revision, 10); // a rollback is rolled back
    assert.deepEqual((await one.at(10)).policies[0]?.policy, route('shop', ['v8']));
  });

  check('back to before there was anything, and forth', async ({ zk }) => {
    await using one = new Followed({ zk });
    await one.store.apply(
      { policies: [gateway('edge'), route('shop', ['orders'])], deleted: [] },
      NOBODY,
      soon(),
    );
    const back = async (to: number) => {
      const { wanted, at } = await one.store.rollback(to, soon());
      return one.store.apply(wanted, { ifRevision: at }, soon(), to);
    };
    assert.equal(outcomes(await back(0)), 'deleted,deleted');
    assert.deepEqual(ids(await one.at(2)), []);
    await back(1);
    assert.deepEqual(ids(await one.at(3)), ['Gateway/edge', 'HTTPRoute/shop']);
  });

  check('what somebody has deleted or changed past the records comes back', async ({ zk }) => {
    await using one = new Followed({ zk });
    const all = [gateway('edge'), route('shop', ['orders']), route('other', ['orders'])];
    await one.store.apply({ policies: all, deleted: [] }, NOBODY, soon());
    const more = { policies: [route('other', ['elsewhere'])], deleted: [refOf(all[0]!)] };
    await one.store.apply(more, NOBODY, soon());
    for (const path of ['HTTPRoute/shop', 'HTTPRoute/other', 'HTTPRoute', 'Gateway'])
      await zk.delete(`/meshkeeper/policies/${path}`);
    await zk.delete('/meshkeeper/policies');
    await until(() => one.list?.policies.length === 0);
    const { wanted, at } = await one.store.rollback(2, soon());
    const applied = await one.store.apply(wanted, { ifRevision: at }, soon(), 2);
    assert.equal(applied.revision, 3);
    assert.deepEqual(ids(await one.at(3)), ['HTTPRoute/other', 'HTTPRoute/shop']);
    assert.deepEqual(one.list?.policies[0]?.policy, route('other', ['elsewhere']));
    // To go back to where one is is nothing.
    const { wanted: nothing } = await one.store.rollback(3, soon());
    assert.deepEqual(nothing, { policies: [], deleted: [] });
  });
});
