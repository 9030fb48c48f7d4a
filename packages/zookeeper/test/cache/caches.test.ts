import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startFaultProxy, startZooKeeper, until } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import {
  ChildrenCache,
  CREATOR_ALL_ACL,
  connect,
  isZooKeeperError,
  NodeCache,
  parseConnectString,
  TreeCache,
  type ZooKeeper,
} from '../../src/index.ts';
import { Consumer } from './consumer.ts';

const servers = {
  'Apache ZooKeeper': () => startZooKeeper(),
  'embedded server': () => startZooKeeperServer({ port: 0, tickTime: 200 }),
};

for (const [name, start] of Object.entries(servers)) {
  describe(`caches on ${name}`, () => {
    let server: Awaited<ReturnType<typeof start>>;
    let zk: ZooKeeper;
    let writer: ZooKeeper;
    let count = 0;
    before(async () => {
      server = await start();
      zk = await connect({ connect: server.connect, sessionTimeout: 4000 });
      writer = await connect({ connect: server.connect, sessionTimeout: 4000 });
    });
    after(async () => {
      await zk?.close();
      await writer?.close();
      await server?.close();
    });
    const root = async () => (await writer.create(`/test-${count++}`)).path;

    test('a NodeCache follows one znode through its lives', async () => {
      const path = `${await root()}/node`;
      await using cache = await NodeCache.open(zk, path);
      await using consumer = new Consumer(cache);
      assert.equal(cache.get(), undefined);
      await writer.create(path, 'one');
      await writer.create(`${path}/below`);
      await cache.settled();
      assert.equal(cache.get()?.data.toString(), 'one');
      await writer.set(path, 'two');
      await cache.settled();
      await consumer.settled({ [path]: 'two' });
      await writer.delete(`${path}/below`);
      await writer.delete(path);
      await cache.settled();
      assert.equal(cache.get(), undefined);
      await consumer.settled({});
    });

    test('a ChildrenCache has the children, not their parent or their own', async () => {
      const path = await root();
      await using cache = await ChildrenCache.open(zk, path);
      await using consumer = new Consumer(cache);
      await writer.create(`${path}/a`, 'one');
      await writer.create(`${path}/a/deep`, 'x');
      await writer.create(`${path}/b`);
      await cache.settled();
      assert.deepEqual([...cache.children()].sort(), ['a', 'b']);
      assert.equal(cache.get('a')?.data.toString(), 'one');
      assert.equal(cache.get('a/deep'), undefined);
      await writer.set(`${path}/a`, 'two');
      await writer.set(path, 'of no interest');
      await writer.delete(`${path}/b`);
      await consumer.settled({ [`${path}/a`]: 'two' });
      await writer.delete(`${path}/a/deep`);
      await writer.delete(`${path}/a`);
      await writer.delete(path);
      await cache.settled();
      assert.deepEqual(cache.children(), []);
    });

    test('a TreeCache has everything, before and after it was opened', async () => {
      const path = await root();
      await writer.create(`${path}/a/b/c`, 'deep', { parents: true });
      await using cache = await TreeCache.open(zk, path);
      await using consumer = new Consumer(cache);
      assert.deepEqual(cache.children(`${path}/a`), ['b']);
      assert.equal(cache.children(`${path}/none`), undefined);
      assert.equal(cache.get(`${path}/a/b/c`)?.data.toString(), 'deep');
      assert.equal(cache.get('/zookeeper'), undefined);
      assert.equal(cache.size, 4);
      assert.ok(cache.fresh);
      await writer.create(`${path}/x/y`, 'new', { parents: true });
      await writer.delete(`${path}/a/b/c`);
      await consumer.settled({
        [path]: '',
        [`${path}/a`]: '',
        [`${path}/a/b`]: '',
        [`${path}/x`]: '',
        [`${path}/x/y`]: 'new',
      });
      const { stat } = await writer.get(`${path}/x/y`);
      assert.deepEqual(cache.get(`${path}/x/y`)?.stat, stat);
    });

    test('a TreeCache of the root, and one of what is not there yet', async () => {
      await using all = await TreeCache.open(zk, '/');
      assert.deepEqual(all.children('/zookeeper')?.toSorted(), ['config', 'quota']);
      const path = `${await root()}/later`;
      await using cache = await TreeCache.open(zk, path);
      assert.equal(cache.size, 0);
      await writer.create(`${path}/a`, 'x', { parents: true });
      await cache.settled();
      await all.settled();
      assert.equal(cache.get(`${path}/a`)?.data.toString(), 'x');
      assert.equal(all.get(`${path}/a`)?.data.toString(), 'x');
    });

    test('what may not be read is named, and what is below it is there', async () => {
      const path = await root();
      await using ann = await connect({ connect: server.connect });
      await ann.addAuth('digest', 'ann:secret');
      await using cache = await TreeCache.open(zk, path, { auditInterval: 20 });
      await ann.create(`${path}/mine`, 's', { acl: CREATOR_ALL_ACL });
      await ann.create(`${path}/open`, 'o');
      await until(async () => {
        await cache.settled();
        return cache.unreadable.has(`${path}/mine`) && cache.get(`${path}/open`);
      });
      assert.equal(cache.get(`${path}/mine`), undefined);
      await ann.setAcl(`${path}/mine`, [{ perms: 31, scheme: 'world', id: 'anyone' }]);
      await until(() => cache.get(`${path}/mine`)?.data.toString() === 's'); // by an audit
      assert.equal(cache.unreadable.size, 0);
    });

    test('a cache says when it may be behind, and catches up', async () => {
      const path = await root();
      await using proxy = await startFaultProxy({
        target: parseConnectString(server.connect).hosts[0]!,
      });
      await using client = await connect({ connect: proxy.connect, sessionTimeout: 4000 });
      await writer.create(`${path}/goes/deep`, 'x', { parents: true });
      await writer.create(`${path}/stays`, 'x');
      await using cache = await TreeCache.open(client, path);
      await using consumer = new Consumer(cache);
      const states: string[] = [];
      cache.onState((state) => {
        if (states.at(-1) !== state) states.push(state);
      });
      proxy.refuse();
      proxy.cut();
      await until(() => cache.state === 'stale');
      assert.equal(cache.get(`${path}/stays`)?.data.toString(), 'x', 'old is better than nothing');
      await writer.delete(`${path}/goes/deep`);
      await writer.delete(`${path}/goes`);
      await writer.create(`${path}/comes`, 'y');
      await writer.set(`${path}/stays`, 'z');
      await proxy.accept();
      await consumer.settled({ [path]: '', [`${path}/comes`]: 'y', [`${path}/stays`]: 'z' });
      assert.equal(consumer.resets, 1, 'only what differs is told');
      await client.close();
      await until(() => cache.state === 'closed');
      assert.deepEqual(states, ['stale', 'fresh', 'closed']);
      await assert.rejects(cache.settled(), (error) => isZooKeeperError(error, 'CLOSED'));
    });

    test('a session that expires for good ends the updates with its error', async () => {
      const path = await root();
      await using proxy = await startFaultProxy({
        target: parseConnectString(server.connect).hosts[0]!,
      });
      await using client = await connect({ connect: proxy.connect, sessionTimeout: 500 });
      const cache = await TreeCache.open(client, path);
      proxy.refuse();
      proxy.cut();
      const following = (async () => {
        for await (const _ of cache.updates());
      })();
      await assert.rejects(following, (error) => isZooKeeperError(error, 'SESSION_EXPIRED'));
      await assert.rejects(TreeCache.open(client, path), { code: 'SESSION_EXPIRED' });
    });

    test('who waits for all that was written waits for the session that follows, too', async () => {
      const path = await root();
      await using proxy = await startFaultProxy({
        target: parseConnectString(server.connect).hosts[0]!,
      });
      await using client = await connect({
        connect: proxy.connect,
        sessionTimeout: 500,
        onExpired: 'renew',
      });
      await using cache = await TreeCache.open(client, path);
      let expired = false;
      client.onState(({ type }) => {
        expired ||= type === 'expired';
      });
      proxy.refuse();
      proxy.cut();
      await writer.create(`${path}/a`, 'x');
      const settled = cache.settled();
      settled.catch(() => {}); // it is awaited below
      await until(() => expired);
      await proxy.accept();
      await settled;
      assert.equal(cache.get(`${path}/a`)?.data.toString(), 'x');
    });

    test('closing a cache takes its watch off', async () => {
      const path = await root();
      const cache = await TreeCache.open(zk, path);
      const other = await TreeCache.open(zk, path);
      assert.ok(await zk.checkWatches(path, 'persistentRecursive'));
      await cache.close();
      assert.ok(await zk.checkWatches(path, 'persistentRecursive'), 'the other needs it');
      await other[Symbol.asyncDispose]();
      assert.equal(await zk.checkWatches(path, 'persistentRecursive'), false);
      await assert.rejects(
        TreeCache.open(zk, path, { signal: AbortSignal.abort(new Error('enough')) }),
        /enough/,
      );
    });
  });
}
