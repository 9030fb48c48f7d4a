import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startFaultProxy } from '@meshkeeper/testbed';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { connect, parseConnectString } from '../src/index.ts';

describe('what ends', () => {
  let server: ZooKeeperServer;
  before(async () => {
    server = await startZooKeeperServer({ port: 0, tickTime: 100 });
  });
  after(() => server?.close());

  test('the states end with a session that is not renewed', async () => {
    await using proxy = await startFaultProxy({
      target: parseConnectString(server.connect).hosts[0]!,
    });
    await using zk = await connect({ connect: proxy.connect, sessionTimeout: 300 });
    proxy.refuse();
    proxy.cut();
    const seen: string[] = [];
    for await (const { type } of zk.states()) seen.push(type);
    assert.equal(seen.at(-1), 'expired');
    for await (const { type } of zk.states()) assert.equal(type, 'expired');
  });

  test('a watch whose call was aborted is taken off again', async () => {
    await using zk = await connect({ connect: server.connect });
    const controller = new AbortController();
    const call = zk.addWatch('/', { recursive: true, signal: controller.signal });
    controller.abort(new Error('changed my mind'));
    await assert.rejects(call, /changed my mind/);
    await zk.sync();
    await zk.sync(); // after the removal, which the first answer set off
    assert.equal(server.stats().watches, 0);
  });
});
