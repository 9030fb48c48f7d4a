import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { nativeClient, skipWithout, type ZooKeeperServer } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { LineProcess } from '../src/process/line-process.ts';
import { clients } from '../src/zk-client/clients.ts';
import { MADE, NODES } from '../src/zk-client/plan.ts';
import type { Result, Step } from '../src/zk-client/protocol.ts';
import { runOne } from '../src/zk-client/run.ts';
import { startServer, Writer } from '../src/zk-client/server.ts';

const { signal } = new AbortController();
const COUNT = 30;
let server: ZooKeeperServer;
let writer: Writer;
let zk: ZooKeeper;
before(async () => {
  server = await startServer(signal);
  writer = await Writer.connect(server.connect, signal, COUNT);
  zk = await connect({ connect: server.connect });
});
after(async () => {
  await zk?.close();
  await writer?.[Symbol.asyncDispose]();
  await server?.close();
});

/** How often a znode was changed, or how often its children were. */
const versions = async () => (await zk.get(`${NODES}/${COUNT - 1}`)).stat.version;
const changes = async () => (await zk.get(MADE)).stat.cversion;

// The native client is compiled only when the bench itself runs.
const names = Object.keys(clients).filter((name) => name !== 'zookeeper' || nativeClient());
for (const name of names)
  test(`${name} does what the bench asks for`, {
    skip: name === 'java' && skipWithout('curator'),
  }, async () => {
    await using client = await LineProcess.start(name, clients[name]!(server.connect)!, signal);
    const run = (operation: Step['operation'] | 'watch', window: number): Promise<Result> =>
      runOne(client, { operation, window, count: COUNT }, writer);
    const written = await versions();
    const { seconds, cpu } = await run('get', 1);
    assert.ok(seconds > 0 && cpu >= 0);
    assert.equal(await versions(), written);

    await run('set', 4);
    assert.equal(await versions(), written + 1);

    const changed = await changes();
    await run('create+delete', 4);
    assert.equal(await changes(), changed + 2 * COUNT);
    assert.deepEqual((await zk.children(MADE)).children, []);

    await run('watch', 4);
    assert.equal(await versions(), written + 2);
    assert.match(await server.ask('wchs'), /Total watches:0/);
  });
