import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { policyId } from '@meshkeeper/policy';
import { startFaultProxy, startZooKeeper, until } from '@meshkeeper/testbed';
import {
  CreateMode,
  connect,
  Perms,
  parseConnectString,
  type ZooKeeper,
} from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { policyPath, refOf } from '../../src/policies/policy-paths.ts';
import { PolicyStore, type PolicyStoreOptions } from '../../src/policies/policy-store.ts';
import { PolicyStoreError } from '../../src/policies/policy-store-error.ts';
import type { PolicyList } from '../../src/policies/policy-tree.ts';
import { gateway, route, servicePolicy } from './samples.ts';

const logger = { debug() {}, info() {}, warn() {} };
const NOBODY = {};
const REF = { kind: 'HTTPRoute', name: 'shop' } as const;
const soon = () => AbortSignal.timeout(20_000);

/** A store that is followed, with all that it has told. */
class Followed implements AsyncDisposable {
  readonly store: PolicyStore;
  readonly told: PolicyList[] = [];
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;

  constructor(options: Omit<PolicyStoreOptions, 'logger'>) {
    this.store = new PolicyStore({ logger, ...options });
    this.#following = this.#follow();
  }

  get list(): PolicyList | undefined {
    return this.told.at(-1);
  }

  /** Waits until it has told of a revision. */
  async at(revision: number): Promise<PolicyList> {
    return until(() => this.told.find((list) => list.revision >= revision), {
      message: `revision ${revision} is told`,
    });
  }

  async #follow(): Promise<void> {
    for await (const list of this.store.changes(this.#stop.signal)) this.told.push(list);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }
}

const ids = (list: PolicyList | undefined) => list?.policies.map(({ policy }) => policyId(policy));
const outcomes = ({ changes }: { changes: readonly { outcome: string }[] }) =>
  changes.map(({ outcome }) => outcome).join();

function hostOf({ connect: servers }: { readonly connect: string }) {
  return parseConnectString(servers).hosts[0]!;
}

const servers = {
  'the embedded server': () => startZooKeeperServer({ port: 0, tickTime: 200 }),
  'Apache ZooKeeper': () => startZooKeeper(),
};

for (const [name, start] of Object.entries(servers))
  describe(`the policies on ${name}`, () => {
    let server: Awaited<ReturnType<typeof start>>;
    let admin: ZooKeeper;
    let chroot = 0;
    let zk: ZooKeeper;

    before(async () => {
      server = await start();
      admin = await connect({ connect: server.connect });
    });
    after(async () => {
      await zk?.close();
      await admin?.close();
      await server?.close();
    });
    /** Each test has a tree of its own. */
    beforeEach(async () => {
      await zk?.close();
      await admin.create(`/t${++chroot}`);
      zk = await connect({ connect: `${server.connect}/t${chroot}`, onExpired: 'renew' });
    });
    const another = () => connect({ connect: `${server.connect}/t${chroot}` });

    test('what is applied is told, and who has applied it is known', async () => {
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

    test('what an apply would do changes nothing', async () => {
      await using one = new Followed({ zk });
      const wanted = { policies: [route('orders', ['orders'])], deleted: [] };
      const plan = await one.store.plan(wanted, NOBODY, soon());
      assert.equal(outcomes(plan), 'created');
      assert.equal(plan.revision, 0);
      assert.equal(await zk.exists('/meshkeeper'), null);
    });

    test('another replica is told, and so is one that was cut off', async () => {
      await using proxy = await startFaultProxy({ target: hostOf(server) });
      await using cut = await connect({ connect: `${proxy.connect}/t${chroot}` });
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

    test('also where there are no recursive watches', async () => {
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

    test('it goes on when its session has expired', async () => {
      await using proxy = await startFaultProxy({ target: hostOf(server) });
      await using lost = await connect({
        connect: `${proxy.connect}/t${chroot}`,
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

    test('what may not be read is told, and is what the records say', async () => {
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

    test('two who write at once: others are no obstacle, the same policy is', async () => {
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
    });

    test('with ifRevision it is refused to change what was changed since', async () => {
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
      await assert.rejects(
        put('b', 'z', 3),
        /HTTPRoute\/b was deleted by bob at .* \(revision 4\)/,
      );
      assert.equal(outcomes(await put('a', 'y', 1)), 'unchanged'); // nothing to refuse
    });

    test('a znode that can not be used is told, and its last good version is used', async () => {
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
    });

    test('what others write past the store is told, and harms nothing', async () => {
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

    test('names are safe: one in a namespace is another one', async () => {
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

    test('an apply that is too much for one transaction never leaves a reference dangling', async () => {
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
    });

    test('what is too large is refused with its name, and nothing is written', async () => {
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

    test('of records so many are kept, and one can go back as far as they reach', async () => {
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

    test('back to before there was anything, and forth', async () => {
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

    test('what somebody has deleted or changed past the records comes back', async () => {
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

    test('an answer that is lost is no failure, and is not written twice', async () => {
      await using proxy = await startFaultProxy({ target: hostOf(server) });
      let armed = false;
      const call = ({ operation }: { readonly operation: string }) => {
        if (armed && operation === 'multi') proxy.stall('to client'); // it is sent after this
        return undefined;
      };
      const connected = { connect: `${proxy.connect}/t${chroot}`, observers: [{ call }] };
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
    });
  });
