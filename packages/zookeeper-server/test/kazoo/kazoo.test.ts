import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runKazoo, skipWithout, until } from '@meshkeeper/testbed';
import { startZooKeeperServer, type ZooKeeperServer } from '../../src/index.ts';

let script: string;
let dataDir: string;
let server: ZooKeeperServer;

before(async () => {
  script = await readFile(join(import.meta.dirname, 'session.py'), 'utf8');
  dataDir = await mkdtemp(join(tmpdir(), 'zookeeper-kazoo-'));
  server = await startZooKeeperServer({ port: 0, dataDir });
});
after(async () => {
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});

describe('kazoo, unchanged', { skip: skipWithout('kazoo') }, () => {
  test('finds ephemerals, sequences, watches, transactions and a lock as it expects', async () => {
    const { stdout, stderr, code } = await runKazoo({ script, args: [server.connect, 'basics'] });
    assert.equal(code, 0, stderr);
    assert.deepEqual(stdout.trim().split('\n'), [
      'ephemerals and sequences',
      'watches',
      'transactions',
      'an ACL of the creator',
      'a lock',
      'closing a session',
    ]);
  });

  test('resumes its session when the server comes back from its files', async () => {
    const running = runKazoo({ script, args: [server.connect, 'reconnect'] });
    await until(() => server.stats().watches > 0);
    const { port } = server.address;
    await server.close();
    server = await startZooKeeperServer({ port, dataDir });
    const { stdout, stderr, code } = await running;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /the session goes on after a restart/);
  });
});
