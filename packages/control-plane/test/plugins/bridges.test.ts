import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { curator } from '@meshkeeper/registries';
import { type TempDir, tempDir, until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { memoryDestination, memorySource, onPlatform, Platform, writeModule } from './memory.ts';
import { startPlane } from './plane.ts';

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

async function register(service: string, address: string): Promise<string> {
  const registration = { service, address, port: 80, id: address };
  const [entry] = curator.encode('/r', registration, Date.now());
  await zk.create(entry!.path, entry!.data, { parents: true });
  return entry!.path;
}

test('what goes out by one bridge and is read by another never comes back', async () => {
  const platforms = new Map([
    ['a', new Platform()],
    ['b', new Platform()],
  ]);
  const [a, b] = [platforms.get('a')!, platforms.get('b')!];
  const plugins = [memorySource(platforms), memoryDestination(platforms)];
  a.set('web', [onPlatform('10.0.0.1:80')]);
  const own = onPlatform('10.0.0.9:80');
  b.set('else', [own]);
  await register('files', '10.0.1.1');
  await using plane = await startPlane(folder.path, {
    zookeeper: { connect: server.connect },
    registries: [{ name: 'r', dialect: 'curator', root: '/r' }],
    plugins: [writeModule(folder.path, plugins)],
    sources: [
      { name: 'source-a', kind: 'memory', platform: 'a' },
      { name: 'source-b', kind: 'memory', platform: 'b' },
    ],
    destinations: [
      { name: 'to-a', kind: 'memory-copy', platform: 'a', from: { registry: 'source-b' } },
      { name: 'to-b', kind: 'memory-copy', platform: 'b', from: { services: ['web', 'files'] } },
    ],
  });
  await until(() => ['web', 'files'].every((name) => b.services.has(name)));
  await until(() => a.services.has('else'));
  assert.deepEqual(await plane.endpoints('web'), ['10.0.0.1:80 source-a Endpoint 10.0.0.1:80']);
  assert.deepEqual(await plane.endpoints('else'), ['10.0.0.9:80 source-b Endpoint 10.0.0.9:80']);

  // What is in the loop goes when it is gone where it was registered, and nowhere holds itself up.
  a.set('web', [onPlatform('10.0.0.1:80'), onPlatform('10.0.0.2:80')]);
  await until(() => b.services.get('web')?.length === 2);
  b.set('else', []);
  await until(
    async () =>
      (await plane.endpoints('else')).length === 0 || a.services.get('else')?.length !== 0,
  );
  const [written] = b.services.get('web')!;
  assert.match(written?.metadata['meshkeeper.mirror'] ?? '', /^[0-9a-f]{12}\/to-b\/source-a$/);
});
