import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import {
  runKazoo,
  skipWithout,
  startFaultProxy,
  startZooKeeper,
  TestbedError,
  tempDir,
  until,
  type ZooKeeperServer,
} from '../src/index.ts';

const skip = skipWithout('zookeeper');
let zookeeper: ZooKeeperServer;

before(async () => {
  if (!skip) zookeeper = await startZooKeeper();
});
after(() => zookeeper?.close());

test('it serves, with the testbed configuration', { skip }, async () => {
  assert.equal(await zookeeper.mode(), 'standalone');
  assert.equal(await zookeeper.ask('ruok'), 'imok');
  const conf = await zookeeper.ask('conf');
  assert.match(conf, /tickTime=200\nmaxClientCnxns=0\nminSessionTimeout=400/);
  assert.match(conf, /maxSessionTimeout=60000/);
  assert.match(await zookeeper.ask('srvr'), /Zookeeper version: 3\.9\.5/);
});

test('a killed server comes back on the same port', { skip }, async () => {
  const pid = zookeeper.pid;
  await zookeeper.kill();
  assert.equal(zookeeper.pid, undefined);
  await assert.rejects(zookeeper.ask('ruok'), { code: 'ECONNREFUSED' });
  await zookeeper.restart();
  assert.notEqual(zookeeper.pid, pid);
  assert.equal(await zookeeper.ask('ruok'), 'imok');
});

test('a paused server answers only after it is resumed', { skip }, async () => {
  zookeeper.pause();
  const answer = zookeeper.ask('ruok');
  const first = await Promise.race([
    answer,
    until(() => false, { timeout: 150 }).catch(() => 'late'),
  ]);
  assert.equal(first, 'late');
  zookeeper.resume();
  assert.equal(await answer, 'imok');
});

test('a start-up failure shows the log', { skip }, async () => {
  const start = startZooKeeper({ config: { initLimit: 'soon' } });
  await assert.rejects(start, (error) => {
    assert(error instanceof TestbedError);
    assert.equal(error.code, 'start-failed');
    assert.match(error.message, /NumberFormatException: For input string: "soon"/);
    return true;
  });
});

test('close removes the temporary data and keeps a given folder', { skip }, async () => {
  await using dir = await tempDir();
  const kept = await startZooKeeper({ dataDir: dir.path, tickTime: 500 });
  assert.match(await kept.ask('conf'), /minSessionTimeout=1000/);
  await Promise.all([kept.close(), kept.close()]);
  assert(existsSync(kept.dataDir));
  await assert.rejects(kept.start(), { code: 'closed' });
});

test('kazoo talks to it', { skip: skip || skipWithout('kazoo') }, async () => {
  await using proxy = await startFaultProxy({ target: zookeeper });
  const script = `
import sys
from kazoo.client import KazooClient
client = KazooClient(hosts=sys.argv[1], timeout=4)
client.start(timeout=10)
client.create('/from-kazoo', b'hello')
print(client.get('/from-kazoo')[0].decode(), client.server_version())
client.stop()
`;
  const result = await runKazoo({ script, args: [proxy.connect] });
  assert.equal(result.stderr, '');
  assert.equal(result.stdout, 'hello (3, 9, 5)\n');
  assert.equal(result.code, 0);
  assert.equal(proxy.accepted > 0, true);
});

test('kazoo: a status, an abort and a timeout', { skip: skipWithout('kazoo') }, async () => {
  assert.equal((await runKazoo({ script: 'import sys; sys.exit(3)' })).code, 3);
  const forever = 'import time\ntime.sleep(60)';
  await assert.rejects(runKazoo({ script: forever, timeout: 100 }), { code: 'timeout' });
  const signal = AbortSignal.timeout(100);
  await assert.rejects(runKazoo({ script: forever, signal }), { name: 'TimeoutError' });
});
