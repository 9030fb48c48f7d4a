import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operations, replyHeader, Writer } from '@meshkeeper/jute';
import { startZooKeeper, until } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { connect, TreeCache } from '../../src/index.ts';
import { startFrameProxy } from '../support/frame-proxy.ts';

const NOTIFICATION = -1;
const servers = {
  'Apache ZooKeeper': () => startZooKeeper(),
  'embedded server': () => startZooKeeperServer({ port: 0, tickTime: 500 }),
};

for (const [name, start] of Object.entries(servers)) {
  test(`an audit finds events that were lost: ${name}`, async () => {
    await using server = await start();
    await using proxy = await startFrameProxy(server.connect);
    await using writer = await connect({ connect: server.connect });
    await using zk = await connect({ connect: proxy.connect });
    await writer.create('/t/a', '1', { parents: true });
    await using cache = await TreeCache.open(zk, '/t', { auditInterval: 20 });
    const lose = async (write: () => Promise<unknown>) => {
      let lost = 0;
      proxy.rules.fromServer = (frame) => {
        if (frame.readInt32BE(0) !== NOTIFICATION) return 'pass';
        lost++;
        return 'drop';
      };
      const { missed } = cache;
      await write();
      await until(() => lost > 0);
      proxy.rules.fromServer = undefined;
      await until(() => cache.missed > missed && cache.fresh);
    };
    await lose(() => writer.set('/t/a', '2'));
    assert.equal(cache.get('/t/a')?.data.toString(), '2');
    await lose(() => writer.create('/t/b'));
    assert.deepEqual(cache.children('/t')?.toSorted(), ['a', 'b']);
    await lose(() => writer.delete('/t/b'));
    assert.deepEqual(cache.children('/t'), ['a']);
    await lose(() =>
      writer.multi([
        { op: 'delete', path: '/t/a' },
        { op: 'delete', path: '/t' },
      ]),
    );
    assert.equal(cache.size, 0);
    await lose(() => writer.create('/t', 'back'));
    assert.equal(cache.get('/t')?.data.toString(), 'back');
  });

  test(`an audit finds that the watch is gone, and nothing where nothing is: ${name}`, async () => {
    await using server = await start();
    await using proxy = await startFrameProxy(server.connect);
    await using writer = await connect({ connect: server.connect });
    await using zk = await connect({ connect: proxy.connect });
    // The watch is confirmed, but the server was never asked for it.
    proxy.rules.fromClient = (frame, answer) => {
      if (frame.readInt32BE(4) !== operations.addWatch.opcode) return 'pass';
      const reply = new Writer();
      replyHeader.write(reply, { xid: frame.readInt32BE(0), zxid: 1n, err: 0 });
      reply.int(0);
      answer(reply.take());
      return 'drop';
    };
    await using cache = await TreeCache.open(zk, '/t', { auditInterval: 20 });
    proxy.rules.fromClient = undefined;
    await until(() => cache.missed === 1 && cache.fresh);
    await writer.create('/t/a/b', 'x', { parents: true });
    await cache.settled();
    assert.equal(cache.get('/t/a/b')?.data.toString(), 'x');
    let audits = 0;
    proxy.rules.fromClient = (frame) => {
      if (frame.readInt32BE(4) === operations.checkWatches.opcode) audits++;
      return 'pass';
    };
    for (let i = 0; audits < 10; i++) {
      await writer.create(`/t/c${i}`);
      await writer.set('/t/a', `${i}`);
      await writer.delete(`/t/c${i}`);
    }
    await cache.settled();
    assert.equal(cache.missed, 1, 'a change that an event tells of is not a lost one');
  });
}
