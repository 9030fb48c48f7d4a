import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { connect } from '../../src/index.ts';
import { startFrameProxy } from '../support/frame-proxy.ts';

test('a connection lost between two events of one transaction loses neither', async () => {
  await using server = await startZooKeeperServer({ port: 0, tickTime: 200 });
  await using proxy = await startFrameProxy(server.connect);
  await using writer = await connect({ connect: server.connect });
  await using zk = await connect({ connect: proxy.connect });
  await writer.create('/a');
  await writer.create('/b');
  const told: string[] = [];
  for (const path of ['/a', '/b'])
    await zk.get(path, { watch: ({ type }) => told.push(`${type} ${path}`) });
  let events = 0;
  proxy.rules.fromServer = (frame) =>
    frame.readInt32BE(0) === -1 && ++events === 2 ? 'cut' : 'pass';
  await writer.multi([
    { op: 'set', path: '/a', data: '1' },
    { op: 'set', path: '/b', data: '1' },
  ]);
  await until(() => told.length === 2);
  assert.deepEqual(told.sort(), ['changed /a', 'changed /b']);
});
