import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { compareFencing, LeaderElection, LeaderLatch, type Lease } from '../src/index.ts';
import { servers } from './servers.ts';
import { code, stage } from './stage.ts';

describe('elections', { concurrency: true }, () => {
  for (const [name, start] of Object.entries(servers)) {
    describe(`elections on ${name}`, { concurrency: true }, () => {
      const on = stage(start, true);

      test('one leads, the next in the queue follows, and all know who', async () => {
        const at = on.path();
        await using a = new LeaderLatch(on.zk, at, { id: 'a' });
        const first = await a.lead({ timeout: 5000 });
        await using b = new LeaderLatch(on.other, at, { id: 'b' });
        await until(async () => (await a.participants()).length === 2);
        assert.deepEqual(await b.leader(), { id: 'a', isLeader: true });
        assert.deepEqual(await a.participants(), [
          { id: 'a', isLeader: true },
          { id: 'b', isLeader: false },
        ]);
        await assert.rejects(b.lead({ timeout: 50 }), code('TIMEOUT'));
        assert.equal(b.isLeader, false);
        await a.close();
        assert.ok(code('RELEASED')(first.signal.reason));
        const second = await b.lead({ timeout: 5000 });
        assert.equal(compareFencing(first.fencing, second.fencing), -1);
        await assert.rejects(a.lead(), code('ILLEGAL_STATE'));
        await b.close();
        assert.deepEqual(await on.names(at), []);
        assert.equal(await b.leader(), undefined);
      });

      test('who releases the leadership stands again, at the end', async () => {
        const at = on.path();
        await using a = new LeaderLatch(on.zk, at);
        const lease = await a.lead();
        await using b = new LeaderLatch(on.zk, at);
        await until(async () => (await a.participants()).length === 2);
        await lease.release();
        await b.lead({ timeout: 5000 });
        await until(async () => (await a.participants())[1]?.id === a.id);
        assert.equal(a.isLeader, false);
      });

      test('leadership is away with the connection, and back with it: the same znode', async () => {
        const at = on.path();
        await using faulty = await on.faulty();
        await using latch = new LeaderLatch(faulty.zk, at, { id: 'a' });
        const seen: (Lease | undefined)[] = [];
        const done = (async () => {
          for await (const lease of latch.changes()) seen.push(lease);
        })();
        const before = await latch.lead();
        faulty.proxy.refuse();
        faulty.proxy.cut();
        await until(() => !latch.isLeader);
        assert.ok(code('SUSPENDED')(before.signal.reason));
        await faulty.proxy.accept();
        const again = await latch.lead({ timeout: 5000 });
        assert.notEqual(again, before);
        assert.equal(again.path, before.path);
        await latch.close();
        await done;
        assert.deepEqual(
          seen.map((lease) => lease?.path),
          [undefined, before.path, undefined, before.path, undefined],
        );
      });

      for (const policy of ['standard', 'session'] as const)
        test(`after an expiry it stands anew (${policy}); the other has led meanwhile`, async () => {
          const at = on.path();
          await using faulty = await on.faulty({ sessionTimeout: 800, onExpired: 'renew' });
          await using latch = new LeaderLatch(faulty.zk, at, { id: 'a', policy });
          const before = await latch.lead();
          await using b = new LeaderLatch(on.zk, at, { id: 'b' });
          await until(async () => (await b.participants()).length === 2);
          await faulty.expire();
          await until(() => before.signal.aborted);
          await b.lead({ timeout: 8000 });
          await until(async () => (await b.participants())[1]?.id === 'a');
          assert.equal(latch.isLeader, false);
          await b.close();
          assert.notEqual((await latch.lead({ timeout: 5000 })).path, before.path);
        });

      test('a session that is gone for good ends the latch with an error', async () => {
        await using faulty = await on.faulty({ sessionTimeout: 800 });
        await using latch = new LeaderLatch(faulty.zk, on.path());
        await latch.lead();
        await Promise.all([
          assert.rejects(
            async () => {
              for await (const _ of latch.changes());
            },
            { code: 'SESSION_EXPIRED' },
          ),
          faulty.expire(),
        ]);
      });

      test('somebody deletes the znode: the latch stands again', async () => {
        await using latch = new LeaderLatch(on.zk, on.path());
        const lease = await latch.lead();
        await on.other.delete(lease.path);
        await until(() => code('REVOKED')(lease.signal.reason));
        assert.notEqual((await latch.lead({ timeout: 5000 })).path, lease.path);
      });

      test('Curator and we take turns, each seeing the other', async () => {
        const at = on.path();
        const { recipes } = on.curator;
        await recipes.latchJoin(at, 'java');
        assert.equal(await recipes.latchAwait(at), true);
        await using latch = new LeaderLatch(on.zk, at, { id: 'node' });
        await until(async () => (await latch.participants()).length === 2);
        const both = [
          { id: 'java', isLeader: true },
          { id: 'node', isLeader: false },
        ];
        assert.deepEqual(await latch.participants(), both);
        assert.deepEqual(await recipes.latchParticipants(at), both);
        for (const child of await on.names(at))
          assert.match(child, /^_c_[0-9a-f-]{36}-latch-\d{10}$/);
        await recipes.latchLeave(at);
        await latch.lead({ timeout: 5000 });
        await recipes.latchJoin(at, 'java');
        assert.equal(await recipes.latchAwait(at, 50), false);
        await latch.close();
        assert.equal(await recipes.latchAwait(at), true);
        await recipes.latchLeave(at);
      });

      test('runs one at a time, hands the result on, and stands again if wanted', async () => {
        const at = on.path();
        const stop = new AbortController();
        const log: string[] = [];
        const a = new LeaderElection(on.zk, at, { id: 'a' });
        const running = a.runAlways(
          async ({ signal }) => {
            log.push('a');
            // Lets the other in once it stands.
            await until(async () => (await a.participants()).length === 2 || stop.signal.aborted);
            log.push(`/a ${signal.aborted}`);
          },
          { signal: stop.signal },
        );
        const b = new LeaderElection(on.other, at, { id: 'b' });
        await until(async () => (await b.leader())?.id === 'a');
        const result = await b.run(async () => {
          await until(async () => (await a.participants()).length === 2);
          log.push('b');
          return 42;
        });
        assert.equal(result, 42);
        await until(() => log.length === 4);
        assert.deepEqual(log, ['a', '/a false', 'b', 'a']);
        stop.abort();
        await running;
        assert.deepEqual(await on.names(at), []);
      });

      test('who gives up standing leaves nothing, an error gives leadership back', async () => {
        const at = on.path();
        const election = new LeaderElection(on.zk, at);
        await election.run(() =>
          assert.rejects(
            new LeaderElection(on.other, at).run(() => {}, { timeout: 50 }),
            code('TIMEOUT'),
          ),
        );
        await assert.rejects(
          election.run(() => Promise.reject(new Error('no good'))),
          /no good/,
        );
        await until(async () => (await on.names(at)).length === 0);
      });

      test('a reign is told that the connection is away, and the next one follows', async () => {
        const at = on.path();
        await using faulty = await on.faulty();
        const stop = new AbortController();
        const ended: unknown[] = [];
        let began = 0;
        const running = new LeaderElection(faulty.zk, at).runAlways(
          async ({ signal }) => {
            began++;
            await until(() => signal.aborted || stop.signal.aborted);
            if (signal.aborted) ended.push(signal.reason);
            signal.throwIfAborted();
          },
          { signal: stop.signal },
        );
        await until(() => began === 1);
        faulty.proxy.cut();
        await until(() => began === 2);
        assert.ok(ended.length === 1 && code('SUSPENDED')(ended[0]));
        stop.abort();
        await running;
      });

      test('a candidate whose session expires stands again with a client that renews it', async () => {
        const at = on.path();
        await using faulty = await on.faulty({ sessionTimeout: 800, onExpired: 'renew' });
        const candidate = new LeaderElection(faulty.zk, at, { id: 'a' });
        const { promise: over, resolve: end } = Promise.withResolvers<void>();
        const reign = new LeaderElection(on.zk, at, { id: 'b' }).run(() => over);
        await until(async () => (await on.names(at)).length === 1);
        const waiting = candidate.run(() => 'elected');
        await until(async () => (await on.names(at)).length === 2);
        await faulty.expire();
        end();
        await reign;
        assert.equal(await waiting, 'elected');
      });

      test('a candidate whose session is gone for good is told', async () => {
        await using gone = await on.faulty({ sessionTimeout: 800 });
        await gone.expire();
        await assert.rejects(
          new LeaderElection(gone.zk, on.path()).run(() => {}),
          { code: 'SESSION_EXPIRED' },
        );
      });

      test("takes turns with Curator's LeaderSelector", async () => {
        const at = on.path();
        const { recipes } = on.curator;
        await recipes.selectorJoin(at, 'java');
        assert.equal(await recipes.selectorAwait(at), true);
        const election = new LeaderElection(on.zk, at, { id: 'node' });
        assert.deepEqual(await election.leader(), { id: 'java', isLeader: true });
        const running = election.run(async () => {
          await recipes.selectorJoin(at, 'java again');
          await until(async () => (await on.names(at)).length === 2);
          for (const child of await on.names(at))
            assert.match(child, /^_c_[0-9a-f-]{36}-lock-\d{10}$/);
          assert.deepEqual(
            (await election.participants()).map(({ id }) => id),
            ['node', 'java again'],
          );
          assert.equal(await recipes.selectorAwait(at, 50), false);
        });
        await until(async () => (await on.names(at)).length === 2);
        await recipes.selectorEnd(at);
        await running;
        assert.equal(await recipes.selectorAwait(at), true);
        await recipes.selectorEnd(at);
      });
    });
  }
});
