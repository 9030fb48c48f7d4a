import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { PriorityQueue, Queue } from '../src/index.ts';
import { servers } from './servers.ts';
import { code, stage } from './stage.ts';

const texts = (items: readonly Buffer[]) => items.map(String);

describe('queues', { concurrency: true }, () => {
  for (const [name, start] of Object.entries(servers)) {
    describe(`queues on ${name}`, { concurrency: true }, () => {
      const on = stage(start, true);

      test('the first in is the first out; a take waits for a put', async () => {
        const at = on.path();
        const here = new Queue(on.zk, at);
        const there = new Queue(on.other, at);
        await assert.rejects(here.take({ timeout: 50 }), code('TIMEOUT'));
        const waiting = there.take({ timeout: 5000 });
        await here.put('a');
        assert.deepEqual(texts(await waiting), ['a']);
        await here.put(['b', 'c']);
        await here.put(Buffer.from('d'));
        assert.deepEqual(texts(await there.take()), ['b', 'c']);
        assert.deepEqual(texts(await here.take()), ['d']);
        assert.deepEqual(await on.names(at), []);
        await assert.rejects(here.claim(), code('ILLEGAL_STATE'));
      });

      test('many take at the same time, each item once', async () => {
        const at = on.path();
        const all = Array.from({ length: 12 }, (_, i) => `${i}`);
        const taking = all.map((_, i) => new Queue(i % 2 ? on.zk : on.other, at).take());
        for (const item of all) await new Queue(on.zk, at).put(item);
        const taken = (await Promise.all(taking)).flatMap(texts);
        assert.deepEqual(taken.sort(), all.sort());
      });

      test('a full queue makes a put wait', async () => {
        const at = on.path();
        const queue = new Queue(on.zk, at, { maxItems: 1 });
        await queue.put('a');
        await assert.rejects(queue.put('b', { timeout: 50 }), code('TIMEOUT'));
        const putting = new Queue(on.other, at, { maxItems: 1 }).put('c');
        await queue.take();
        await putting;
        assert.deepEqual(texts(await queue.take()), ['c']);
      });

      test('a claim keeps others off, and ends in done, at the end, or where it was', async () => {
        const at = on.path();
        const lockPath = `${at}-locks`;
        const queue = new Queue(on.zk, at, { lockPath });
        const other = new Queue(on.other, at, { lockPath });
        for (const item of ['a', 'b', 'c']) await queue.put(item);
        const a = await queue.claim();
        const b = await other.claim();
        assert.deepEqual(
          [a, b].map(({ items }) => texts(items)),
          [['a'], ['b']],
        );
        await b.done();
        assert.ok(code('RELEASED')(b.signal.reason));
        await a.requeue();
        assert.deepEqual(texts(await other.take()), ['c']);
        {
          await using again = await other.claim();
          assert.deepEqual(texts(again.items), ['a']);
          const waiting = queue.claim({ timeout: 5000 });
          await again[Symbol.asyncDispose]();
          await (await waiting).done();
        }
        assert.deepEqual([await on.names(at), await on.names(lockPath)], [[], []]);
      });

      test('what a dead consumer had claimed is claimed by the next', async () => {
        const at = on.path();
        const lockPath = `${at}-locks`;
        await using faulty = await on.faulty({ sessionTimeout: 800, onExpired: 'renew' });
        const queue = new Queue(on.zk, at, { lockPath });
        await queue.put('a');
        const dead = await new Queue(faulty.zk, at, { lockPath }).claim();
        const waiting = queue.claim({ timeout: 8000 });
        await faulty.expire();
        const claim = await waiting;
        assert.deepEqual(texts(claim.items), ['a']);
        assert.ok(dead.signal.aborted);
        await assert.rejects(dead.done(), code('LOST'));
        await dead[Symbol.asyncDispose]();
        assert.equal(claim.signal.aborted, false);
        assert.equal((await on.names(lockPath)).length, 1);
        await claim.done();
      });

      test('connections that break while items are claimed: none is lost, none stays locked', async () => {
        const at = on.path();
        const lockPath = `${at}-locks`;
        await using faulty = await on.faulty();
        const queue = new Queue(faulty.zk, at, { lockPath });
        const all = ['0', '1', '2', '3', '4', '5'];
        for (const item of all) await new Queue(on.zk, at).put(item);
        const taken = new Set<string>();
        for (const [i] of all.entries()) {
          const claiming = queue.claim({ timeout: 9000 });
          setImmediate(() =>
            i % 2 ? faulty.proxy.cut() : setTimeout(() => faulty.proxy.cut(), i),
          );
          const claim = await claiming;
          for (const item of texts(claim.items)) taken.add(item);
          await claim.done();
        }
        assert.deepEqual([...taken].sort(), all);
        await until(async () => (await on.names(lockPath)).length === 0);
        assert.deepEqual(await on.names(at), []);
      });

      test('priorities: the lower number first, requeued in its priority', async () => {
        const at = on.path();
        const queue = new PriorityQueue(on.zk, at, { lockPath: `${at}-locks` });
        for (const priority of [5, -1, 0, -2147483648, 2147483647])
          await queue.put(`${priority}`, priority);
        await assert.rejects(queue.put('x', 2 ** 31), code('ILLEGAL_STATE'));
        await (await queue.claim()).requeue();
        const order: string[] = [];
        for (let i = 0; i < 5; i++) order.push(...texts(await queue.take()));
        assert.deepEqual(order, ['-2147483648', '-1', '0', '5', '2147483647']);
      });

      test("Curator's bytes and names are ours", async () => {
        const { recipes } = on.curator;
        const [theirs, ours] = [on.path(), on.path()];
        await recipes.queuePut(theirs, ['ab', 'ü']);
        await new Queue(on.zk, ours).put(['ab', 'ü']);
        await recipes.queuePut(theirs, ['x'], { priority: -3 });
        await new PriorityQueue(on.zk, ours).put('x', -3);
        await recipes.queuePut(theirs, ['y'], { priority: 258 });
        await new PriorityQueue(on.zk, ours).put('y', 258);
        assert.deepEqual(await on.names(ours), await on.names(theirs));
        for (const child of await on.names(ours)) {
          const [a, b] = [
            await on.zk.get(`${ours}/${child}`),
            await on.zk.get(`${theirs}/${child}`),
          ];
          assert.deepEqual(a.data, b.data);
        }
        assert.deepEqual(await on.names(ours), [
          'queue-0000000000',
          'queue-0FFFFFFFD0000000001',
          'queue-1000001020000000002',
        ]);
        const { data } = await on.zk.get(`${ours}/queue-0000000000`);
        assert.equal(data.toString('hex'), '00010001' + '01000000026162' + '0100000002c3bc' + '02');
      });

      test('Curator takes what we put, and we what it puts; its locks hold', async () => {
        const { recipes } = on.curator;
        const at = on.path();
        const lockPath = `${at}-locks`;
        const queue = new Queue(on.zk, at, { lockPath });
        await queue.put(['a', 'b']);
        await queue.put('c');
        assert.deepEqual(await recipes.queueTake(at, 3), ['a', 'b', 'c']);
        await recipes.queuePut(at, ['d', 'e']);
        assert.deepEqual(texts(await queue.take({ timeout: 5000 })), ['d', 'e']);
        await queue.put('f');
        await queue.put('g');
        const claim = await queue.claim();
        assert.deepEqual(await recipes.queueTake(at, 2, { lockPath, timeout: 300 }), ['g']);
        await claim.done();
        assert.deepEqual([await on.names(at), await on.names(lockPath)], [[], []]);
      });
    });
  }
});
