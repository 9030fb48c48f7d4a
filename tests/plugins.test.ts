import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { NO_LOCALITY } from '@meshkeeper/mesh';
import { type TempDir, tempDir, until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import flatFile from '../examples/plugins/flat-file.ts';
import { endpointsOf, getJson, type ServicesView } from './support/api.ts';
import { meshkeeper, type Running, startMeshkeeper } from './support/command.ts';

const PLUGIN = resolve('examples/plugins/flat-file.ts');
const LISTENERS = [
  '--api-listen',
  '127.0.0.1:0',
  '--xds-listen',
  '127.0.0.1:0',
  '--dns-listen',
  '127.0.0.1:0',
];

let server: ZooKeeperServer;
let zk: ZooKeeper;
let folder: TempDir;
before(async () => {
  server = await startZooKeeperServer({ port: 0 });
  zk = await connect({ connect: server.connect });
  folder = await tempDir();
});
after(async () => {
  await folder?.close();
  await zk?.close();
  await server?.close();
});

/** Writes a file into the folder of the configuration. */
const write = (name: string, text: string): string => {
  const file = join(folder.path, name);
  writeFileSync(file, text);
  return file;
};
/** A configuration with these plug-ins. */
const configure = (plugins: readonly string[], dialect = 'flat-file'): string =>
  write(
    'meshkeeper.yaml',
    `zookeeper: { connect: "${server.connect}" }
registries:
  - { name: files, dialect: ${dialect} }
plugins: ${JSON.stringify(plugins)}
`,
  );

describe('the example examples/plugins/flat-file.ts', () => {
  let controlPlane: Running;
  before(async () => {
    for (const entry of [
      ...flatFile.encode('/flat', { service: 'orders', address: '10.0.0.1', port: 80 }, 0),
      ...flatFile.encode('/flat', { service: 'users', address: '::1', port: 81, weight: 500 }, 0),
    ])
      await zk.create(entry.path, entry.data, { parents: true });
    const config = configure([PLUGIN]);
    controlPlane = await startMeshkeeper(['control-plane', '--config', config, ...LISTENERS]);
  });
  after(() => controlPlane?.[Symbol.asyncDispose]());

  test('a control plane that names it sees its services', async () => {
    const { api } = controlPlane.ready;
    const shown = async (service: string) =>
      (await endpointsOf(api, service)).map(({ id, origin }) => `${id} ${origin.registry}`).join();
    await until(async () => (await shown('orders')) === '10.0.0.1:80 files');
    await until(async () => (await shown('users')) === '[::1]:81 files');
    await zk.set('/flat/orders', '10.0.0.1:80\n10.0.0.2:80 weight=2 rack=7\nnonsense\n');
    await until(async () => (await endpointsOf(api, 'orders')).length === 2);
    const [, second] = await endpointsOf(api, 'orders');
    assert.deepEqual(
      [second?.address, second && 'weight' in second && second.weight],
      ['10.0.0.2', 200],
    );
    const { registries } = await getJson<ServicesView>(`${api}/api/v1/services`);
    assert.deepEqual(
      registries.map(({ name, problems }) => [name, problems.map(({ message }) => message)]),
      [['files', ['line 3 is not as "10.0.0.1:80 weight=5"']]],
    );
  });

  test('discover knows it as well', async () => {
    const config = configure([PLUGIN]);
    const { stdout, stderr } = await meshkeeper(['discover', '--config', config, '-o', 'json']);
    assert.match(stdout, /"dialect": ?"flat-file"/, stderr);
  });

  test('what it writes is what it reads, and who comes later adds a line', () => {
    const locality = { ...NO_LOCALITY, zone: 'z' };
    const registration = { service: 'a', address: 'fd00::1', port: 1, weight: 300, locality };
    const [entry] = flatFile.encode('/', { ...registration, metadata: { rack: '7' } }, 0);
    assert.equal(entry?.path, '/a');
    assert.equal(entry?.data.toString(), '[fd00::1]:1 rack=7 zone=z weight=3\n');
    const own = entry?.data ?? Buffer.of();
    const merged = entry?.merge?.(Buffer.from('10.0.0.1:80'), own);
    assert.equal(merged?.toString(), '10.0.0.1:80\n[fd00::1]:1 rack=7 zone=z weight=3\n');
    assert.equal(merged && entry?.merge?.(merged, own), undefined);
    assert.equal(merged && entry?.withdraw?.(merged, own)?.toString(), '10.0.0.1:80\n');
    assert.equal(entry?.withdraw?.(Buffer.from('10.0.0.1:80'), own), undefined);
    const stat = { czxid: 1n, mzxid: 1n, mtime: 0 } as Parameters<
      typeof flatFile.recognise
    >[0]['stat'];
    const node = { path: '/a', data: merged ?? Buffer.of(), stat };
    assert.deepEqual(flatFile.recognise(node), { root: '/', service: 'a' });
    const reading = flatFile.reading({ registry: 'r', root: '/', locality: NO_LOCALITY });
    assert.deepEqual([...reading.put(node)], ['a']);
    assert.deepEqual(
      reading.service('a')?.endpoints.map(({ id, weight, metadata, locality: { zone } }) => ({
        ...{ id, weight, metadata, zone },
      })),
      [
        { id: '10.0.0.1:80', weight: 100, metadata: {}, zone: '' },
        { id: '[fd00::1]:1', weight: 300, metadata: { rack: '7' }, zone: 'z' },
      ],
    );
    assert.deepEqual([...reading.remove('/a')], ['a']);
    assert.equal(reading.service('a'), undefined);
    for (const change of [{ weight: 50 }, { address: 'a b' }, { metadata: { a: 'b c' } }])
      assert.throws(() => flatFile.encode('/', { ...registration, ...change }, 0), {
        code: 'UNWRITABLE',
      });
    assert.throws(() => flatFile.revise(node, {}), { code: 'UNWRITABLE' });
  });
});

describe('a plug-in that can’t be used ends the start, with what is wrong with it', () => {
  const refused = async (plugins: readonly string[], dialect?: string) => {
    const config = configure(plugins, dialect);
    const args = ['control-plane', '--config', config, ...LISTENERS];
    const { code, stderr } = await meshkeeper(args);
    assert.equal(code, 2, stderr);
    return stderr;
  };

  test('all of them at once', async () => {
    write('nothing.ts', 'export const dialect = 1;\n');
    write('half.ts', "export default { name: 'half', defaultRoot: '/half' };\n");
    write('broken.ts', 'export default {\n');
    write('needs.ts', "import 'not-installed-either';\nexport default {};\n");
    const taken = `export { curator as default } from '${import.meta.resolve('@meshkeeper/registries')}';\n`;
    write('taken.ts', taken);
    const names = ['missing', 'nothing', 'half', 'broken', 'needs', 'taken'];
    const stderr = await refused([
      ...names.map((name) => `./${name}.ts`),
      'not-installed',
      PLUGIN,
      PLUGIN,
    ]);
    const says = (plugin: string, why: RegExp) => {
      const line = stderr.split('\n').find((text) => text.includes(`${plugin} can't be used`));
      assert.match(line ?? '', why, stderr);
    };
    says('missing.ts', /: there is no such file$/);
    says('nothing.ts', /: it has no default export$/);
    says('half.ts', /: its default export is no dialect: it must have name, trees, reading,/);
    says('broken.ts', /SyntaxError/);
    says('needs.ts', /Cannot find package 'not-installed-either'/);
    says(
      'taken.ts',
      /: its dialect has the name "curator", as the built-in one has: give it another$/,
    );
    says(
      'not-installed',
      /: no package of that name is installed; a file is named .*\.\/my-dialect\.ts$/,
    );
    says(PLUGIN, /: its dialect has the name "flat-file", as that of .*flat-file\.ts has/);
  });

  test('a dialect that none of them brings, and one that has no root', async () => {
    assert.match(
      await refused([PLUGIN], 'flat'),
      /"files" is of the dialect "flat", which nobody brings: there are .*nerve, .*flat-file/,
    );
    const rootless = `import flat from '${PLUGIN}';
const { defaultRoot, ...others } = flat;
export default { ...others, name: 'rootless' };
`;
    write('rootless.ts', rootless);
    assert.match(
      await refused(['./rootless.ts'], 'rootless'),
      /"files" needs a root: its dialect "rootless" has none of its own/,
    );
  });
});
