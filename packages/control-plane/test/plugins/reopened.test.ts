import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { memorySource, onPlatform, Platform, writeModule } from './memory.ts';
import { startPlane } from './plane.ts';
import { bridgeStage } from './stage.ts';

interface ServicesView {
  readonly registries: readonly {
    readonly name: string;
    readonly state: string;
    readonly problems: readonly { readonly message: string }[];
  }[];
}

const stage = bridgeStage();

test('a source that fails is opened again, and what it said is served on', async () => {
  const platforms = new Map([['p', new Platform()]]);
  const platform = platforms.get('p')!;
  platform.set('again', [onPlatform('10.0.2.1:80')]);
  let stop = () => {};
  let refused = 0;
  const memory = memorySource(platforms);
  const breaking = {
    ...memory,
    async open(settings, context) {
      if (context.dataDir !== undefined) assert.equal(basename(context.dataDir), 'breaks');
      assert.match(context.mesh, /^[0-9a-f]{12}$/);
      assert.equal(context.resolve('x/y'), join(stage.folder, 'x/y'));
      if (refused === 1) {
        refused++;
        throw new Error('not now');
      }
      const source = await memory.open(settings, context);
      const ends = new AbortController();
      stop = () => ends.abort();
      return {
        name: source.name,
        get state() {
          return source.state;
        },
        problems: source.problems,
        async *changes(signal) {
          yield* source.changes(AbortSignal.any([signal, ends.signal]));
          throw new Error('cut');
        },
        [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
      };
    },
  } satisfies typeof memory;
  await stage.register('beside', '10.0.1.3');
  await using plane = await startPlane(stage.folder, {
    ...stage.onRegistry(),
    plugins: [writeModule(stage.folder, [breaking])],
    sources: [
      {
        ...{ name: 'breaks', kind: 'memory', platform: 'p', prefix: 'k8s-' },
        locality: { zone: 'z1' },
      },
    ],
  });
  const served = ['10.0.2.1:80 breaks Endpoint 10.0.2.1:80'];
  await until(async () => (await plane.endpoints('k8s-again')).length === 1);
  const shown = async () =>
    ((await plane.get('/api/v1/services')) as ServicesView).registries.find(
      ({ name }) => name === 'breaks',
    );
  assert.equal((await shown())?.state, 'live');
  refused = 1;
  stop();
  await until(async () => (await shown())?.state === 'stale');
  assert.deepEqual(await plane.endpoints('k8s-again'), served);
  assert.match((await shown())?.problems[0]?.message ?? '', /tried again: (cut|not now)/);
  await until(() => refused === 2);
  await until(async () => (await shown())?.state === 'live');
  assert.deepEqual((await shown())?.problems, []);
  platform.set('again', [onPlatform('10.0.2.1:80'), onPlatform('10.0.2.2:80')]);
  await until(async () => (await plane.endpoints('k8s-again')).length === 2);
  const view = (await plane.get('/api/v1/explain/k8s-again')) as object;
  assert.match(JSON.stringify(view), /"path":"Endpoint 10.0.2.1:80","version":"7"/);
  assert.match(JSON.stringify(view), /"zone":"z1"/);
});
