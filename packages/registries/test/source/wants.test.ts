import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceChange } from '@meshkeeper/mesh';
import { until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import type { Want } from '../../src/index.ts';
import { curator, type Dialect, TreeSource } from '../../src/index.ts';
import { Wants } from '../../src/source/wants.ts';

/** A want that is answered from outside, one attempt after the other. */
function openWant(key: string) {
  const attempts: PromiseWithResolvers<string[]>[] = [];
  const want: Want = {
    key,
    async fetch() {
      const attempt = Promise.withResolvers<string[]>();
      attempts.push(attempt);
      const names = await attempt.promise;
      return () => names;
    },
  };
  return { want, attempts };
}

test('each is fetched once; settled is what came, or failed', async () => {
  const told: string[][] = [];
  const wants = new Wants((names) => told.push([...names]));
  assert.equal(wants.settled, true);
  const [a, b] = [openWant('a'), openWant('b')];
  wants.look([a.want, b.want]);
  wants.look([a.want, b.want]);
  assert.deepEqual([a.attempts.length, b.attempts.length], [1, 1]);
  assert.equal(wants.settled, false);
  a.attempts[0]?.resolve(['x']);
  await until(() => told.length === 1);
  assert.equal(wants.settled, false);
  b.attempts[0]?.reject(new Error('away'));
  await until(() => told.length === 2);
  assert.deepEqual(told, [['x'], []]);
  assert.equal(wants.settled, true);
  // What failed is tried again, and stays settled meanwhile.
  await until(() => b.attempts.length === 2);
  assert.equal(wants.settled, true);
  b.attempts[1]?.resolve(['y']);
  await until(() => told.length === 3);
  assert.equal(a.attempts.length, 1);
  wants.stop();
});

test('what is not wanted any more is neither waited for nor told', async () => {
  const told: string[][] = [];
  const wants = new Wants((names) => told.push([...names]));
  const [a, b] = [openWant('a'), openWant('b')];
  wants.look([a.want]);
  wants.look([b.want]);
  a.attempts[0]?.resolve(['x']);
  b.attempts[0]?.resolve(['y']);
  await until(() => told.length === 1);
  assert.deepEqual(told, [['y']]);
  assert.equal(wants.settled, true);
  wants.stop();
});

test('a source tells nothing before it has what it wants, or that failed, or took too long', async () => {
  await using server = await startZooKeeperServer({ port: 0 });
  await using zk = await connect({ connect: server.connect });
  await zk.create('/r/app/1', '{"address":"10.0.0.1","port":1}', { parents: true });
  for (const outcome of ['comes', 'fails', 'never comes'] as const) {
    const { want, attempts } = openWant('w');
    const dialect: Dialect = {
      ...curator,
      reading: (options) => Object.assign(curator.reading(options), { wants: [want] }),
    };
    const source = new TreeSource({ name: 'r', dialect, zk, root: '/r' });
    const stop = new AbortController();
    const told: SourceChange[] = [];
    const ended = (async () => {
      for await (const change of source.changes(stop.signal)) told.push(change);
    })();
    await until(() => source.state.type === 'live' && attempts.length === 1);
    assert.equal(told.length, 0);
    if (outcome === 'comes') attempts[0]?.resolve([]);
    else if (outcome === 'fails') attempts[0]?.reject(new Error('away'));
    await until(() => told.length === 1);
    assert.equal(told[0]?.type, 'reset');
    stop.abort();
    await ended;
  }
});
