import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { memoryDestination, memorySource, onPlatform, Platform, writeModule } from './memory.ts';
import { startPlane } from './plane.ts';
import { bridgeStage } from './stage.ts';

const stage = bridgeStage();
const POLICY = {
  apiVersion: 'meshkeeper.io/v1',
  kind: 'ServicePolicy',
  metadata: { name: 'web' },
  spec: { targetRefs: [{ name: 'web' }], timeouts: { request: '1s' } },
};

interface Applied {
  readonly convergence: {
    readonly converged: boolean;
    readonly destinations: readonly {
      name: string;
      kind: string;
      state: string;
      message?: string;
    }[];
  };
}

test('who waits for policies is told how destinations stand to them, and does not wait for those', async () => {
  const platforms = new Map([
    ['p', new Platform()],
    ['q', new Platform()],
  ]);
  platforms.get('p')!.set('web', [onPlatform('10.0.0.1:80')]);
  await stage.register('files', '10.0.1.1');
  const copy = memoryDestination(platforms);
  const away = {
    ...copy,
    name: 'memory-away',
    open: () => Promise.reject(new Error('nobody is there')),
  };
  await using plane = await startPlane(stage.folder, {
    ...stage.onRegistry(),
    plugins: [writeModule(stage.folder, [memorySource(platforms), copy, away])],
    sources: [{ name: 'source', kind: 'memory', platform: 'p' }],
    destinations: [
      { name: 'copied', kind: 'memory-copy', platform: 'q' },
      { name: 'lost', kind: 'memory-away', platform: 'q' },
    ],
  });
  await until(async () => (await plane.endpoints('web')).length === 1);
  const standing = async () => {
    const response = await fetch(`${plane.plane.api}/api/v1/policies/apply?wait=10s`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(POLICY),
    });
    const { convergence } = (await response.json()) as Applied;
    assert.equal(convergence.converged, true);
    return convergence.destinations;
  };
  const wanted = [
    { name: 'dns', kind: 'dns', state: 'applied' },
    { name: 'copied', kind: 'memory-copy', state: 'applied' },
    { name: 'lost', kind: 'memory-away', state: 'failing' },
  ];
  await until(async () => {
    const found = (await standing()).map(({ name, kind, state }) => ({ name, kind, state }));
    return JSON.stringify(found) === JSON.stringify(wanted);
  });
  assert.match((await standing())[2]?.message ?? '', /nobody is there/);
});
