import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { Barrier, DoubleBarrier } from '../src/index.ts';
import { servers } from './servers.ts';
import { code, stage } from './stage.ts';

describe('barriers', { concurrency: true }, () => {
  for (const [name, start] of Object.entries(servers)) {
    describe(`barriers on ${name}`, { concurrency: true }, () => {
      const on = stage(start, true);

      /** Settled or not, without waiting for it. */
      function flag(promise: Promise<unknown>): { settled: boolean } {
        const state = { settled: false };
        const settle = () => {
          state.settled = true;
        };
        promise.then(settle, settle);
        return state;
      }

      test('a barrier holds up until it is removed, also over a broken connection', async () => {
        await using faulty = await on.faulty();
        const barrier = new Barrier(on.zk, on.path());
        await barrier.wait();
        await barrier.set();
        await barrier.set();
        await assert.rejects(barrier.wait({ timeout: 50 }), code('TIMEOUT'));
        const waiting = new Barrier(faulty.zk, barrier.path).wait();
        const late = flag(waiting);
        await faulty.proxy.refuse();
        faulty.proxy.cut();
        await barrier.wait({ timeout: 50 }).catch(() => {});
        assert.equal(late.settled, false);
        await barrier.remove();
        await barrier.remove();
        await faulty.proxy.accept();
        await waiting;
      });

      test('a double barrier: in together, out together, and again', async () => {
        const at = on.path();
        const all = [on.zk, on.other, on.zk].map((zk) => new DoubleBarrier(zk, at, 3));
        for (let round = 0; round < 2; round++) {
          const first = [all[0]!.enter(), all[1]!.enter()];
          const entered = first.map(flag);
          await until(async () => (await on.names(at)).length === 2);
          assert.ok(entered.every(({ settled }) => !settled));
          await Promise.all([...first, all[2]!.enter({ timeout: 5000 })]);
          await assert.rejects(all[2]!.enter(), code('ILLEGAL_STATE'));
          const leaving = [all[1]!.leave(), all[2]!.leave()];
          const left = leaving.map(flag);
          await until(async () => (await on.names(at)).length < 4);
          assert.ok(left.every(({ settled }) => !settled));
          await Promise.all([...leaving, all[0]!.leave({ timeout: 5000 })]);
          assert.deepEqual(await on.names(at), []);
        }
        await assert.rejects(all[0]!.leave(), code('ILLEGAL_STATE'));
      });

      test('who gives up entering or leaving leaves nothing, and holds up nobody', async () => {
        const at = on.path();
        const a = new DoubleBarrier(on.zk, at, 2);
        await assert.rejects(a.enter({ timeout: 50 }), code('TIMEOUT'));
        await assert.rejects(a.enter({ signal: AbortSignal.abort(new Error('no')) }), /no/);
        await until(async () => (await on.names(at)).length === 0);
        await using b = new DoubleBarrier(on.other, at, 2);
        await Promise.all([a.enter(), b.enter()]);
        await assert.rejects(a.leave({ timeout: 50 }), code('TIMEOUT'));
        await until(async () => (await on.names(at)).length === 2);
        await b.leave({ timeout: 5000 });
        assert.deepEqual(await on.names(at), []);
      });

      test('connections that break while it is entered and left', async () => {
        const at = on.path();
        await using faulty = await on.faulty();
        const a = new DoubleBarrier(faulty.zk, at, 2);
        const b = new DoubleBarrier(on.zk, at, 2);
        for (let i = 0; i < 4; i++) {
          const entering = Promise.all([a.enter({ timeout: 9000 }), b.enter({ timeout: 9000 })]);
          setImmediate(() => faulty.proxy.cut());
          await entering;
          assert.equal((await on.names(at)).length, 3);
          const leaving = Promise.all([a.leave({ timeout: 9000 }), b.leave({ timeout: 9000 })]);
          setImmediate(() => faulty.proxy.cut());
          await leaving;
          assert.deepEqual(await on.names(at), []);
        }
      });

      test('a participant whose session expires is told, and has left for the others', async () => {
        const at = on.path();
        await using faulty = await on.faulty({ sessionTimeout: 800, onExpired: 'renew' });
        const a = new DoubleBarrier(faulty.zk, at, 2);
        await using b = new DoubleBarrier(on.zk, at, 2);
        await Promise.all([a.enter(), b.enter()]);
        const leaving = b.leave({ timeout: 9000 });
        await faulty.expire();
        await leaving;
        await assert.rejects(a.leave({ timeout: 5000 }), code('LOST'));
      });

      test('Curator waits at our barriers, and we at its', async () => {
        const { recipes } = on.curator;
        const at = on.path();
        await recipes.barrierSet(at);
        const barrier = new Barrier(on.zk, at);
        const ours = barrier.wait();
        assert.equal(await recipes.barrierWait(at, 50), false);
        assert.equal(flag(ours).settled, false);
        await recipes.barrierRemove(at);
        await ours;
        await barrier.set();
        const theirs = recipes.barrierWait(at);
        await barrier.remove();
        assert.equal(await theirs, true);
      });

      test('Curator and we enter and leave a double barrier together', async () => {
        const { recipes } = on.curator;
        const at = on.path();
        await using a = new DoubleBarrier(on.zk, at, 3);
        await using b = new DoubleBarrier(on.other, at, 3);
        for (let i = 0; i < 4; i++) {
          const entering = [recipes.doubleEnter(at, 3), a.enter({ timeout: 9000 })];
          const entered = entering.map(flag);
          await until(async () => (await on.names(at)).length === 2);
          assert.ok(entered.every(({ settled }) => !settled));
          await Promise.all([b.enter({ timeout: 9000 }), ...entering]);
          const names = await on.names(at);
          assert.equal(names.pop(), 'ready');
          for (const child of names)
            assert.match(child, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
          const leaving = [recipes.doubleLeave(at), a.leave({ timeout: 9000 })];
          const left = leaving.map(flag);
          await until(async () => (await on.names(at)).length < 4);
          assert.ok(left.every(({ settled }) => !settled));
          await Promise.all([b.leave({ timeout: 9000 }), ...leaving]);
          assert.deepEqual(await on.names(at), []);
        }
      });
    });
  }
});
