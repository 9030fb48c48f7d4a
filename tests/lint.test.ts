import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { curator, dubbo, nerve, spring } from '@meshkeeper/registries';
import { tempDir } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { meshkeeper } from './support/command.ts';

let server: ZooKeeperServer;
let zk: ZooKeeper;
before(async () => {
  server = await startZooKeeperServer({ port: 0 });
  zk = await connect({ connect: server.connect });
});
after(async () => {
  await zk?.close();
  await server?.close();
});

/** What `-o json` prints, as far as it is looked at. */
interface Report {
  readonly registries: readonly { readonly name: string; readonly instances: number }[];
  readonly findings: readonly {
    readonly code: string;
    readonly path?: string;
    readonly collectable: boolean;
  }[];
  readonly collected?: readonly { readonly path: string; readonly outcome: string }[];
}

const at = (chroot: string) => ['--zookeeper', `${server.connect}${chroot}`];
const lint = async (...args: readonly string[]) => {
  const { code, stdout, stderr } = await meshkeeper(['lint', ...args, '-o', 'json']);
  assert.equal(stderr, '');
  return { code, report: JSON.parse(stdout) as Report };
};
const found = ({ findings }: Report) => findings.map(({ code, path }) => `${code} ${path}`);

test('lint finds registries, and says what in them is wrong; nothing wrong is 0, an error 1', async () => {
  const chroot = '/one';
  await zk.create(chroot);
  const empty = await lint(...at(chroot));
  assert.equal(empty.code, 0);
  assert.deepEqual(empty.report.findings, []);
  const a = { service: 'a', address: '10.0.0.1', port: 80 };
  const put = async (path: string, data: string | Buffer) =>
    zk.create(`${chroot}${path}`, data, { parents: true });
  for (const { path, data } of [
    ...spring.encode('/services', a, 0),
    ...curator.encode('/deep/down', a, 0),
    ...nerve.encode('/smart/services', { ...a, service: 'web' }, 0),
  ])
    await put(path.replace(/_$/, '_0000000001'), data);
  const clean = await lint(...at(chroot));
  assert.equal(clean.code, 0);
  assert.deepEqual(
    clean.report.registries.filter(({ instances }) => instances > 0).map(({ name }) => name),
    ['spring', 'curator:/deep/down', 'nerve:/smart/services'],
  );
  await put('/deep/down/a/two', 'broken');
  await put('/services/nobody', '');
  const { code, report } = await lint(...at(chroot));
  assert.equal(code, 1);
  assert.deepEqual(found(report), [
    'malformed /deep/down/a/two',
    'empty-directory /services/nobody',
  ]);
  await zk.delete(`${chroot}/deep/down/a/two`);
  assert.equal((await lint(...at(chroot))).code, 0, 'a warning alone is no failure');
  const table = await meshkeeper(['lint', ...at(chroot), '-o', 'table']);
  assert.match(table.stdout, /^warning empty-directory \/services\/nobody\n {2}.+\n {2}.+$/m);
  assert.match(table.stdout, /^0 errors, 1 warning$/m);
});

test('lint --collect deletes only what was found, and nothing without a yes', async () => {
  const chroot = '/two';
  await zk.create(chroot);
  const put = async (path: string, data: string | Buffer) =>
    zk.create(`${chroot}${path}`, data, { parents: true });
  const metadata = { application: 'shop', 'register-mode': 'instance' };
  const said = {
    service: 'com.A',
    address: '10.0.0.1',
    port: 1,
    protocol: 'dubbo',
    metadata,
  } as const;
  const [, revision] = dubbo.encode('/d', said, 0);
  await put(revision!.path, revision!.data);
  await put('/d/com.Gone/providers', '');
  await put('/d/com.B/providers/broken', 'x');
  await using folder = await tempDir();
  const file = join(folder.path, 'meshkeeper.yaml');
  writeFileSync(file, 'registries: [{ name: d, dialect: dubbo, root: /d }]');
  const args = [...at(chroot), '--config', file];
  const unasked = await meshkeeper(['lint', ...args, '--collect']);
  assert.equal(unasked.code, 2);
  assert.match(unasked.stderr, /say --yes/);
  const all = [
    'malformed /d/com.B/providers/broken',
    'empty-directory /d/com.Gone',
    'empty-directory /d/com.Gone/providers',
    `orphaned-revision ${revision!.path}`,
  ];
  const before = await lint(...args);
  assert.deepEqual(found(before.report), all);
  const { code, report } = await lint(...args, '--collect', '--yes');
  assert.equal(code, 1, 'what is malformed still is');
  assert.deepEqual(
    new Set(report.collected?.map(({ path, outcome }) => `${outcome} ${path}`)),
    new Set([`deleted ${revision!.path}`, 'deleted /d/com.Gone/providers', 'deleted /d/com.Gone']),
  );
  assert.deepEqual(found((await lint(...args)).report), all.slice(0, 1));
});
