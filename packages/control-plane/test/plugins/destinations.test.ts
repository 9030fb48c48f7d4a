import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DestinationPlugin } from '@meshkeeper/mesh';
import { until } from '@meshkeeper/testbed';
import { memoryDestination, Platform, writeModule } from './memory.ts';
import { startPlane } from './plane.ts';
import { anything, bridgeStage, type DestinationsView, dataPlane } from './stage.ts';

const stage = bridgeStage();

test('destinations are listed, each with how far it is', async () => {
  const platforms = new Map([['p', new Platform()]]);
  const fails = {
    ...{ kind: 'destination', name: 'fails', schema: anything },
    open: () => Promise.reject(new Error('nobody is there')),
  } as const;
  const hangs = {
    ...{ kind: 'destination', name: 'hangs', schema: anything },
    open: () => new Promise<never>(() => {}),
  } as const;
  const throws = {
    ...{ kind: 'destination', name: 'throws', schema: anything },
    open: async () =>
      dataPlane('throws', () => {
        throw new Error('full');
      }),
  } as const;
  const slow = {
    ...{ kind: 'destination', name: 'slow', schema: anything },
    open: async () => dataPlane('slow', () => new Promise<never>(() => {})),
  } as const;
  await stage.register('listed', '10.0.1.2');
  await using plane = await startPlane(stage.folder, {
    ...stage.onRegistry(),
    plugins: [
      writeModule(stage.folder, [fails, hangs, throws, slow, memoryDestination(platforms)]),
    ],
    destinations: [
      ...['fails', 'hangs', 'throws', 'slow'].map((kind) => ({ name: kind, kind })),
      { name: 'works', kind: 'memory-copy', platform: 'p' },
    ],
    mirror: [{ to: { dialect: 'spring', root: '/mirrored' } }],
  });
  const list = async () => (await plane.get('/api/v1/destinations')) as DestinationsView;
  await until(() => platforms.get('p')!.services.has('listed'));
  const stateOf = (view: DestinationsView) =>
    Object.fromEntries(
      view.destinations.map(({ name, kind, state }) => [name, `${kind} ${state}`]),
    );
  const wanted = {
    ...{ xds: 'xds applied', dns: 'dns applied', 'catalog-to-spring': 'mirror applied' },
    ...{ fails: 'fails failing', hangs: 'hangs starting', throws: 'throws failing' },
    ...{ slow: 'slow starting', works: 'memory-copy applied' },
  };
  await until(async () => JSON.stringify(stateOf(await list())) === JSON.stringify(wanted));
  const { revision, destinations } = await list();
  const by = new Map(destinations.map((each) => [each.name, each]));
  assert.equal(by.get('works')?.revision, revision);
  assert.equal(by.get('fails')?.message, 'nobody is there');
  assert.equal(by.get('throws')?.message, 'full');
  assert.equal(by.get('catalog-to-spring')?.leads, true);
  const metrics = await (await fetch(`${plane.plane.api}/metrics`)).text();
  const value = (metric: string, name: string) =>
    new RegExp(`^${metric}\\{destination="${name}",kind="[^"]*"\\} (.*)$`, 'm').exec(metrics)?.[1];
  assert.equal(value('meshkeeper_destination_up', 'works'), '1');
  assert.equal(value('meshkeeper_destination_up', 'fails'), '0');
  assert.equal(value('meshkeeper_destination_applied_revision', 'works'), String(revision));
  assert.equal(value('meshkeeper_destination_applied_revision', 'fails'), undefined);
});

test('of all replicas one writes; when it ends, another does', async () => {
  const terms: string[] = [];
  const elected = (replica: string) =>
    ({
      ...{ kind: 'destination', name: 'elected', schema: anything },
      async open(_, { leader, signal }) {
        const following = (async () => {
          for await (const term of leader.changes(signal)) {
            terms.push(`${replica} ${term === undefined ? 'waits' : 'writes'}`);
            term?.addEventListener('abort', () => terms.push(`${replica} has ended`));
          }
        })();
        return { ...dataPlane(replica, () => {}), close: () => following };
      },
    }) satisfies DestinationPlugin;
  const start = (replica: string) =>
    startPlane(stage.folder, {
      ...stage.onRegistry(),
      plugins: [writeModule(stage.folder, [elected(replica)])],
      destinations: [{ name: 'shared', kind: 'elected' }],
    });
  const leads = async (plane: Awaited<ReturnType<typeof start>>) => {
    const { destinations } = (await plane.get('/api/v1/destinations')) as DestinationsView;
    const { state, leads: does } = destinations.find(({ name }) => name === 'shared')!;
    return does === false ? state : does;
  };
  const first = await start('a');
  await until(() => terms.includes('a writes'));
  await using second = await start('b');
  await until(() => terms.includes('b waits'));
  assert.equal(await leads(first), true);
  assert.equal(await leads(second), 'standby');
  assert.ok(!terms.includes('b writes'));
  await first[Symbol.asyncDispose]();
  await until(() => terms.includes('b writes'));
  assert.ok(terms.indexOf('a has ended') < terms.indexOf('b writes'), terms.join());
  await until(async () => (await leads(second)) === true);
});
