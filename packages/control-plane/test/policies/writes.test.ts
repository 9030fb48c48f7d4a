import assert from 'node:assert/strict';
import { policyId } from '@meshkeeper/policy';
import { startFaultProxy } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { refOf } from '../../src/policies/policy-paths.ts';
import type { PolicyStore } from '../../src/policies/policy-store.ts';
import { PolicyStoreError } from '../../src/policies/policy-store-error.ts';
import type { PolicyList } from '../../src/policies/policy-tree.ts';
import { Followed, ids, NOBODY, onBothServers, outcomes, REF, soon } from './followed-store.ts';
import { gateway, route, servicePolicy } from './samples.ts';

onBothServers('what is written of policies', (check) => {
  check(
    'two who write at once: others are no obstacle, the same policy is',
    async ({ zk, another }) => {
      await using other = await another();
      await using one = new Followed({ zk });
      await using two = new Followed({ zk: other });
      const stores = [one.store, two.store];
      const writers = stores.flatMap((store, i) =>
        Array.from({ length: 10 }, (_, j) =>
          store.apply(
            { policies: [route(`r${i}-${j}`, ['orders'])], deleted: [] },
            { by: `writer-${i}` },
            soon(),
          ),
        ),
      );
      await Promise.all(writers);
      assert.equal((await one.at(20)).policies.length, 20);

      // Both have seen the same, and want something else.
      const contest = (store: PolicyStore, backend: string, by: string) =>
        store.apply({ policies: [route('contested', [backend])], deleted: [] }, { by }, soon());
      await contest(one.store, 'none', 'carol');
      for (let attempt = 0; ; attempt++) {
        const [a, b] = await Promise.allSettled([
          contest(one.store, `a${attempt}`, 'alice'),
          contest(two.store, `b${attempt}`, 'bob'),
        ]);
        const lost = [a, b].find(({ status }) => status === 'rejected');
        // Now and then one is through before the other has begun.
        if (lost?.status !== 'rejected') continue;
        assert.ok(lost.reason instanceof PolicyStoreError);
        assert.equal(lost.reason.code, 'CONFLICT');
        const winner = a.status === 'fulfilled' ? 'alice' : 'bob';
        const [conflict] = lost.reason.conflicts;
        assert.equal(conflict?.by, winner);
        assert.match(
          lost.reason.message,
          new RegExp(
            `^HTTPRoute/contested was changed by ${winner} at 20\\S+Z \\(revision \\d+\\)`,
          ),
        );
        break;
      }
      // The same from both is no conflict.
      const same = await Promise.all(stores.map((store) => contest(store, 'same', 'both')));
      assert.equal(new Set(same.map(({ revision }) => revision)).size, 1);
    },
  );

  check('with ifRevision it is refused to change what was changed since', async ({ zk }) => {
    await using one = new Followed({ zk });
    const put = (name: string, backend: string, ifRevision?: number) =>
      one.store.apply(
        { policies: [route(name, [backend])], deleted: [] },
        { by: 'alice', ifRevision },
        soon(),
      );
    await put('a', 'x');
    await put('b', 'x');
    await put('a', 'y', 1);
    const late = put('a', 'z', 2);
    await assert.rejects(late, { code: 'CONFLICT' });
    const ref = { kind: 'HTTPRoute', name: 'b' } as const;
    await one.store.apply({ policies: [], deleted: [ref] }, { by: 'bob' }, soon());
    await assert.rejects(put('b', 'z', 3), /HTTPRoute\/b was deleted by bob at .* \(revision 4\)/);
    assert.equal(outcomes(await put('a', 'y', 1)), 'unchanged'); // nothing to refuse
  });

  check(
    'an apply that is too much for one transaction never leaves a reference dangling',
    async ({ zk }) => {
      await using one = new Followed({ zk });
      const annotation = 'x'.repeat(100_000);
      const pairs = Array.from({ length: 12 }, (_, i) => [
        route(`r${i}`, [`s${i}/v1`], { service: `s${i}`, annotation }),
        servicePolicy(`s${i}`, ['v1'], { annotation }),
      ]).flat();
      const dangling = ({ policies }: PolicyList) => {
        const names = new Set(policies.map(({ policy }) => policyId(policy)));
        return policies.some(
          ({ policy: { kind, metadata } }) =>
            kind === 'HTTPRoute' && !names.has(`ServicePolicy/${metadata.name.replace('r', 's')}`),
        );
      };
      const applied = await one.store.apply({ policies: pairs, deleted: [] }, NOBODY, soon());
      assert.ok(applied.revision > 2);
      assert.equal((await one.at(applied.revision)).policies.length, 24);
      assert.equal(one.told.find(dangling), undefined);
      const records = await one.store.history({ limit: 100 }, soon());
      assert.equal(new Set(records.map(({ apply }) => apply)).size, 1);
      assert.deepEqual(
        records.map(({ part }) => part),
        records.map((_, i) => records.length - i),
      );
      // The order is shown by what each transaction has left, whoever may have looked when.
      const seen = new Set<string>();
      for (const { changes } of records.toReversed()) {
        for (const { kind, name } of changes) seen.add(`${kind}/${name}`);
        for (const id of seen)
          if (id.startsWith('HTTPRoute/'))
            assert.ok(seen.has(id.replace('HTTPRoute/r', 'ServicePolicy/s')), id);
      }
      const gone = await one.store.apply(
        { policies: [], deleted: pairs.map(refOf).reverse() },
        NOBODY,
        soon(),
      );
      assert.ok(gone.revision > applied.revision + 1);
      assert.equal((await one.at(gone.revision)).policies.length, 0);
      assert.equal(one.told.find(dangling), undefined);
    },
  );

  check('what is too large is refused with its name, and nothing is written', async ({ zk }) => {
    await using one = new Followed({ zk });
    const annotation = 'x'.repeat(300_000);
    const wanted = {
      policies: [route('ok', ['orders']), gateway('big', { annotation })],
      deleted: [],
    };
    await assert.rejects(one.store.apply(wanted, NOBODY, soon()), {
      code: 'TOO_LARGE',
      message: /^Gateway\/big is too large: a policy may take 262144 bytes/,
    });
    await assert.rejects(one.store.plan(wanted, NOBODY, soon()), { code: 'TOO_LARGE' });
    const two = {
      policies: ['a', 'b'].map((name) => gateway(name, { annotation })),
      deleted: [],
    };
    await assert.rejects(
      one.store.plan(two, NOBODY, soon()),
      /Gateway\/a and 1 more are too large/,
    );
    assert.deepEqual(ids(one.list), []);
  });

  check(
    'an answer that is lost is no failure, and is not written twice',
    async ({ root, target, zk }) => {
      await using proxy = await startFaultProxy({ target });
      let armed = false;
      const call = ({ operation }: { readonly operation: string }) => {
        if (armed && operation === 'multi') proxy.stall('to client'); // it is sent after this
        return undefined;
      };
      const connected = { connect: `${proxy.connect}${root}`, observers: [{ call }] };
      await using lossy = await connect(connected);
      await using one = new Followed({ zk: lossy });
      await using two = new Followed({ zk });
      await one.at(0);
      for (let i = 1; i <= 3; i++) {
        armed = true;
        const wanted = { policies: [route('shop', [`v${i}`])], deleted: [] };
        const applying = one.store.apply(wanted, NOBODY, soon());
        await two.at(i);
        armed = false;
        // That somebody has changed it since is no conflict: it was there.
        if (i === 3) await two.store.apply({ policies: [], deleted: [REF] }, NOBODY, soon());
        proxy.cut();
        proxy.unstall();
        assert.equal((await applying).revision, i);
      }
      assert.equal((await two.store.history({ limit: 10 }, soon())).length, 4);
    },
  );
});
