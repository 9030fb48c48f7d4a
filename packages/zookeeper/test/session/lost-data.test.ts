import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort, until } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { connect } from '../../src/index.ts';

test('a server that has lost its data is used again, by the session after', async () => {
  const port = await freePort();
  const before = await startZooKeeperServer({ port, tickTime: 200 });
  await using zk = await connect({
    ...{ connect: before.connect, sessionTimeout: 600, onExpired: 'renew', reconnectJitter: 0 },
  });
  const watch = await zk.addWatch('/', { recursive: true });
  const told: string[] = [];
  const following = (async () => {
    for await (const event of watch) told.push(event.type === 'reset' ? event.type : event.path);
  })();
  for (let i = 0; i < 50; i++) await zk.create(`/${i}`);
  const seen = zk.lastZxid;
  await before.close();
  await using _after = await startZooKeeperServer({ port, tickTime: 200 });
  await until(() => told.at(-1) === 'reset' && zk.state.type === 'connected');
  assert.ok(zk.lastZxid < seen);
  assert.equal(await zk.exists('/0'), null);
  await zk.create('/new');
  await until(() => told.at(-1) === '/new');
  await watch.close();
  await following;
});
