import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { isZooKeeperError } from '@meshkeeper/zookeeper';
import { DistributedAtomicLong, IdempotentCounter, SharedCount } from '../src/index.ts';
import { servers } from './servers.ts';
import { code, stage } from './stage.ts';

describe('counters', { concurrency: true }, () => {
  for (const [name, start] of Object.entries(servers)) {
    describe(`counters on ${name}`, { concurrency: true }, () => {
      const on = stage(start, true);

      test('an atomic long changes once for each of many at a time', async () => {
        const at = on.path();
        const here = new DistributedAtomicLong(on.zk, at);
        const there = new DistributedAtomicLong(on.other, at);
        assert.equal(await here.get(), 0n);
        const adds = Array.from({ length: 10 }, (_, i) => (i % 2 ? here : there).increment());
        const afters = (await Promise.all(adds)).map(({ after }) => after);
        assert.deepEqual(
          afters.sort((a, b) => Number(a - b)),
          [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n],
        );
        assert.deepEqual(await here.add(-3n), { before: 10n, after: 7n });
        assert.equal((await on.zk.get(at)).data.toString('hex'), '0000000000000007');
      });

      test('an atomic long is set under conditions, and wraps around', async () => {
        const long = new DistributedAtomicLong(on.zk, on.path());
        assert.equal(await long.compareAndSet(0n, 1n), false); // there is no value yet
        assert.equal(await long.initialize(5n), true);
        assert.equal(await long.initialize(6n), false);
        assert.equal(await long.compareAndSet(6n, 7n), false);
        assert.equal(await long.compareAndSet(5n, 7n), true);
        assert.equal(await long.trySet(2n ** 63n - 1n), true);
        assert.deepEqual(await long.increment(), { before: 2n ** 63n - 1n, after: -(2n ** 63n) });
        await on.zk.set(long.path, 'abc');
        await assert.rejects(long.get(), code('MALFORMED'));
      });

      test('a connection that breaks in the middle: told for sure, or told to be unsure', async () => {
        await using faulty = await on.faulty();
        const at = on.path();
        const long = new DistributedAtomicLong(faulty.zk, at);
        await long.initialize(0n);
        let sure = 0;
        let unsure = 0;
        for (let i = 0; i < 12; i++) {
          const adding = long.increment();
          setImmediate(() =>
            i % 2 ? faulty.proxy.cut() : setTimeout(() => faulty.proxy.cut(), i),
          );
          try {
            await adding;
            sure++;
          } catch (error) {
            assert.ok(isZooKeeperError(error, 'CONNECTION_LOSS'), String(error));
            unsure++;
          }
        }
        const value = Number(await new DistributedAtomicLong(on.zk, at).get());
        assert.ok(sure <= value && value <= sure + unsure, `${sure} <= ${value}, ${unsure} unsure`);
      });

      test('an idempotent counter counts each id once, over connections that break', async () => {
        await using faulty = await on.faulty();
        const at = on.path();
        const counter = new IdempotentCounter(faulty.zk, at);
        for (let i = 0; i < 12; i++) {
          const counting = counter.increment(`call-${i}`);
          setImmediate(() =>
            i % 2 ? faulty.proxy.cut() : setTimeout(() => faulty.proxy.cut(), i),
          );
          assert.equal((await counting).value, BigInt(i + 1));
        }
        const there = new IdempotentCounter(on.other, at);
        assert.deepEqual(await there.increment('call-4'), { value: 5n, repeated: true });
        assert.equal(await there.get(), 12n);
        assert.equal(await new DistributedAtomicLong(on.zk, at).get(), 12n);
        const many = ['a', 'b', 'a', 'b'].map((id) => there.increment(id, { delta: 10n }));
        await Promise.all(many);
        assert.equal(await counter.get(), 32n);
      });

      test('an idempotent counter forgets what is older than its retention', async () => {
        const at = on.path();
        const counter = new IdempotentCounter(on.zk, at, { retention: 30 });
        await counter.increment('old');
        await until(async () => {
          await counter.increment('new');
          await on.other.set(at, (await on.other.get(at)).data); // the server's clock goes on
          return (await counter.reap()) > 0;
        });
        assert.equal((await counter.increment('old')).repeated, false);
      });

      test('a shared count is set by version and told to those who watch', async () => {
        const at = on.path();
        const here = new SharedCount(on.zk, at, 7);
        const there = new SharedCount(on.other, at);
        const stop = new AbortController();
        const seen: number[] = [];
        const watching = (async () => {
          for await (const { value } of here.values({ signal: stop.signal })) seen.push(value);
        })();
        await until(() => seen.at(-1) === 7);
        await here.initialize();
        const read = await there.get();
        assert.deepEqual(read, { value: 7, version: 0 });
        assert.equal(await there.trySet(read, -8), true);
        assert.equal(await there.trySet(read, 9), false);
        await until(() => seen.at(-1) === -8);
        assert.equal((await on.zk.get(at)).data.toString('hex'), 'fffffff8');
        await there.set(10);
        await until(() => seen.at(-1) === 10);
        await on.zk.delete(at);
        await until(() => seen.at(-1) === 7);
        await there.set(11);
        await until(() => seen.at(-1) === 11);
        stop.abort();
        await watching;
      });

      test('a shared count is watched across a broken connection', async () => {
        await using faulty = await on.faulty();
        const at = on.path();
        const stop = new AbortController();
        const seen: number[] = [];
        const watching = (async () => {
          const { signal } = stop;
          for await (const { value } of new SharedCount(faulty.zk, at).values({ signal }))
            seen.push(value);
        })();
        await until(() => seen.length === 1);
        await faulty.proxy.refuse();
        faulty.proxy.cut();
        await new SharedCount(on.zk, at).set(1);
        await faulty.proxy.accept();
        await until(() => seen.at(-1) === 1);
        stop.abort();
        await watching;
      });

      test('Curator counts with us', async () => {
        const { recipes } = on.curator;
        const at = on.path();
        const long = new DistributedAtomicLong(on.zk, at);
        assert.equal(await recipes.longAdd(at, 5n), 5n);
        assert.deepEqual(await long.add(-7n), { before: 5n, after: -2n });
        assert.equal(await recipes.longAdd(at, 1n), -1n);
        const countAt = on.path();
        const count = new SharedCount(on.zk, countAt);
        await count.set(-3);
        assert.equal(await recipes.countSet(countAt, 4), -3);
        assert.equal((await count.get()).value, 4);
        const calls = new IdempotentCounter(on.zk, on.path());
        await calls.increment('x');
        assert.equal(await recipes.longAdd(calls.path, 1n), 2n);
        assert.equal((await calls.increment('y')).value, 3n);
      });
    });
  }
});
