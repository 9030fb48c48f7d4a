import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort, until } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { connect, isZooKeeperError } from '../../src/index.ts';

test('in the background, a session is there before its server; calls wait for it', async () => {
  const port = await freePort();
  await using zk = await connect({
    connect: `127.0.0.1:${port}`,
    background: true,
    reconnectJitter: 0,
  });
  assert.equal(zk.state.type, 'connecting');
  const waiting = zk.exists('/');
  const impatient = zk.exists('/', { signal: AbortSignal.abort(new Error('enough')) });
  await assert.rejects(impatient, /enough/);
  await using server = await startZooKeeperServer({ port });
  assert.notEqual(await waiting, null);
  await until(() => zk.state.type === 'connected');
  assert.equal(server.connect, `127.0.0.1:${port}`);
});

test('in the background, what ends before it has begun fails its calls', async () => {
  const zk = await connect({ connect: `127.0.0.1:${await freePort()}`, background: true });
  const waiting = zk.exists('/');
  const failed = assert.rejects(waiting, (error) => isZooKeeperError(error, 'CLOSED'));
  await zk.close();
  await failed;
});
