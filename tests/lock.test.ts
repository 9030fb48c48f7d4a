import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Mutex } from '@meshkeeper/recipes';
import { until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { meshkeeper, start } from './support/command.ts';

describe('a command under a lock', () => {
  let server: ZooKeeperServer;
  let zk: ZooKeeper;
  let flags: string[];
  before(async () => {
    server = await startZooKeeperServer({ port: 0, tickTime: 200 });
    zk = await connect({ connect: server.connect });
    flags = ['--zookeeper', server.connect];
  });
  after(async () => {
    await zk?.close();
    await server?.close();
  });
  test('has the token, and its exit code passes through', async () => {
    const script = 'echo "$MESHKEEPER_FENCING_TOKEN"; exit 7';
    const { code, stdout } = await meshkeeper(['lock', '/l/a', ...flags, '--', 'sh', '-c', script]);
    assert.equal(code, 7);
    assert.match(stdout, /^0\.\d+\n$/);
    assert.deepEqual((await zk.children('/l/a')).children, []);
    const elected = await meshkeeper(['elect', '/l/leader', ...flags, '--', 'sh', '-c', script]);
    assert.equal(elected.code, 7);
  });

  test('waits for its turn, but no longer than it should', async () => {
    const lease = await new Mutex(zk, '/l/b').acquire();
    const late = await meshkeeper([
      'lock',
      '/l/b',
      ...flags,
      '--wait',
      '100ms',
      '--',
      'echo',
      'no',
    ]);
    assert.deepEqual([late.code, late.stdout], [3, '']);
    assert.match(late.stderr, /the lock \/l\/b could not be had within 100 ms/);
    const patient = meshkeeper(['lock', '/l/b', ...flags, '--', 'echo', 'yes']);
    await until(async () => (await zk.children('/l/b')).children.length === 2);
    await lease.release();
    const { code, stdout } = await patient;
    assert.deepEqual([code, stdout], [0, 'yes\n']);
  });

  test('is told to end when the lease is lost, and killed when it does not', async () => {
    const script = 'trap "echo told" TERM; echo ready; while true; do sleep 0.05; done';
    const args = ['lock', '/l/c', ...flags, '--grace', '300ms', '--', 'sh', '-c', script];
    await using command = start(args);
    await command.printed(/ready/);
    const [node] = (await zk.children('/l/c')).children;
    await zk.delete(`/l/c/${node}`);
    const { code, stdout, stderr } = await command.ended();
    assert.deepEqual([code, stdout], [1, 'ready\ntold\n']);
    assert.match(stderr, /the lease .* was lost, and the command was ended: .* deleted/);
  });

  test('gets the signals that are sent to meshkeeper', async () => {
    const script = 'trap "echo caught; exit 5" TERM; echo ready; while true; do sleep 0.05; done';
    await using command = start(['lock', '/l/d', ...flags, '--', 'sh', '-c', script]);
    await command.printed(/ready/);
    const { code, stdout } = await command.end('SIGTERM');
    assert.deepEqual([code, stdout], [5, 'ready\ncaught\n']);
  });

  test('gets a signal that is sent to meshkeeper as soon as the command is there', async () => {
    const script = 'trap "exit 5" TERM; kill -TERM $PPID; while true; do sleep 0.05; done';
    for (let i = 0; i < 5; i++) {
      await using command = start(['lock', '/l/f', ...flags, '--', 'sh', '-c', script]);
      assert.equal((await command.ended()).code, 5);
    }
  });

  test('that is not there is said, with 127', async () => {
    const { code, stderr } = await meshkeeper(['lock', '/l/e', ...flags, '--', 'no-such-program']);
    assert.equal(code, 127);
    assert.match(stderr, /no-such-program can't be run/);
  });
});
