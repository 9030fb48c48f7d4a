import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startZooKeeper, until } from '@meshkeeper/testbed';
import { CreateMode, connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { instance } from '../instance.ts';
import { type Outcome, type Replica, startPuppet, startReplica } from './replica.ts';

const servers = {
  'the embedded server': () => startZooKeeperServer({ port: 0, tickTime: 200 }),
  'Apache ZooKeeper': () => startZooKeeper(),
};
const MEMBERS = '/meshkeeper/members';

for (const [name, start] of Object.entries(servers))
  describe(`replicas on ${name}`, () => {
    let server: Awaited<ReturnType<typeof start>>;
    let zk: ZooKeeper;
    let a: Replica;
    let b: Replica;

    before(async () => {
      server = await start();
      zk = await connect({ connect: server.connect });
      await zk.create('/discovery/shop/one', instance('shop', 'one', 1001), { parents: true });
      [a, b] = await Promise.all([startReplica(server.connect), startReplica(server.connect)]);
      await until(async () => (await known(a)).length === 2 && (await known(b)).length === 2);
    });
    after(async () => {
      await Promise.all([a?.[Symbol.asyncDispose](), b?.[Symbol.asyncDispose]()]);
      await zk?.close();
      await server?.close();
    });

    const known = async (replica: Replica): Promise<{ id: string; [key: string]: unknown }[]> => {
      const { knowledge, members } = await replica.get('/members');
      return knowledge === 'all' ? members : [];
    };
    /** Until so many data planes have all that there is, by what a replica knows of all. */
    const settled = (at: Replica, dataPlanes: number, replicas = 2) =>
      until(async () => {
        const { counts, served, replicas: list } = await at.convergence(await newest());
        const { applied, pending, rejected } = counts;
        return (
          served && list.length === replicas && applied === dataPlanes && pending + rejected === 0
        );
      });
    const newest = async () => (await a.get('/policies')).revision as number;
    const owner = async (id: string) => (await zk.exists(`${MEMBERS}/${id}`))?.ephemeralOwner;
    /** Until a replica sees that state; the wait must be under way all along. */
    const meanwhile = async (
      waiting: Promise<Outcome>,
      at: Replica,
      policies: number,
      isSo: (found: Outcome) => boolean,
    ) => {
      let over = false;
      void waiting.then(() => {
        over = true;
      });
      const found = await until(async () => {
        const now = await at.convergence(policies);
        return isSo(now) && now;
      });
      assert.equal(over, false, 'it is still waited for');
      return found;
    };

    test('a wait ends when the data planes of every replica have it, whichever was asked', async () => {
      await using here = startPuppet(a, 'here');
      await using there = startPuppet(b, 'there');
      await settled(a, 2);
      for (const [asked, other, late] of [
        [a, b, there],
        [b, a, here],
      ] as const) {
        await settled(asked, 2);
        late.hold();
        const policies = await asked.apply();
        const waiting = asked.convergence(policies, '60s');
        const { behind, counts, replicas } = await meanwhile(waiting, asked, policies, (found) => {
          return found.served && found.counts.applied === 1;
        });
        assert.deepEqual(counts, { applied: 1, pending: 1, rejected: 0, gone: 0 });
        assert.deepEqual(
          behind.map(({ replica, id, state }) => [replica, id, state]),
          [[other.id, late.id, 'pending']],
        );
        assert.ok((behind[0] as { appliedPolicies: number }).appliedPolicies < policies);
        assert.deepEqual(
          replicas.map(({ id, self, state }) => [id, self, state]),
          [
            [asked.id, true, 'applied'],
            [other.id, false, 'pending'],
          ],
        );
        late.release();
        const { converged, behind: none, counts: all } = await waiting;
        assert.deepEqual([converged, none, all.applied], [true, [], 2]);
      }
    });

    test('apply itself waits for all, and the status of the policy says so', async () => {
      await using _here = startPuppet(a, 'here');
      await using there = startPuppet(b, 'there');
      await settled(a, 2);
      there.hold();
      const before = await newest();
      let over = false;
      const waiting = a.apply('?wait=60s').then((revision) => {
        over = true;
        return revision;
      });
      const programmed = async () => {
        const { status } = await a.get('/policies/servicepolicy/shop');
        return status.conditions.find(({ type }: { type: string }) => type === 'Programmed');
      };
      const { status, reason } = await until(async () => {
        const policies = await newest();
        const { counts, served } = await a.convergence(policies);
        return policies > before && served && counts.applied === 1 && programmed();
      });
      assert.deepEqual([status, reason, over], ['False', 'Pending', false]);
      there.release();
      const { counts } = await a.convergence(await waiting);
      assert.deepEqual([counts.applied, counts.pending], [2, 0]);
      assert.equal((await programmed()).status, 'True');
    });

    test('what a data plane of another replica rejects ends the wait, and is named', async () => {
      await using _here = startPuppet(a, 'here');
      await using there = startPuppet(b, 'there');
      await settled(a, 2);
      there.clusters = { rejected: `no such thing ${'!'.repeat(10_000)}` };
      const policies = await a.apply();
      const { converged, timedOut, behind, counts } = await a.convergence(policies, '60s');
      assert.deepEqual([converged, timedOut], [false, false]);
      assert.deepEqual(counts, { applied: 1, pending: 0, rejected: 1, gone: 0 });
      const [rejecting] = behind;
      assert.ok(rejecting !== undefined && 'refused' in rejecting);
      const [refused] = rejecting.refused ?? [];
      assert.deepEqual(
        [rejecting.replica, rejecting.id, rejecting.state, refused?.type],
        [b.id, 'there', 'rejected', 'Cluster'],
      );
      assert.match(refused?.name ?? '', /^shop/);
      assert.match(refused?.message ?? '', /^no such thing !{100,500}$/);
      const { status } = await a.get('/policies/servicepolicy/shop');
      const { reason, message } = status.conditions[2];
      assert.equal(reason, 'Rejected');
      assert.ok(message.startsWith(`there (at ${b.id}): no such thing`), message);
      // What replaces it may be better.
      there.clusters = 'accepted';
      assert.equal((await a.convergence(await a.apply(), '60s')).converged, true);
    });

    test('a data plane that comes to another replica is waited for there, and is not gone', async () => {
      await using _there = startPuppet(b, 'there');
      const before = startPuppet(a, 'mover');
      await settled(a, 2);
      before.hold();
      const policies = await a.apply();
      const waiting = a.convergence(policies, '60s');
      await meanwhile(waiting, a, policies, ({ counts }) => counts.applied === 1);
      const [, after] = await Promise.all([before.close(), startPuppet(b, 'mover', true)]);
      await using _ = after;
      await meanwhile(waiting, a, policies, ({ behind }) => behind[0]?.replica === b.id);
      after.release();
      const { converged, counts } = await waiting;
      assert.deepEqual(
        [converged, counts],
        [true, { applied: 2, pending: 0, rejected: 0, gone: 0 }],
      );
    });

    test('a replica that dies is waited for until its session has ended, its data planes elsewhere', async () => {
      const c = await startReplica(server.connect);
      await using _c = c;
      const before = startPuppet(c, 'orphan');
      await settled(a, 1, 3);
      before.hold();
      const policies = await a.apply();
      const waiting = a.convergence(policies, '60s');
      const isLate = ({ behind }: Outcome) => behind[0]?.replica === c.id;
      await meanwhile(waiting, a, policies, (found) => found.served && isLate(found));
      // As dead as can be in this process: ZooKeeper hears no more of it, its data plane goes elsewhere.
      c.network.stall();
      await before.close();
      await using after = startPuppet(b, 'orphan', true);
      await meanwhile(waiting, a, policies, ({ replicas, behind }) => {
        return replicas.length === 2 && behind[0]?.replica === b.id;
      });
      after.release();
      const { converged, replicas, counts } = await waiting;
      assert.deepEqual([converged, counts.applied, counts.pending], [true, 1, 0]);
      assert.deepEqual(
        replicas.filter(({ state }) => state === 'gone').map(({ id }) => id),
        [c.id],
      );
    });

    test('one that ends in order is off the list at once', async () => {
      const c = await startReplica(server.connect);
      await until(async () => (await known(a)).some(({ id }) => id === c.id));
      await c[Symbol.asyncDispose]();
      assert.equal(await zk.exists(`${MEMBERS}/${c.id}`), null);
      await until(async () => (await known(a)).length === 2);
    });

    test('a change of endpoints alone is not told to the others', async () => {
      await using there = startPuppet(b, 'there');
      await settled(a, 1);
      const path = `${MEMBERS}/${b.id}`;
      const { version } = await until(async () => {
        const { data, stat } = await zk.get(path);
        return JSON.parse(String(data)).dataPlanes.connected === 1 && stat;
      });
      for (let port = 2001; port <= 2020; port++) {
        await zk.create(`/discovery/shop/${port}`, instance('shop', String(port), port));
        await until(() => there.ports.has(port));
      }
      assert.equal((await zk.exists(path))?.version, version);
      // Of what policies become it is told, and not of each step.
      const { converged } = await a.convergence(await a.apply(), '60s');
      assert.equal(converged, true);
      assert.notEqual((await zk.exists(path))?.version, version);
    });

    test('a znode that somebody wrote over is written again; what is none of a replica is nobody', async () => {
      const path = `${MEMBERS}/${b.id}`;
      for (const garbage of [
        '',
        '{',
        '[]',
        '{"dataPlanes":{"connected":-1}}',
        '\u0000'.repeat(300_000),
      ]) {
        await zk.set(path, garbage);
        await until(async () => JSON.parse(String((await zk.get(path)).data)).id === b.id);
      }
      await zk.create(`${MEMBERS}/stray`, 'of no session');
      assert.equal((await a.convergence(await a.apply(), '60s')).converged, true);
      // A session that says what can't be made out may be a replica: it is waited for, and named.
      await zk.create(`${MEMBERS}/odd`, '{', { mode: CreateMode.EPHEMERAL });
      const policies = await b.apply();
      await until(async () => (await known(a)).some(({ problem }) => problem !== undefined));
      const waiting = a.convergence(policies, '60s');
      const { replicas } = await meanwhile(waiting, a, policies, (found) => {
        return found.replicas.some(({ state }) => state === 'unreadable');
      });
      assert.equal(replicas.find(({ state }) => state === 'unreadable')?.id, 'odd');
      await zk.delete(`${MEMBERS}/odd`);
      assert.equal((await waiting).converged, true);
      await zk.delete(`${MEMBERS}/stray`);
    });

    test('one of another version is understood by what it has in common', async () => {
      const path = `${MEMBERS}/other`;
      const policies = await a.apply();
      const said = { policies, applied: policies - 1, dataPlanes: { connected: 3, sleeping: 2 } };
      await zk.create(path, JSON.stringify({ ...said, colour: 'red', behind: 7 }), {
        mode: CreateMode.EPHEMERAL,
      });
      await until(async () => (await known(a)).length === 3);
      // It says nothing of who lacks it, but that not all have it.
      assert.equal((await a.convergence(policies)).counts.pending, 3);
      const waiting = a.convergence(policies, '60s');
      await zk.set(path, JSON.stringify({ ...said, applied: policies }));
      assert.equal((await waiting).converged, true);
      await zk.delete(path);
    });

    test('in a new session a replica is announced anew', async () => {
      const before = await owner(b.id);
      b.network.stall();
      await until(async () => (await zk.exists(`${MEMBERS}/${b.id}`)) === null);
      await until(async () => (await known(a)).length === 1);
      b.network.unstall();
      const now = await until(() => owner(b.id));
      assert.notEqual(now, before);
      await until(async () => (await known(a)).length === 2 && (await known(b)).length === 2);
      await using there = startPuppet(b, 'there');
      await settled(a, 1);
      there.hold();
      const policies = await a.apply();
      const waiting = a.convergence(policies, '60s');
      await meanwhile(waiting, a, policies, ({ counts, served }) => served && counts.pending === 1);
      there.release();
      assert.equal((await waiting).converged, true);
    });

    test('with ZooKeeper away the others are what they were, and that is said', async () => {
      await using here = startPuppet(a, 'here');
      await using there = startPuppet(b, 'there');
      await settled(a, 2);
      here.hold();
      there.hold();
      const policies = await a.apply();
      const waiting = a.convergence(policies, '60s');
      await meanwhile(waiting, a, policies, ({ counts, served }) => served && counts.pending === 2);
      a.network.refuse();
      a.network.cut();
      here.release();
      there.release();
      const found = await meanwhile(waiting, a, policies, ({ counts, knowledge }) => {
        return counts.applied === 1 && knowledge === 'away';
      });
      assert.deepEqual(
        found.behind.map(({ replica }) => replica),
        [b.id],
      );
      const { status } = await a.get('/policies/servicepolicy/shop');
      assert.match(status.conditions[2].message, /other replicas are not known now/);
      // They can't be proven to have it: it is told after the time, and when ZooKeeper is back.
      const late = await a.convergence(policies, '1ms');
      assert.deepEqual([late.converged, late.timedOut, late.knowledge], [false, true, 'away']);
      await a.network.accept();
      const { converged, knowledge } = await waiting;
      assert.deepEqual([converged, knowledge], [true, 'all']);
    });
  });
