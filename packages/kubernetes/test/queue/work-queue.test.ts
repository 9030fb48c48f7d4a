import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackOff, KubernetesError, WorkQueue } from '@meshkeeper/kubernetes';
import { until } from '@meshkeeper/testbed';

test('a key that is added often is worked on once, and once more for what came meanwhile', async () => {
  const done: string[] = [];
  const gate = Promise.withResolvers<void>();
  await using queue = new WorkQueue({
    async work(key) {
      done.push(key);
      if (done.length === 1) await gate.promise;
    },
  });
  for (let i = 0; i < 5; i++) queue.add('a');
  queue.add('b');
  for (let i = 0; i < 5; i++) queue.add('a');
  assert.deepEqual(done, ['a']);
  gate.resolve();
  await queue.idle();
  assert.deepEqual(done, ['a', 'b', 'a']);
  assert.equal(queue.size, 0);
});

test('as many keys as are allowed are worked on at a time, one never twice', async () => {
  const running = new Set<string>();
  let most = 0;
  await using queue = new WorkQueue({
    concurrency: 3,
    async work(key) {
      assert.ok(!running.has(key));
      running.add(key);
      most = Math.max(most, running.size);
      await new Promise((resolve) => setImmediate(resolve));
      running.delete(key);
    },
  });
  for (let i = 0; i < 40; i++) queue.add(`k${i % 8}`);
  await queue.idle();
  assert.equal(most, 3);
});

test('one that fails is tried again after a pause, and does not hold up the others', async () => {
  let tries = 0;
  const pauses: number[] = [];
  const done: string[] = [];
  await using queue = new WorkQueue({
    backOff: { first: 1, longest: 4, random: () => 1 },
    async work(key) {
      if (key === 'bad' && ++tries < 4) throw new Error('not yet');
      done.push(key);
    },
    failed: (_, __, pause) => pauses.push(pause),
  });
  queue.add('bad');
  queue.add('good');
  await queue.idle();
  assert.deepEqual(done, ['good', 'bad']);
  assert.deepEqual(pauses, [1, 2, 4]);
  assert.equal(queue.failing, 0);
});

test('the other side is left alone for as long as it asks', async () => {
  const pauses: number[] = [];
  const refusal = { status: 429, reason: 'TooManyRequests', retryAfter: 60_000 };
  const queue = new WorkQueue({
    async work() {
      throw new KubernetesError('STATUS', 'too many', { refusal });
    },
    failed: (_, __, pause) => pauses.push(pause),
  });
  queue.add('a');
  await until(() => pauses.length === 1);
  assert.ok(pauses[0]! >= 60_000);
  // More of the same is no reason to ask earlier.
  queue.add('a');
  assert.equal(pauses.length, 1);
  queue.retry();
  await until(() => pauses.length === 2);
  await queue.close();
  await queue.close();
  assert.equal(queue.size, 0);
});

test('a closed queue waits for what runs, and takes nothing more', async () => {
  const gate = Promise.withResolvers<void>();
  let ended = false;
  const queue = new WorkQueue({
    async work(_, signal) {
      await gate.promise;
      ended = signal.aborted;
    },
  });
  queue.add('a');
  const closed = queue.close();
  queue.add('b');
  gate.resolve();
  await closed;
  assert.equal(ended, true);
  assert.equal(queue.size, 0);
});

test('pauses double up to the longest, with chance in them', () => {
  const backOff = new BackOff({ first: 100, longest: 500, random: () => 0 });
  assert.deepEqual(
    [1, 2, 3, 4].map(() => backOff.next()),
    [50, 100, 200, 250],
  );
  backOff.reset();
  assert.equal(backOff.next(), 50);
  assert.equal(backOff.next(7_000), 7_000);
});
