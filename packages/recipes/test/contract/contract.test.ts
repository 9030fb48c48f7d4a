import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { skipWithout } from '@meshkeeper/testbed';
import { faults } from './faults.ts';
import { sessionsExpireUnderLoad } from './load.ts';
import { Scene } from './scene.ts';
import { systems } from './systems.ts';
import { wallClockSkips } from './wall-clock.ts';

// What the client and the recipes promise on every kind of server, whatever happens to it.
describe('the contract of faults', { skip: skipWithout('zookeeper') }, () => {
  const scenes = new Map<string, Scene>();
  after(() => Promise.all([...scenes.values()].map((scene) => scene.close())));

  // At once, because most of it is waiting for sessions to expire.
  describe('locks, leadership, membership, nodes and caches are kept', {
    concurrency: true,
  }, () => {
    for (const [name, start] of Object.entries(systems))
      describe(`on ${name}`, { concurrency: false }, () => {
        before(async () => {
          const scene = await Scene.set(await start());
          scenes.set(name, scene);
          await scene.isWell();
        });
        for (const [what, fault] of Object.entries(faults))
          test(`when ${what}`, async () => {
            const scene = scenes.get(name)!;
            await scene.letAnnHold();
            await fault(scene);
            await scene.isWell();
          });
      });
  });

  test('the wall clock skips an hour ahead, and back: nothing happens', async (context) => {
    assert.equal(scenes.size, Object.keys(systems).length);
    await Promise.all([...scenes.values()].map((scene) => scene.letAnnHold()));
    await wallClockSkips([...scenes.values()], context);
    await Promise.all([...scenes.values()].map((scene) => scene.isWell()));
  });

  for (const name of Object.keys(systems))
    test(`two hundred sessions expire at once, under load, on ${name}: nothing stays, nothing is lost`, () =>
      sessionsExpireUnderLoad(scenes.get(name)!.system));
});
