/** The state of the world. The title of each test is a line of the checklist in README.md. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ResourceType } from '../../src/index.ts';
import { held, Rig } from './rig.ts';
import { SOTW } from './variants.ts';

const NAMED: readonly ResourceType[] = ['endpoint', 'route', 'secret'];
const WHOLE: readonly ResourceType[] = ['cluster', 'listener'];

let rig: Rig;
before(async () => {
  rig = await Rig.start();
});
after(() => rig[Symbol.asyncDispose]());

for (const variant of SOTW) {
  describe(variant.title, () => {
    for (const type of WHOLE) {
      test(`LDS and CDS return all subscribed resources each time; absence deletes (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b', 'c'] });
        peer.subscribe(type, 'a', 'b');
        assert.equal(held(await peer.accept(type)), 'a b');
        await scene.update(type, 'a', '2');
        assert.equal(held(await peer.accept(type)), 'a b');
        await scene.remove(type, 'b', '3');
        assert.equal(held(await peer.accept(type)), 'a');
      });

      test(`LDS and CDS: an empty response deletes everything (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a'] });
        peer.wildcard(type);
        await peer.accept(type);
        await scene.remove(type, 'a', '2');
        const empty = await peer.accept(type);
        assert.deepEqual([held(empty), empty.version], ['', '2']);
      });

      test(`legacy wildcard lasts while every request was empty; afterwards empty means none (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b'] });
        peer.send(type, {});
        const all = await peer.next(type);
        assert.equal(held(all), 'a b');
        peer.ack(all, { resourceNames: ['a'] });
        const one = await peer.next(type);
        assert.equal(held(one), 'a');
        peer.ack(one, { resourceNames: [] });
        await scene.update(type, 'a', '2');
        // Had it been sent, that would be the next response.
        assert.ok(!(await scene.quiet(type)).names.includes('a'));
      });
    }

    for (const type of NAMED) {
      test(`RDS, EDS and SDS send only what changed (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b'] });
        peer.subscribe(type, 'a', 'b');
        assert.equal(held(await peer.accept(type)), 'a b');
        await scene.update(type, 'b', '2');
        assert.equal(held(await peer.accept(type)), 'b');
      });

      test(`RDS, EDS and SDS: a removal is not told, and what comes back is sent (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b'] });
        peer.subscribe(type, 'a', 'b');
        await peer.accept(type);
        await scene.remove(type, 'b', '2');
        await scene.quiet(type);
        await scene.add(type, 'b', '1');
        assert.equal(held(await peer.accept(type)), 'b');
      });

      test(`a reconnection (no nonce, but a version) is always answered (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a'] });
        peer.send(type, { resourceNames: ['a'], versionInfo: '1' });
        assert.equal(held(await peer.next(type)), 'a');
      });
    }

    for (const type of [...WHOLE, ...NAMED]) {
      test(`a request with a stale nonce is not answered (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b', 'c'] });
        peer.subscribe(type, 'a');
        const old = await peer.accept(type);
        await scene.update(type, 'a', '2');
        const current = await peer.next(type);
        peer.send(type, { responseNonce: old.nonce, versionInfo: '1', resourceNames: ['a', 'b'] });
        peer.ack(current, { resourceNames: ['a', 'c'] });
        const reply = await peer.next(type);
        assert.ok(reply.names.includes('c') && !reply.names.includes('b'), held(reply));
      });

      test(`a newly named resource is sent at an unchanged version (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b'] });
        peer.subscribe(type, 'a', 'b');
        await peer.accept(type);
        peer.unsubscribe(type, 'b');
        peer.subscribe(type, 'b');
        const reply = await peer.accept(type);
        assert.ok(reply.names.includes('b'));
        assert.equal(reply.version, '1');
      });

      test(`who unsubscribes from some is sent only the others (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b', 'c'] });
        peer.subscribe(type, 'a', 'b', 'c');
        await peer.accept(type);
        peer.unsubscribe(type, 'b', 'c');
        // The server has seen that once it answers what was asked after it.
        const synced = await scene.quiet(type);
        await scene.update(type, 'c', '2');
        await scene.update(type, 'a', '3');
        const reply = await peer.accept(type);
        const whole = WHOLE.includes(type);
        assert.equal(held(reply), whole ? held(synced) : 'a');
        assert.ok(!reply.names.includes('c'));
      });

      test(`who unsubscribes from all is sent nothing (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b'] });
        peer.subscribe(type, 'a', 'b');
        await peer.accept(type);
        peer.unsubscribe(type, 'a', 'b');
        await scene.quiet(type);
        await scene.update(type, 'a', '2');
        assert.ok(!(await scene.quiet(type)).names.includes('a'));
      });
    }
  });
}
