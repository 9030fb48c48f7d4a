import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DIALECTS } from '@meshkeeper/registries';
import { tempDir } from '@meshkeeper/testbed';
import { ControlPlaneError, ensembleOf, loadConfig } from '../src/index.ts';

async function withFile<T>(text: string, run: (file: string) => Promise<T>): Promise<T> {
  await using folder = await tempDir();
  const file = join(folder.path, 'meshkeeper.yaml');
  writeFileSync(file, text);
  return run(file);
}

test('nothing said: everything has a default', async () => {
  const config = await loadConfig({});
  assert.equal(ensembleOf(config), '127.0.0.1:2181');
  assert.equal(config.zookeeper.sessionTimeout, 10_000);
  assert.deepEqual(config.controlPlane.api.listen, { host: '127.0.0.1', port: 7070 });
  assert.deepEqual(
    config.registries.map(({ dialect }) => dialect),
    [...DIALECTS.values()].filter(({ defaultRoot }) => defaultRoot).map(({ name }) => name),
  );
});

test('flags win over the environment, which wins over the file', async () => {
  const text = `
zookeeper: { connect: "file:1", sessionTimeout: 4s }
controlPlane: { api: { listen: "127.0.0.1:1" }, xds: { listen: "[::1]:2" } }
gateway: { listen: "127.0.0.1:3" }
`;
  const config = await withFile(text, (file) =>
    loadConfig({
      file,
      env: { MESHKEEPER_ZOOKEEPER_CONNECT: 'env:1', MESHKEEPER_API_LISTEN: '127.0.0.1:11' },
      flags: { zookeeper: { connect: 'flag:1' } },
    }),
  );
  assert.equal(config.zookeeper.connect, 'flag:1');
  assert.equal(config.zookeeper.sessionTimeout, 4000);
  assert.equal(config.controlPlane.api.listen.port, 11);
  assert.deepEqual(config.controlPlane.xds.listen, { host: '::1', port: 2 });
  assert.equal(config.gateway.listen.port, 3);
});

test('all errors come together, each with file, line and what to write', async () => {
  const text = `zookeeper:
  conect: a
  sessionTimeout: 10 parsecs
registries:
  - { name: a, dialect: curator, root: services }
  - { name: b, dialect: dubo, root: /x }
  - { name: c, dialect: serverset }
controlPlane:
  api: { listen: 0.0.0.0:7070 }
`;
  await withFile(text, async (file) => {
    const env = { MESHKEEPER_GATEWAY_LISTEN: 'nowhere' };
    await assert.rejects(loadConfig({ file, env }), (error) => {
      assert.ok(error instanceof ControlPlaneError && error.code === 'INVALID_CONFIG');
      for (const expected of [
        `${file}:2: zookeeper.conect: there is no such setting: see docs/reference/configuration.md`,
        `${file}:3: zookeeper.sessionTimeout: "10 parsecs" is no duration: write 250ms`,
        `${file}:5: registries.0.root: an absolute path`,
        `${file}:6: registries.1.dialect: "dubo" is no dialect`,
        `${file}:7: registries.2.root: serverset has no root of its own: name the znode`,
        `${file}:9: controlPlane.api.listen: 0.0.0.0 can be reached from other machines`,
        'MESHKEEPER_GATEWAY_LISTEN: gateway.listen: "nowhere" is no address',
      ])
        assert.ok(error.message.includes(expected), `${expected}\nnot in\n${error.message}`);
      return true;
    });
  });
});

test('an ensemble or the embedded server, not both', async () => {
  const text = 'zookeeper: { connect: "a:1", embedded: { dataDir: ./d } }';
  await withFile(text, (file) =>
    assert.rejects(loadConfig({ file }), /:1: zookeeper: choose one of "connect" and "embedded"/),
  );
});

test('two registries of one name, broken YAML, a file that is not there', async () => {
  const twice =
    'registries: [{name: a, dialect: curator, root: /x}, {name: a, dialect: spring, root: /y}]';
  await withFile(twice, (file) => assert.rejects(loadConfig({ file }), /"a" names two registries/));
  await withFile('a: [1', (file) => assert.rejects(loadConfig({ file }), /meshkeeper\.yaml:1: /));
  await assert.rejects(loadConfig({ file: '/nowhere/x.yaml' }), /can't be read/);
});

test('beyond loopback is allowed to those who say so', async () => {
  const flags = { controlPlane: { api: { listen: '0.0.0.0:1', insecure: true } } };
  const config = await loadConfig({ flags });
  assert.equal(config.controlPlane.api.listen.host, '0.0.0.0');
  for (const listen of ['127.0.0.1:1', '127.9.9.9:1', '[::1]:1', 'localhost:1'])
    await loadConfig({ flags: { controlPlane: { api: { listen } } } });
});

test('registries may be of other ensembles, and plug-ins are found from the file on', async () => {
  const text = `
registries:
  - { name: east, dialect: spring, zookeeper: { connect: "east:2181" }, locality: { region: east } }
  - { name: own, dialect: flat, root: /, priority: 5, prefix: own- }
plugins: [ ./dialects/flat.ts, some-package ]
`;
  await withFile(text, async (file) => {
    const { registries, plugins } = await loadConfig({ file });
    assert.deepEqual(registries[0]?.locality, { region: 'east', zone: '', subzone: '' });
    assert.deepEqual([registries[1]?.priority, registries[1]?.prefix], [5, 'own-']);
    assert.deepEqual(plugins, [join(file, '../dialects/flat.ts'), 'some-package']);
  });
});
