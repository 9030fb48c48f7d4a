import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithout, startSpring, startZooKeeper, until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import type { Entry } from '../src/index.ts';
import { Projector, springLayout } from '../src/index.ts';

test('Spring Cloud Zookeeper Config reads what is projected, and is told of changes', {
  skip: skipWithout('spring'),
}, async () => {
  await using server = await startZooKeeper();
  await using zk = await connect({ connect: server.connect });
  await using spring = await startSpring({ connect: server.connect });
  const signal = AbortSignal.timeout(60_000);
  const projector = new Projector({ zk, name: 'spring' });
  const keys = (application: string, namespace: string, values: Record<string, string>) => {
    const entries = new Map(
      Object.entries(values).map(([key, value]): [string, Entry] => [key, { type: 'text', value }]),
    );
    return { application, namespace, content: { format: 'keys' as const, entries } };
  };
  const project = (greeting: string) =>
    projector.apply(
      springLayout([
        keys('application', 'default', { 'shared.key': 'shared', greeting: 'shared' }),
        keys('application', 'prod', { 'shared.key': 'shared,prod' }),
        keys('shop', 'default', { greeting, 'pool.size': '4', umlaut: 'ä', empty: '' }),
        keys('shop', 'prod', { 'pool.size': '40' }),
      ]),
      signal,
    );
  await project('hello');
  const request = { application: 'shop', profiles: ['prod'] };
  assert.deepEqual(await spring.config(request), {
    'shared.key': 'shared,prod',
    greeting: 'hello',
    'pool.size': '40',
    umlaut: 'ä',
    empty: '',
  });
  assert.equal((await spring.config({ application: 'shop' }))['pool.size'], '4');
  await spring.watchConfig(request);
  // It tells also of what is there when it begins.
  let before = -1;
  await until(async () => {
    const now = await spring.refreshes();
    const still = now === before;
    before = now;
    return still;
  });
  await project('changed');
  await until(async () => (await spring.refreshes()) > before);
  assert.equal((await spring.config(request)).greeting, 'changed');
});
