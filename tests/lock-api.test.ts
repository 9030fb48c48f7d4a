import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { listLock, Mutex } from '@meshkeeper/recipes';
import { tempDir, until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { meshkeeper, meshkeeperJson, type Running, start } from './support/command.ts';
import { startControlPlane } from './support/control-plane.ts';

describe('a command under a lock over the API', () => {
  let server: ZooKeeperServer;
  let zk: ZooKeeper;
  let planes: Running[];
  let flags: string[];
  before(async () => {
    server = await startZooKeeperServer({ port: 0, tickTime: 200 });
    zk = await connect({ connect: server.connect });
    planes = await Promise.all([1, 2].map(() => startControlPlane(server.connect)));
    flags = ['--server', planes.map(({ ready }) => ready.api).join(','), '--ttl', '2s'];
  });
  after(async () => {
    for (const plane of planes ?? []) await plane[Symbol.asyncDispose]();
    await zk?.close();
    await server?.close();
  });
  const waiting = (name: string, count: number) =>
    until(async () => {
      const { holders, waiters } = await listLock(zk, `/meshkeeper/locks/${name}`);
      return holders.length + waiters.length === count;
    });

  test('has the token, its exit code passes through, and nothing is left', async () => {
    const script = 'echo "$MESHKEEPER_FENCING_TOKEN"; exit 7';
    for (const verb of ['lock', 'elect']) {
      const { code, stdout } = await meshkeeper([verb, 'a', ...flags, '--', 'sh', '-c', script]);
      assert.equal(code, 7);
      assert.match(stdout, /^0\.\d+\n$/);
    }
    await waiting('a', 0);
    const bad = await meshkeeper(['lock', '/zookeeper/x', ...flags, '--', 'true']);
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /belongs to ZooKeeper itself/);
    const nobody = ['--server', 'http://127.0.0.1:1'];
    const none = await meshkeeper(['lock', 'a', ...nobody, '--', 'true']);
    assert.match(none.stderr, /no control plane answers at http:\/\/127\.0\.0\.1:1/);
  });

  test('a name is the same lock on the ensemble itself; the wait is no longer than it should be', async () => {
    const lease = await new Mutex(zk, '/meshkeeper/locks/b').acquire();
    const late = await meshkeeper(['lock', 'b', ...flags, '--wait', '100ms', '--', 'true']);
    assert.equal(late.code, 3);
    assert.match(late.stderr, /b could not be had within 100 ms: "b" is held by /);
    const patient = meshkeeper(['lock', 'b', ...flags, '--', 'echo', 'yes']);
    await waiting('b', 2);
    const direct = meshkeeper(['lock', 'b', '--zookeeper', server.connect, '--', 'echo', 'too']);
    await waiting('b', 3);
    const { locks } = await meshkeeperJson<{
      locks: { name: string; waiters: unknown[] }[];
    }>('locks', '--server', planes[0]!.ready.api);
    assert.equal(locks.find(({ name }) => name === 'b')?.waiters.length, 2);
    await lease.release();
    assert.deepEqual([(await patient).stdout, (await direct).stdout], ['yes\n', 'too\n']);
  });

  test('is told to end when somebody deletes the znode, and gets the signals of meshkeeper', async () => {
    const script = 'trap "echo told; exit 5" TERM; echo ready; while true; do sleep 0.05; done';
    await using command = start(['lock', 'c', ...flags, '--', 'sh', '-c', script]);
    await command.printed(/ready/);
    const [holder] = (await listLock(zk, '/meshkeeper/locks/c')).holders;
    await zk.delete(holder!.path);
    const { code, stderr, stdout } = await command.ended();
    assert.deepEqual([code, stdout], [1, 'ready\ntold\n']);
    assert.match(stderr, /the lease .* was lost, and the command was ended: .* not ours any more/);
    await using other = start(['lock', 'c', ...flags, '--', 'sh', '-c', script]);
    await other.printed(/ready/);
    assert.equal((await other.end('SIGTERM')).code, 5);
    await waiting('c', 0);
  });

  test('is ended when meshkeeper was stopped for too long, and another has the lock by then', async () => {
    const script = 'trap "echo told; exit 5" TERM; echo ready; while true; do sleep 0.05; done';
    await using sleeper = start(['lock', 'e', ...flags, '--', 'sh', '-c', script]);
    await sleeper.printed(/ready/);
    const next = meshkeeper(['lock', 'e', ...flags, '--', 'echo', 'mine']);
    await waiting('e', 2);
    process.kill(sleeper.pid, 'SIGSTOP');
    try {
      assert.equal((await next).stdout, 'mine\n');
    } finally {
      process.kill(sleeper.pid, 'SIGCONT');
    }
    const { code, stdout, stderr } = await sleeper.ended();
    assert.deepEqual([code, stdout], [1, 'ready\ntold\n']);
    assert.match(stderr, /the lease .* was lost, and the command was ended: /);
  });

  test('what the guide asks by curl is answered', async () => {
    const guide = readFileSync('docs/guides/leases.md', 'utf8');
    const blocks = [...guide.matchAll(/```sh\n(curl[\s\S]*?)```/g)].map(([, block]) => block!);
    assert.equal(blocks.length, 2);
    for (const [i, block] of blocks.entries()) {
      const commands = block.replaceAll('http://127.0.0.1:7070', planes[i % 2]!.ready.api);
      const { stdout } = await promisify(execFile)('sh', ['-ec', commands]);
      assert.match(
        stdout,
        i === 0 ? /"fencing":"0\.\d+"/ : /"paths":\["\/services\/shop\/shop-1"\]/,
      );
    }
    await waiting('nightly', 0);
  });

  test('goes on when the replica dies that served it; waits and holds alike', async () => {
    const script = 'echo "$MESHKEEPER_FENCING_TOKEN"; read line; echo "$line"';
    const holds =
      'echo "$MESHKEEPER_FENCING_TOKEN"; while [ ! -e "$0" ]; do sleep 0.05; done; echo done';
    await using folder = await tempDir();
    const flag = join(folder.path, 'done');
    await using first = start(['lock', 'd', ...flags, '--', 'sh', '-c', holds, flag]);
    const token = await first.printed(/^0\.\d+$/m);
    const next = meshkeeper(['lock', 'd', ...flags, '--', 'sh', '-c', script], { input: 'next\n' });
    await waiting('d', 2);
    await planes[0]!.end('SIGKILL');
    // Longer than the lease would last: it is kept alive by the other.
    const { holders } = await listLock(zk, '/meshkeeper/locks/d');
    const version = async () => {
      const { data, stat } = await zk.get(
        `/meshkeeper/leases/${/_c_([0-9a-f-]{36})/.exec(holders[0]!.path)![1]}`,
      );
      assert.ok(data.length > 0);
      return stat.version;
    };
    const before = await version();
    await until(async () => (await version()) > before + 4);
    writeFileSync(flag, '');
    const ended = await first.ended();
    assert.deepEqual([ended.code, ended.stdout], [0, `${token}\ndone\n`]);
    const { code, stdout } = await next;
    assert.equal(code, 0);
    assert.ok(BigInt(stdout.split(/[.\n]/)[1]!) > BigInt(token.slice(2)));
    await waiting('d', 0);
  });
});
