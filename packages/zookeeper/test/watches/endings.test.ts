import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFaultProxy } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { connect, parseConnectString } from '../../src/index.ts';

test('watches of a session that expires for good are told reset, and end', async () => {
  await using server = await startZooKeeperServer({ port: 0, tickTime: 100 });
  await using proxy = await startFaultProxy({
    target: parseConnectString(server.connect).hosts[0]!,
  });
  await using zk = await connect({ connect: proxy.connect, sessionTimeout: 300 });
  const persistent = await zk.addWatch('/', { recursive: true });
  const once = await zk.watchOnce('/', 'data');
  const told: string[] = [];
  await zk.get('/', { watch: ({ type }) => told.push(type) });
  proxy.refuse();
  proxy.cut();
  for await (const { type } of persistent) told.push(type);
  for await (const { type } of once) told.push(type);
  assert.deepEqual(told, ['reset', 'reset', 'reset']);
  assert.ok(zk.ended);
});
