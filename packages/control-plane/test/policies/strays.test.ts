import assert from 'node:assert/strict';
import { until } from '@meshkeeper/testbed';
import { Perms } from '@meshkeeper/zookeeper';
import { policyPath, refOf } from '../../src/policies/policy-paths.ts';
import { Followed, ids, NOBODY, onBothServers, outcomes, REF, soon } from './followed-store.ts';
import { gateway, route } from './samples.ts';

onBothServers('what can not be used of policies', (check) => {
  check('what may not be read is told, and is what the records say', async ({ zk }) => {
    {
      await using one = new Followed({ zk });
      const policies = [route('shop', ['orders']), gateway('edge')];
      await one.store.apply({ policies, deleted: [] }, NOBODY, soon());
    }
    const nobody = [{ perms: Perms.ADMIN, scheme: 'world', id: 'anyone' }];
    await zk.setAcl(policyPath(REF), nobody);
    await using one = new Followed({ zk });
    const { problems } = await until(() => (one.list?.revision === 1 ? one.list : undefined));
    assert.match(problems[0]?.message ?? '', /^may not be read/);
    assert.deepEqual(ids(one.list), ['Gateway/edge', 'HTTPRoute/shop']);
    // Nobody is told that there are none when it is not known.
    await zk.setAcl('/meshkeeper/policies', nobody);
    await using two = new Followed({ zk });
    const wanted = { policies: [], deleted: [REF] };
    await assert.rejects(two.store.apply(wanted, NOBODY, soon()), { code: 'NO_AUTH' });
    assert.deepEqual(two.told, []);
  });

  check(
    'a znode that can not be used is told, and its last good version is used',
    async ({ zk }) => {
      const good = route('shop', ['orders']);
      const path = policyPath(refOf(good));
      const applied = { policies: [good, route('other', ['orders'])], deleted: [] };
      {
        await using one = new Followed({ zk });
        await one.store.apply(applied, { by: 'alice' }, soon());
        await one.at(1);
        for (const [garbage, message] of [
          ['{', /^holds no JSON$/],
          ['', /^holds no JSON$/],
          ['null', /^is not written as Meshkeeper keeps policies$/],
          ['{"revision":1e300,"at":1,"policy":{"kind":"HTTPRoute"}}', /is not written as/],
          ['{"revision":1,"at":1e300,"policy":{"kind":"HTTPRoute"}}', /is not written as/],
          ['{"revision":1,"at":1,"policy":{"kind":"Secret"}}', /holds a Secret/],
          [
            '{"revision":1,"at":1,"policy":{"kind":"HTTPRoute"}}',
            /holds no valid policy: apiVersion/,
          ],
          [
            JSON.stringify({ revision: 1, at: 1, policy: applied.policies[1] }),
            /holds HTTPRoute\/other/,
          ],
          [Buffer.from([0xff, 0xfe, 0x00]), /holds no JSON/],
        ] as const) {
          await zk.set(path, garbage);
          const list = await until(
            () => one.list?.problems.find((each) => message.test(each.message)) && one.list,
            { message: `${garbage} is told` },
          );
          assert.equal(list.problems.length, 1);
          const [problem] = list.problems;
          assert.deepEqual(problem, {
            path,
            policy: 'HTTPRoute/shop',
            message: problem?.message,
            using: 1,
          });
          assert.deepEqual(ids(list), ['HTTPRoute/other', 'HTTPRoute/shop']);
          assert.deepEqual(list.policies[1]?.policy, good);
        }
      }
      // One that was not there before knows it from the records.
      await using late = new Followed({ zk });
      await until(() => late.list?.problems.length === 1);
      assert.deepEqual(late.list?.policies[1]?.policy, good);
      // Applying it again, the same or not, makes it right; so does deleting it.
      const repaired = await late.store.apply({ policies: [good], deleted: [] }, NOBODY, soon());
      assert.equal(outcomes(repaired), 'configured');
      assert.deepEqual((await late.at(2)).problems, []);
      await zk.set(path, '{');
      await until(() => late.list?.problems.length === 1);
      await late.store.apply({ policies: [], deleted: [refOf(good)] }, NOBODY, soon());
      await until(() => late.list?.problems.length === 0);
      assert.deepEqual(ids(late.list), ['HTTPRoute/other']);
    },
  );

  check('what others write past the store is told, and harms nothing', async ({ zk }) => {
    await using one = new Followed({ zk });
    await one.store.apply({ policies: [route('shop', ['orders'])], deleted: [] }, NOBODY, soon());
    for (const [path, data] of [
      ['/meshkeeper/policies/Secret', ''],
      ['/meshkeeper/policies/Secret/x', '{}'],
      ['/meshkeeper/policies/HTTPRoute/a b', '{}'],
      ['/meshkeeper/policies/HTTPRoute/%73hop', '{}'],
      ['/meshkeeper/policies/HTTPRoute/%', '{}'],
      ['/meshkeeper/policies/HTTPRoute/shop/below', '{}'],
      ['/meshkeeper/audit/policies/0000000007', 'garbage'],
      ['/meshkeeper/audit/policies/9999999999', 'garbage'],
      ['/meshkeeper/audit/policies/x', 'garbage'],
    ] as const)
      await zk.create(path, data);
    await until(() => one.list?.problems.length === 4);
    assert.deepEqual(ids(one.list), ['HTTPRoute/shop']);
    // By hand, as it would be kept.
    const stored = { revision: 3, at: 1, policy: route('hand', ['orders']) };
    await zk.create('/meshkeeper/policies/HTTPRoute/hand', JSON.stringify(stored));
    await until(() => ids(one.list)?.includes('HTTPRoute/hand'));
    await zk.set('/meshkeeper/policies', 'garbage');
    const next = await one.store.apply(
      { policies: [route('more', ['orders'])], deleted: [] },
      NOBODY,
      soon(),
    );
    assert.equal(next.revision, 8); // after every record there is
    await one.at(8);
    assert.deepEqual(ids(one.list), ['HTTPRoute/hand', 'HTTPRoute/more', 'HTTPRoute/shop']);
    await zk.delete('/meshkeeper/policies/HTTPRoute/hand');
    await until(() => !ids(one.list)?.includes('HTTPRoute/hand'));
    assert.equal((await one.store.history({ limit: 10 }, soon())).length, 2);
  });
});
