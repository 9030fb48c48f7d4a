import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { curator, spring } from '@meshkeeper/registries';
import { tempDir } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { parse } from 'yaml';
import { meshkeeper } from './support/command.ts';

test('discover proposes registries, and what it proposes is a configuration', async () => {
  await using server = await startZooKeeperServer({ port: 0 });
  await using zk = await connect({ connect: server.connect });
  const ensemble = ['--zookeeper', server.connect];
  const nothing = await meshkeeper(['discover', ...ensemble]);
  assert.equal(nothing.code, 3);
  assert.match(nothing.stderr, /^no registry was recognised in the \d+ znodes/);

  for (const [dialect, root] of [
    [spring, '/services'],
    [curator, '/a'],
    [curator, '/b/discovery'],
  ] as const)
    for (const { path, data } of dialect.encode(
      root,
      { service: 'orders', address: '10.0.0.1', port: 80 },
      0,
    ))
      await zk.create(path, data, { parents: true });

  const { code, stdout, stderr } = await meshkeeper(['discover', ...ensemble, '-o', 'yaml']);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.deepEqual(parse(stdout), {
    registries: [
      { name: 'curator:/a', dialect: 'curator', root: '/a' },
      { name: 'curator:/b/discovery', dialect: 'curator', root: '/b/discovery' },
      { name: 'spring', dialect: 'spring', root: '/services' },
    ],
  });
  await using folder = await tempDir();
  const file = join(folder.path, 'meshkeeper.yaml');
  writeFileSync(file, stdout);
  const again = await meshkeeper(['discover', ...ensemble, '--config', file, '-o', 'table']);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /^curator:\/a +curator +\/a +1 +1 +\/a\/orders\/[0-9a-f-]+$/m);

  const part = await meshkeeper(['discover', ...ensemble, '--limit', '2']);
  assert.match(part.stderr, /there is more than the 2 znodes/);
});
