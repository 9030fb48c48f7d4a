import { after, before, describe, test } from 'node:test';
import { skipWithout } from '@meshkeeper/testbed';
import { faults } from './faults.ts';
import { sessionsExpireUnderLoad } from './load.ts';
import { Scene } from './scene.ts';
import type { System } from './system.ts';

/** What the client and the recipes promise on every kind of server, whatever happens to it. */
export function contract(name: string, start: () => Promise<System>): void {
  describe(`the contract of faults on ${name}`, { skip: skipWithout('zookeeper') }, () => {
    let system: System | undefined;
    before(async () => {
      system = await start();
    });
    after(() => system?.close());

    describe('locks, leadership, membership, nodes and caches are kept', () => {
      let scene: Scene | undefined;
      before(async () => {
        scene = await Scene.set(system!);
        await scene.isWell();
      });
      after(() => scene?.close());

      for (const [what, fault] of Object.entries(faults))
        test(`when ${what}`, async (context) => {
          await scene!.takeAnnTo(await system!.leader());
          await scene!.letAnnHold();
          await fault(scene!, context);
          await scene!.isWell();
        });
    });

    test('two hundred sessions that expire at once, under load, leave nothing and lose nothing', () =>
      sessionsExpireUnderLoad(system!));
  });
}
