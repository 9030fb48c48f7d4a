import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { tempDir } from '@meshkeeper/testbed';
import { workspacePackages } from '../scripts/packages.ts';

const run = promisify(execFile);

test('what is published installs in an empty folder and works', async () => {
  await run('npm', ['run', '--silent', 'build']);
  await using folder = await tempDir();
  const published = workspacePackages().filter((candidate) => !candidate.private);
  const folders = published.map((candidate) => `./${candidate.folder}`);
  await run('npm', ['pack', '--silent', '--pack-destination', folder.path, ...folders]);
  const tarballs = readdirSync(folder.path).map((file) => join(folder.path, file));
  assert.equal(tarballs.length, published.length);

  writeFileSync(join(folder.path, 'package.json'), '{ "private": true, "type": "module" }');
  const options = { cwd: folder.path };
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
  await run('npm', ['install', '--silent', ...flags, ...tarballs], options);

  // The command, from dist/: a server, written to and read from.
  const program = join(folder.path, 'program.js');
  writeFileSync(
    program,
    `import { connect } from '@meshkeeper/zookeeper';
     import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
     await using server = await startZooKeeperServer({ port: 0 });
     await using zk = await connect({ connect: server.connect });
     await zk.create('/hello', 'from dist');
     console.log((await zk.get('/hello')).data.toString(), import.meta.resolve('@meshkeeper/zookeeper'));`,
  );
  const { stdout } = await run(process.execPath, [program], options);
  assert.match(stdout, /^from dist .*node_modules\/@meshkeeper\/zookeeper\/dist\/index\.js\n$/);
  const command = resolve(folder.path, 'node_modules/.bin/meshkeeper');
  const { stdout: bootstrap } = await run(process.execPath, [command, 'bootstrap', 'envoy']);
  assert.equal(JSON.parse(bootstrap).node.cluster, 'gateway');
});
