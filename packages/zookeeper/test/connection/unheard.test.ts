import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { CreateMode, connect } from '../../src/index.ts';
import { startFrameProxy } from '../support/frame-proxy.ts';

test('who hears events but is not heard gives up before its session ends', async () => {
  await using server = await startZooKeeperServer({ port: 0, tickTime: 200 });
  await using proxy = await startFrameProxy(server.connect);
  await using writer = await connect({ connect: server.connect });
  await using zk = await connect({ connect: proxy.connect, sessionTimeout: 4000 });
  await zk.create('/watched');
  await zk.create('/held', '', { mode: CreateMode.EPHEMERAL });
  let told = 0;
  await using watch = await zk.addWatch('/watched');
  void (async () => {
    for await (const _ of watch) told++;
  })();
  let writing = true;
  const written = (async () => {
    while (writing) await writer.set('/watched', 'again');
  })();
  const lost = Promise.withResolvers<number>();
  zk.onState(({ type }) => type === 'disconnected' && lost.resolve(told));
  // The server goes on telling of changes, and hears nothing.
  const before = told;
  proxy.rules.fromClient = () => 'drop';
  const toldUntilThen = await lost.promise;
  assert.notEqual(await writer.exists('/held'), null, 'the session has not ended');
  assert.ok(toldUntilThen > before, 'it was told of changes until then');
  writing = false;
  await written;
});
