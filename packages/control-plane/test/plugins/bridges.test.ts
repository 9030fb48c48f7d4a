import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { memoryDestination, memorySource, onPlatform, Platform, writeModule } from './memory.ts';
import { startPlane } from './plane.ts';
import { bridgeStage } from './stage.ts';

const stage = bridgeStage();

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
  await stage.register('files', '10.0.1.1');
  await using plane = await startPlane(stage.folder, {
    ...stage.onRegistry(),
    plugins: [writeModule(stage.folder, plugins)],
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

  const [written] = b.services.get('web')!;
  assert.match(written?.metadata['meshkeeper.mirror'] ?? '', /^[0-9a-f]{12}\/to-b\/source-a$/);

  // What is gone where it was registered is gone everywhere: nothing holds itself up.
  a.set('web', [onPlatform('10.0.0.2:80')]);
  await until(() => b.services.get('web')?.[0]?.id === '10.0.0.2:80');
  a.delete('web');
  b.delete('else');
  await until(() => !b.services.has('web') && !a.services.has('else'));
  assert.deepEqual(await plane.endpoints('web'), []);
  assert.deepEqual(await plane.endpoints('else'), []);
});

test('after a restart what was served is served; nothing is written until all is read', async () => {
  const platforms = new Map([
    ['p', new Platform()],
    ['q', new Platform()],
  ]);
  const [p, q] = [platforms.get('p')!, platforms.get('q')!];
  p.set('kept', [onPlatform('10.0.3.1:80')]);
  const path = await stage.register('kept-too', '10.0.1.4');
  const opens = Promise.withResolvers<void>();
  let held = false;
  const memory = memorySource(platforms);
  const holding = {
    ...memory,
    async open(settings, context) {
      if (held) await opens.promise;
      return memory.open(settings, context);
    },
  } satisfies typeof memory;
  const config = {
    ...stage.onRegistry(),
    plugins: [writeModule(stage.folder, [holding, memoryDestination(platforms)])],
    sources: [{ name: 'source', kind: 'memory', platform: 'p' }],
    destinations: [
      { name: 'to-q', kind: 'memory-copy', platform: 'q', from: { services: ['kept*'] } },
    ],
    controlPlane: { dataDir: join(stage.folder, 'data') },
  };
  {
    await using plane = await startPlane(stage.folder, config);
    await until(() => q.services.has('kept') && q.services.has('kept-too'));
    assert.equal((await plane.endpoints('kept')).length, 1);
  }
  // Gone while nobody looked: one is known at once, of the other it isn't known yet.
  await stage.zk.delete(path);
  held = true;
  q.written.length = 0;
  await using plane = await startPlane(stage.folder, config);
  await until(async () => (await plane.endpoints('kept-too')).length === 0);
  assert.deepEqual(await plane.endpoints('kept'), ['10.0.3.1:80 source Endpoint 10.0.3.1:80']);
  assert.deepEqual(q.written, []);
  opens.resolve();
  await until(() => q.written.length > 0);
  assert.deepEqual(q.written, ['added kept']);
});

test('what a source has is mirrored into a dialect as what a registry has', async () => {
  const platforms = new Map([['p', new Platform()]]);
  platforms.get('p')!.set('pods', [onPlatform('10.0.4.1:80')]);
  await using _ = await startPlane(stage.folder, {
    ...stage.onRegistry(),
    plugins: [writeModule(stage.folder, [memorySource(platforms)])],
    sources: [{ name: 'cluster', kind: 'memory', platform: 'p' }],
    mirror: [{ from: { registry: 'cluster' }, to: { dialect: 'curator', root: '/for-curator' } }],
  });
  const written = async () => {
    const stat = await stage.zk.exists('/for-curator/pods');
    return stat === null ? [] : (await stage.zk.children('/for-curator/pods')).children;
  };
  await until(async () => (await written()).length === 1);
  const [name] = await written();
  const { data } = await stage.zk.get(`/for-curator/pods/${name}`);
  const instance = JSON.parse(data.toString()) as { address: string; port: number };
  assert.deepEqual([instance.address, instance.port], ['10.0.4.1', 80]);
});
