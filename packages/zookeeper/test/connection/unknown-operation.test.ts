import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ErrorCode, Reader, replyHeader, requestHeader, rowOf, Writer } from '@meshkeeper/jute';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { connect, isZooKeeperError, TreeCache } from '../../src/index.ts';
import { startFrameProxy } from '../support/frame-proxy.ts';

let server: ZooKeeperServer;
before(async () => {
  server = await startZooKeeperServer({ port: 0, tickTime: 200 });
});
after(() => server?.close());

test('an operation that the server does not know is refused before what was asked earlier is answered', async () => {
  await using proxy = await startFrameProxy(server.connect);
  await using zk = await connect({ connect: proxy.connect });
  proxy.rules.fromClient = (frame, answer) => {
    const { type, xid } = requestHeader.read(new Reader(frame));
    if (type === rowOf('exists').opcode) return 'drop';
    if (type !== rowOf('addWatch').opcode) return 'pass';
    const writer = new Writer(16);
    replyHeader.write(writer, { xid, zxid: -1n, err: ErrorCode.UNIMPLEMENTED });
    answer(Buffer.from(writer.take()));
    return 'drop';
  };
  const earlier = zk.exists('/');
  earlier.catch(() => {}); // awaited below
  const watch = zk.addWatch('/', { recursive: true });
  await assert.rejects(watch, (error) => isZooKeeperError(error, 'UNIMPLEMENTED'));
  await zk.close();
  await assert.rejects(earlier, (error) => isZooKeeperError(error, 'CONNECTION_LOSS'));
});

test('a server without watches that stay is asked once, and looked at again and again where that is wanted', async () => {
  await using proxy = await startFrameProxy(server.connect);
  await using zk = await connect({ connect: proxy.connect });
  let asked = 0;
  proxy.rules.fromClient = (frame, answer) => {
    const { type, xid } = requestHeader.read(new Reader(frame));
    if (type !== rowOf('addWatch').opcode) return 'pass';
    asked++;
    const writer = new Writer(16);
    replyHeader.write(writer, { xid, zxid: 0n, err: ErrorCode.UNIMPLEMENTED });
    answer(Buffer.from(writer.take()));
    return 'drop';
  };
  const refused = (error: unknown) => isZooKeeperError(error, 'UNIMPLEMENTED');
  await assert.rejects(zk.addWatch('/'), refused);
  await assert.rejects(zk.addWatch('/', { recursive: true }), refused);
  const watch = await zk.addWatch('/', { recursive: true, poll: 10 });
  let told = 0;
  for await (const event of watch) {
    assert.deepEqual(event, { type: 'reset' });
    if (++told === 3) break;
  }
  await using cache = await TreeCache.open(zk, '/polled');
  await zk.create('/polled');
  for await (const update of cache.updates()) if (cache.get('/polled') || !update) break;
  assert.equal(asked, 1);
});
