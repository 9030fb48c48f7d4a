import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { connect, parseConnectString, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { Follower, readTree } from './follower.ts';
import { type OldServer, startOldServer } from './old-server.ts';
import { writeInRounds } from './random-writes.ts';

describe('watchTree on a server without recursive watches', () => {
  let server: ZooKeeperServer;
  let old: OldServer;
  let zk: ZooKeeper;
  before(async () => {
    server = await startZooKeeperServer({ port: 0, tickTime: 200 });
    old = await startOldServer(parseConnectString(server.connect).hosts[0]!);
    zk = await connect({ connect: server.connect });
  });
  after(async () => {
    await zk?.close();
    await old?.[Symbol.asyncDispose]();
    await server?.close();
  });

  test('finds out by itself, and follows all the same', async () => {
    await using client = await connect({ connect: old.connect });
    await zk.create('/found', 'r');
    await using follower = new Follower(client, '/found');
    await until(() => follower.resets === 1);
    assert.equal(old.refused, 1);
    await zk.create('/found/a', '1');
    await zk.create('/found/a/b', '2');
    await until(() => follower.tree.get('/found/a/b') === '2');
    await zk.delete('/found/a/b');
    await until(() => !follower.tree.has('/found/a/b'));
    assert.equal(old.refused, 1);
  });

  test('what it tells adds up to what there is, without transactions in events', async () => {
    await using client = await connect({ connect: old.connect, onExpired: 'renew' });
    await using follower = new Follower(client, '/sum');
    await writeInRounds(zk, '/sum', 9, async (round, write) => {
      if (round % 5 === 2) old.cut();
      await write();
      const tree = await readTree(zk, '/sum');
      await until(() => {
        assert.deepEqual(follower.shown, tree);
        return true;
      });
    });
  });
});
