import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CREATOR_ALL_ACL, connect } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { Findings } from '../../src/discover/findings.ts';
import { curator, DIALECTS, type Dialect, discover, spring } from '../../src/index.ts';
import { znode } from '../znode.ts';

const signal = AbortSignal.timeout(60_000);

test('registries are found by what their znodes hold, wherever they are', async () => {
  await using server = await startZooKeeperServer({ port: 0 });
  await using zk = await connect({ connect: server.connect });
  const instances = [
    ...curator.encode('/', { service: 'top', address: '10.0.0.1', port: 1 }, 0),
    ...curator.encode('/old/discovery', { service: 'a', address: '10.0.0.1', port: 1 }, 0),
    ...curator.encode('/old/discovery', { service: 'a', address: '10.0.0.2', port: 1 }, 0),
    ...spring.encode('/services', { service: 'team/app', address: '10.0.0.1', port: 2 }, 0),
    ...curator.encode('/services', { service: 'plain', address: '10.0.0.1', port: 3 }, 0),
  ];
  for (const { path, data } of instances) await zk.create(path, data, { parents: true });
  await zk.create('/locks/lock-1', 'not a registry', { parents: true });
  await zk.create('/broken', '{"name":"broken"');
  await using owner = await connect({ connect: server.connect });
  await owner.addAuth('digest', 'ann:secret');
  await owner.create('/secret', 's', { acl: CREATOR_ALL_ACL });

  const { registries, complete } = await discover(zk, DIALECTS.values(), { signal });
  assert.deepEqual(
    registries.map(({ dialect, root, services, instances: n }) => [dialect, root, services, n]),
    [
      ['curator', '/', 1, 1],
      ['curator', '/old/discovery', 1, 2],
      ['curator', '/services', 1, 1],
      ['spring', '/services', 1, 1],
    ],
  );
  assert.equal(complete, true);
  const some = await discover(zk, DIALECTS.values(), { signal, limit: 3 });
  assert.deepEqual([some.visited, some.complete], [3, false]);
});

test('where instances do not tell their root, it is what all of one tree have above them', () => {
  const members: Dialect = {
    ...curator,
    name: 'members',
    recognise: ({ path }) =>
      path.includes('/member_') ? { root: undefined, service: '' } : undefined,
  };
  const found = (...paths: string[]) => {
    const findings = new Findings([members]);
    for (const path of paths) findings.take(znode(path));
    return findings.registries().map(({ root, services }) => [root, services]);
  };
  assert.deepEqual(found('/a/b/service/member_1', '/a/b/service/member_2'), [['/a/b', 1]]);
  assert.deepEqual(found('/a/b/x/member_1', '/a/c/y/z/member_2'), [['/a', 2]]);
  assert.deepEqual(found('/a/x/member_1', '/b/y/member_2'), [
    ['/a', 1],
    ['/b', 1],
  ]);
  assert.deepEqual(found('/x/member_1'), [['/', 1]]);
});
