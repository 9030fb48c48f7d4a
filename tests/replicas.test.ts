import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { curator } from '@meshkeeper/registries';
import { startZooKeeper, tempDir, until } from '@meshkeeper/testbed';
import { XdsClient } from '@meshkeeper/xds';
import { connect } from '@meshkeeper/zookeeper';
import { getJson } from './support/api.ts';
import { meshkeeper, startMeshkeeper } from './support/command.ts';
import { startControlPlane } from './support/control-plane.ts';

const POLICY = (subset: string) => `apiVersion: meshkeeper.io/v1
kind: ServicePolicy
metadata: { name: orders }
spec:
  targetRefs: [{ name: orders }]
  subsets: [{ name: ${subset}, metadata: { version: "1" } }]
`;

interface Members {
  readonly members: readonly {
    readonly id: string;
    readonly self: boolean;
    readonly dataPlanes: { readonly connected: number };
  }[];
}

test('apply --wait waits for the data planes of every replica, and for those of no dead one', async () => {
  await using folder = await tempDir();
  await using server = await startZooKeeper();
  await using zk = await connect({ connect: server.connect });
  const instance = { service: 'orders', id: 'one', address: '10.0.0.1', port: 1 };
  const [entry] = curator.encode('/discovery', instance, 0);
  await zk.create(entry!.path, entry!.data, { parents: true });
  const file = join(folder.path, 'policy.yaml');
  const asked = await startControlPlane(server.connect);
  await using _asked = asked;
  const other = await startControlPlane(server.connect);
  await using _other = other;
  const members = async () => (await getJson<Members>(`${asked.ready.api}/api/v1/members`)).members;
  const run = (...args: readonly string[]) =>
    meshkeeper([...args, '--server', asked.ready.api, '-o', 'table']);
  const apply = (subset: string, ...wait: readonly string[]) => {
    writeFileSync(file, POLICY(subset));
    return run('apply', '-f', file, '--wait', ...wait);
  };

  await using here = follow(asked.ready.xds, 'here');
  await using there = follow(other.ready.xds, 'there');
  const { id } = await until(async () => {
    const found = (await members()).find(({ self }) => !self);
    return found?.dataPlanes.connected === 1 && found;
  });
  const all = await apply('v1');
  assert.equal(all.code, 0, all.stderr);
  assert.match(all.stderr, /^2 data planes have applied it$/m);
  const status = await run('proxy-status');
  assert.match(status.stdout, /^here /m);
  assert.equal(status.stderr, `1 other replica has 1 data plane: ${id}\n`);

  there.answer = 'reject';
  const rejected = await apply('v2');
  assert.equal(rejected.code, 3, rejected.stderr);
  assert.match(rejected.stdout, /^REPLICA +DATA PLANE +STATE +HAS +REJECTED$/m);
  const row = rejected.stdout.split('\n').find((line) => line.startsWith(id)) ?? '';
  assert.match(row.slice(id.length), /^ +there +rejected +1 +Cluster orders\S*: not this$/);
  assert.match(rejected.stderr, /not converged: 1 data plane rejects it, 1 of 2 have applied it$/m);
  there.answer = 'silence';
  const late = await apply('v3', '1s');
  assert.equal(late.code, 3);
  assert.match(late.stderr, /^waiting: applied by 1 of 2 data planes at 2 replicas$/m);
  assert.match(late.stderr, /1 data plane is behind after 1 s/);

  // Dead before it could say that its data plane has it: it is not waited for when its session has ended.
  await other.end('SIGKILL');
  await there[Symbol.asyncDispose]();
  const done = await apply('v4', '60s');
  assert.equal(done.code, 0, done.stderr);
  assert.match(
    done.stderr,
    new RegExp(`^1 data plane has applied it; replica ${id} went away`, 'm'),
  );
  assert.equal((await run('proxy-status')).stderr, '');
  assert.equal(here.answer, 'accept');
});

test('alone there is no column for replicas, and nothing is said of others', async () => {
  await using folder = await tempDir();
  const listeners = ['api', 'xds', 'dns', 'gateway', 'zookeeper'].flatMap((name) => {
    return [`--${name}-listen`, '127.0.0.1:0'];
  });
  await using up = await startMeshkeeper(['up', ...listeners, '--data', folder.path]);
  await using silent = follow(up.ready.xds, 'silent');
  silent.answer = 'silence';
  const server = ['--server', up.ready.api, '-o', 'table'];
  await until(async () =>
    (await meshkeeper(['proxy-status', ...server])).stdout.includes('silent'),
  );
  assert.equal((await meshkeeper(['proxy-status', ...server])).stderr, '');
  const file = join(folder.path, 'policy.yaml');
  writeFileSync(file, POLICY('v1'));
  const late = await meshkeeper(['apply', '-f', file, '--wait', '1s', ...server]);
  assert.equal(late.code, 3);
  assert.match(late.stdout, /^DATA PLANE +STATE +HAS +REJECTED\n/m);
});

/** A data plane that does with clusters what it is told; it accepts all else. */
function follow(xds: string, id: string) {
  const [host = '', port] = xds.split(':');
  const client = new XdsClient({
    address: { host, port: Number(port) },
    node: { id, cluster: 'test' },
  });
  const state: { answer: 'accept' | 'reject' | 'silence' } = { answer: 'accept' };
  const following = (async () => {
    for await (const batch of client.updates()) {
      const { answer } = state;
      if (answer === 'silence') continue;
      if (batch.type === 'cluster' && answer === 'reject') batch.reject('not this');
      else batch.accept();
    }
  })();
  return Object.assign(state, {
    async [Symbol.asyncDispose]() {
      await client.close();
      await following;
    },
  });
}
