import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startZooKeeper } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import {
  CREATOR_ALL_ACL,
  CreateMode,
  connect,
  isZooKeeperError,
  type ZooKeeper,
} from '../../src/index.ts';

const servers = {
  'Apache ZooKeeper': () => startZooKeeper(),
  'embedded server': () => startZooKeeperServer({ port: 0, tickTime: 200 }),
};

for (const [name, start] of Object.entries(servers)) {
  describe(`operations on ${name}`, () => {
    let server: Awaited<ReturnType<typeof start>>;
    let zk: ZooKeeper;
    let count = 0;
    before(async () => {
      server = await start();
      zk = await connect({ connect: server.connect, sessionTimeout: 4000 });
    });
    after(async () => {
      await zk?.close();
      await server?.close();
    });
    const root = async () => (await zk.create(`/test-${count++}`)).path;

    test('a multiRead answers each read by itself, with its own type', async () => {
      const path = await root();
      await zk.create(`${path}/a`, 'one');
      const [got, listed, missing] = await zk.multiRead([
        { op: 'get', path: `${path}/a` },
        { op: 'children', path },
        { op: 'get', path: `${path}/missing` },
      ]);
      assert.ok(got.ok && listed.ok && !missing.ok);
      assert.equal(got.data.toString(), 'one');
      assert.equal(got.stat.version, 0);
      assert.deepEqual(listed.children, ['a']);
      assert.ok(isZooKeeperError(missing.error, 'NO_NODE'));
      assert.match(missing.error.message, /^multiRead\[2\] get .*\/missing: /);
      assert.deepEqual(await zk.multiRead([]), []);
    });

    test('the results of a multi have the types of its operations', async () => {
      const path = await root();
      const [made, set, removed] = await zk.multi([
        { op: 'create', path: `${path}/a` },
        { op: 'set', path, data: 'x' },
        { op: 'delete', path: `${path}/a` },
      ]);
      assert.equal(made.path, `${path}/a`);
      assert.equal(made.stat.czxid, set.stat.mzxid);
      assert.equal(removed.op, 'delete');
    });

    test('counts what is below, and lists its own ephemerals', async () => {
      const path = await root();
      await zk.create(`${path}/a/b`, null, { parents: true });
      await zk.create(`${path}/e`, null, { mode: CreateMode.EPHEMERAL });
      assert.equal(await zk.getAllChildrenNumber(path), 3);
      assert.deepEqual(await zk.getEphemerals(path), [`${path}/e`]);
      await using other = await connect({ connect: `${server.connect}${path}` });
      await other.create('/mine', null, { mode: CreateMode.EPHEMERAL });
      await zk.create(`${path}0`);
      assert.deepEqual(await other.getEphemerals(), ['/mine']);
      assert.deepEqual(await other.getEphemerals('/m'), ['/mine']);
      assert.deepEqual(await other.getEphemerals('/n'), []);
    });

    test('knows who it is, and keeps others out with it', async () => {
      const path = await root();
      await using ann = await connect({ connect: server.connect });
      await ann.addAuth('digest', 'ann:secret');
      const users = await ann.whoAmI();
      assert.ok(users.some(({ scheme, user }) => scheme === 'digest' && user === 'ann'));
      const set = await ann.setAcl(path, CREATOR_ALL_ACL, { version: 0 });
      assert.equal(set.aversion, 1);
      await assert.rejects(zk.getAcl(path), (error) => isZooKeeperError(error, 'NO_AUTH'));
    });

    test('reads the configuration whatever the chroot is; changes need a quorum', async () => {
      const path = await root();
      await using inner = await connect({ connect: `${server.connect}${path}` });
      const { stat } = await inner.getConfig({ watch() {} });
      assert.equal(stat.czxid, (await zk.get('/zookeeper/config')).stat.czxid);
      assert.ok(await zk.exists('/zookeeper/config'));
      await assert.rejects(zk.reconfig({ leaving: [3] }), { operation: 'reconfig' });
      await assert.rejects(zk.reconfig({}), (error) => isZooKeeperError(error, 'INVALID_ARGUMENT'));
    });

    test('one-shot watches are taken off, here and at the server', async () => {
      const path = await root();
      const seen: string[] = [];
      const one = () => seen.push('one');
      const two = () => seen.push('two');
      await zk.get(path, { watch: one });
      await zk.exists(path, { watch: two });
      await zk.children(path, { watch: one });
      assert.ok(await zk.checkWatches(path));
      assert.equal(await zk.removeWatches(path, { watcher: one }), true);
      assert.equal(await zk.removeWatches(path, { watcher: one }), false);
      assert.ok(await zk.checkWatches(path, 'data'), 'two needs it');
      assert.equal(await zk.checkWatches(path, 'children'), false);
      await zk.set(path, 'x');
      assert.deepEqual(seen, ['two']);
      await zk.exists(`${path}/no`, { watch: one });
      assert.equal(await zk.removeWatches(`${path}/no`, { list: 'data' }), true);
      assert.equal(await zk.checkWatches(`${path}/no`), false);
      assert.deepEqual(
        { ...zk.watchCounts, data: 0 },
        {
          data: 0,
          exist: 0,
          child: 0,
          persistent: 0,
          persistentRecursive: 0,
        },
      );
    });

    test('a watch that is asked for while it is being taken off stays', async () => {
      const path = await root();
      const first = await zk.addWatch(path);
      const [second] = await Promise.all([zk.addWatch(path), first.close()]);
      await zk.sync();
      assert.ok(await zk.checkWatches(path, 'persistent'));
      const data = () => {};
      await zk.get(path, { watch: data });
      const seen: string[] = [];
      const again = zk.get(path, { watch: ({ type }) => seen.push(type) });
      await Promise.all([again, zk.removeWatches(path, { watcher: data })]);
      await second.close();
      await zk.sync();
      assert.equal(await zk.checkWatches(path, 'persistent'), false);
      await zk.set(path, 'x');
      assert.deepEqual(seen, ['changed']);
    });

    test('a read that is given up leaves no watch', async () => {
      const path = await root();
      for (const read of [
        (signal: AbortSignal) => zk.get(path, { signal, watch: () => assert.fail() }),
        (signal: AbortSignal) => zk.children(path, { signal, watch: () => assert.fail() }),
        (signal: AbortSignal) => zk.exists(`${path}/x`, { signal, watch: () => assert.fail() }),
      ]) {
        const controller = new AbortController();
        const call = read(controller.signal);
        controller.abort(new Error('changed my mind'));
        await assert.rejects(call, /changed my mind/);
      }
      await zk.sync();
      await zk.sync(); // after the removals, which the answers set off
      assert.equal(await zk.checkWatches(path), false);
      assert.equal(await zk.checkWatches(`${path}/x`), false);
    });

    test('a one-shot watch as an iterable has one event', async () => {
      const path = await root();
      const data = await zk.watchOnce(`${path}/a`, 'data');
      const list = await zk.watchOnce(path, 'children');
      await zk.create(`${path}/a`);
      await zk.delete(`${path}/a`);
      const seen: string[] = [];
      for await (const { type } of data) seen.push(type);
      for await (const { type } of list) seen.push(type);
      assert.deepEqual(seen, ['created', 'children']);
      const unused = await zk.watchOnce(path, 'data');
      await unused.close();
      assert.equal(await zk.checkWatches(path), false);
      await assert.rejects(zk.watchOnce(`${path}/a`, 'children'), { code: 'NO_NODE' });
    });
  });
}
