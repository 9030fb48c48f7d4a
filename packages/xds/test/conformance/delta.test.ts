/** Increments. The title of each test is a line of the checklist in README.md. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ResourceType } from '../../src/index.ts';
import { held, Rig } from './rig.ts';
import { DELTA } from './variants.ts';

const TYPES: readonly ResourceType[] = ['cluster', 'endpoint', 'listener', 'route', 'secret'];

let rig: Rig;
before(async () => {
  rig = await Rig.start();
});
after(() => rig[Symbol.asyncDispose]());

for (const variant of DELTA) {
  describe(variant.title, () => {
    for (const type of TYPES) {
      test(`a stale nonce must not void subscription changes (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b', 'c'] });
        peer.subscribe(type, 'a', 'c');
        const old = await peer.accept(type);
        await scene.update(type, 'a', '2');
        const current = await peer.next(type);
        peer.send(type, {
          responseNonce: old.nonce,
          resourceNamesSubscribe: ['b'],
          resourceNamesUnsubscribe: ['c'],
        });
        assert.equal(held(await peer.accept(type)), 'b');
        peer.ack(current);
        await scene.update(type, 'c', '3');
        assert.ok(!(await scene.quiet(type)).names.includes('c'));
      });

      test(`re-subscribed names are always sent again (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b'] });
        peer.subscribe(type, 'a', 'b');
        await peer.accept(type);
        peer.subscribe(type, 'a');
        assert.equal(held(await peer.accept(type)), 'a');
      });

      test(`non-existent names go into removed_resources (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a'] });
        peer.subscribe(type, 'a', 'none');
        assert.equal(held(await peer.accept(type)), 'a -none');
      });

      test(`what is removed is named, and sent when it comes back (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b'] });
        peer.subscribe(type, 'a', 'b');
        await peer.accept(type);
        await scene.remove(type, 'b', '2');
        assert.equal(held(await peer.accept(type)), '-b');
        await scene.add(type, 'b', '3');
        const back = await peer.accept(type);
        assert.deepEqual([held(back), back.versions], ['b', { b: '3' }]);
      });

      test(`state is seeded from initial_resource_versions; what no longer exists is removed (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('2', { [type]: ['same', 'changed', 'fresh'] });
        peer.send(type, {
          resourceNamesSubscribe: ['same', 'changed', 'fresh', 'gone'],
          initialResourceVersions: { same: '2', changed: '1', gone: '1' },
        });
        const upserts = await peer.accept(type);
        const replies = upserts.removed.length > 0 ? [upserts] : [upserts, await peer.accept(type)];
        assert.deepEqual([...upserts.names].sort(), ['changed', 'fresh']);
        assert.deepEqual(
          replies.flatMap(({ removed }) => removed),
          ['gone'],
        );
      });

      test(`who unsubscribes is sent no more (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b'] });
        peer.subscribe(type, 'a', 'b');
        await peer.accept(type);
        peer.unsubscribe(type, 'b');
        // The server has seen that once it answers what was asked after it.
        await scene.quiet(type);
        await scene.update(type, 'b', '2');
        await scene.quiet(type);
        peer.unsubscribe(type, 'a');
        await scene.quiet(type);
        await scene.update(type, 'a', '3');
        await scene.quiet(type);
      });

      test(`a change is sent alone (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b', 'c'] });
        peer.subscribe(type, 'a', 'b', 'c');
        const first = await peer.accept(type);
        await scene.update(type, 'a', '2');
        const second = await peer.accept(type);
        assert.deepEqual([held(second), second.versions], ['a', { a: '2' }]);
        assert.notEqual(second.nonce, first.nonce);
      });
    }

    test('a wildcard on a new stream with what was had before is sent what differs', async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await scene.set('2', { cluster: ['same', 'changed'] });
      peer.send('cluster', { initialResourceVersions: { same: '2', changed: '1', gone: '1' } });
      assert.equal(held(await peer.accept('cluster')), 'changed');
      assert.equal(held(await peer.accept('cluster')), '-gone');
    });

    test('unsubscribing a name while a wildcard is active requires a response', async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await scene.set('1', { cluster: ['a', 'b'] });
      peer.subscribe('cluster', '*', 'a', 'none');
      await peer.accept('cluster');
      peer.unsubscribe('cluster', 'a', 'none');
      assert.equal(held(await peer.accept('cluster')), 'a -none');
    });

    test('a wildcard ends with the unsubscription of *', async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await scene.set('1', { cluster: ['a', 'b'] });
      peer.send('cluster', {});
      await peer.accept('cluster');
      peer.subscribe('cluster', 'a');
      await peer.accept('cluster');
      peer.unsubscribe('cluster', '*');
      peer.subscribe('cluster', 'none');
      await peer.accept('cluster');
      await scene.update('cluster', 'b', '2');
      await scene.update('cluster', 'a', '3');
      assert.equal(held(await peer.accept('cluster')), 'a');
    });

    test('clusters can be asked for on demand, beside others', async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await scene.set('1', { cluster: ['a', 'b'] });
      peer.subscribe('cluster', 'a');
      await peer.accept('cluster');
      peer.subscribe('cluster', 'b');
      assert.equal(held(await peer.accept('cluster')), 'b');
      peer.subscribe('cluster', 'none');
      assert.equal(held(await peer.accept('cluster')), '-none');
    });
  });
}
