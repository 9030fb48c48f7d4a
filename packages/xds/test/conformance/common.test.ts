/** What is common to all variants. The title of each test is a line of the checklist in README.md. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, credentials, status } from '@grpc/grpc-js';
import { formatHostPort, type ResourceType } from '../../src/index.ts';
import { held, Rig } from './rig.ts';
import { FETCH_PATHS, VARIANTS } from './variants.ts';

const NAMED: readonly ResourceType[] = ['endpoint', 'route', 'secret'];
const WHOLE: readonly ResourceType[] = ['cluster', 'listener'];
const ALL: readonly ResourceType[] = [...WHOLE, ...NAMED];

let rig: Rig;
before(async () => {
  rig = await Rig.start();
});
after(() => rig[Symbol.asyncDispose]());

for (const variant of VARIANTS) {
  const { incremental } = variant;

  describe(`common: ${variant.title}`, () => {
    test('node is guaranteed only on the first request of a stream: it is kept', async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await scene.set('1', { endpoint: ['a', 'b'] });
      peer.subscribe('endpoint', 'a');
      await peer.accept('endpoint');
      peer.subscribe('endpoint', 'b');
      assert.equal(held(await peer.accept('endpoint')), 'b', 'served what its node is served');
    });

    test('nonces are valid per stream: one of another stream judges nothing', async () => {
      using scene = rig.connect(variant);
      using other = scene.again();
      const { peer } = scene;
      await scene.set('1', { endpoint: ['a', 'b'] });
      other.subscribe('endpoint', 'a');
      await other.accept('endpoint');
      // Makes the nonces of the two differ.
      other.subscribe('endpoint', 'b');
      const foreign = await other.accept('endpoint');
      peer.subscribe('endpoint', 'a');
      const own = await peer.next('endpoint');
      assert.notEqual(own.nonce, foreign.nonce);
      peer.nack({ ...own, nonce: foreign.nonce });
      peer.ack(own);
      await scene.update('endpoint', 'a', '2');
      assert.equal(held(await peer.accept('endpoint')), 'a');
    });

    test('versions are per type and belong to the resources', async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await scene.set('1', { endpoint: ['a', 'b'], route: ['a'] });
      peer.subscribe('route', 'a');
      peer.subscribe('endpoint', 'a', 'b');
      assert.equal((await peer.accept('endpoint')).version, '1');
      assert.equal((await peer.accept('route')).version, '1');
      await scene.update('endpoint', 'a', '2');
      const changed = await peer.accept('endpoint');
      assert.equal(changed.version, '2');
      if (incremental) assert.deepEqual(changed.versions, { a: '2' });
      await scene.update('route', 'a', '7');
      assert.equal((await peer.accept('route')).version, '7');
    });

    test('a NACK is known by error_detail alone', async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await scene.set('1', { cluster: ['a'] });
      peer.subscribe('cluster', 'a');
      await peer.accept('cluster');
      await scene.update('cluster', 'a', '2');
      const bad = await peer.next('cluster');
      // As grpc-js does: the version is the new one although it is rejected.
      peer.nack(bad, 'bad a', incremental ? {} : { versionInfo: bad.version });
      await scene.quiet('cluster');
      await scene.update('cluster', 'a', '3');
      assert.ok((await peer.accept('cluster')).names.includes('a'));
    });

    test('resource_names in a NACK count too, and an error repeated with them is none', async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await scene.set('1', { endpoint: ['a', 'b', 'c'] });
      peer.subscribe('endpoint', 'a');
      const bad = await peer.next('endpoint');
      for (const [name, names] of [
        ['b', ['a', 'b']],
        ['c', ['a', 'b', 'c']],
      ] as const) {
        const asked = incremental ? { resourceNamesSubscribe: [name] } : { resourceNames: names };
        peer.nack(bad, 'bad a', asked as object);
        const reply = await peer.next('endpoint');
        assert.equal(held(reply), name, 'and the rejected one is not sent again');
        if (!incremental) bad satisfies typeof reply;
        Object.assign(bad, { nonce: reply.nonce });
      }
    });

    for (const type of ALL) {
      test(`send on change only; never answer a plain ACK (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b'] });
        peer.subscribe(type, 'a');
        assert.equal(held(await peer.accept(type)), 'a');
        await scene.update(type, 'b', '2');
        await scene.quiet(type);
        await scene.update(type, 'a', '1');
        await scene.quiet(type);
        assert.deepEqual(peer.unread, []);
      });
    }

    test('never put a name twice in one response', async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await scene.set('1', { cluster: ['a', 'b'] });
      peer.subscribe('cluster', '*', 'a');
      const reply = await peer.accept('cluster');
      assert.deepEqual([...reply.names].sort(), ['a', 'b']);
    });

    for (const type of ALL) {
      test(`never resend the same bad resource after a NACK (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b'] });
        peer.subscribe(type, 'a', 'b');
        await peer.accept(type);
        await scene.update(type, 'b', '2');
        peer.nack(await peer.next(type));
        await scene.quiet(type);
        await scene.update(type, 'a', '3');
        const other = await peer.accept(type);
        assert.ok(other.names.includes('a'));
        if (incremental) assert.equal(other.versions.b, undefined);
        await scene.update(type, 'b', '4');
        assert.ok((await peer.accept(type)).names.includes('b'), 'a new version is another try');
      });
    }

    for (const type of ALL) {
      test(`subscriptions to missing names are remembered and pushed when they appear (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a'] });
        peer.subscribe(type, 'a', 'late');
        const first = await peer.accept(type);
        assert.equal(held(first), incremental ? 'a -late' : 'a');
        await scene.add(type, 'late', '2');
        const reply = await peer.accept(type);
        const whole = !incremental && WHOLE.includes(type);
        assert.equal(held(reply), whole ? 'a late' : 'late');
        assert.equal(reply.version, '2');
      });
    }

    for (const type of WHOLE) {
      test(`legacy wildcard: a request without names means all (${type})`, async () => {
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [type]: ['a', 'b'] });
        peer.wildcard(type);
        assert.equal(held(await peer.accept(type)), 'a b');
        await scene.add(type, 'c', '2');
        assert.equal(held(await peer.accept(type)), incremental ? 'c' : 'a b c');
      });

      test(`legacy wildcard: is answered although there is nothing (${type})`, async () => {
        using scene = rig.connect(variant);
        scene.peer.wildcard(type);
        assert.equal(held(await scene.peer.accept(type)), '');
      });
    }

    for (const type of NAMED) {
      test(`legacy wildcard is of listeners and clusters only (${type})`, async () => {
        using scene = rig.connect(variant);
        await scene.set('1', { [type]: ['a'] });
        scene.peer.send(type, {});
        assert.ok(!(await scene.quiet(type)).names.includes('a'));
      });
    }

    test('legacy wildcard is off for gRPC, the explicit one is not', async () => {
      using scene = rig.connect(variant, { userAgentName: 'gRPC Node Pure JS' });
      const { peer } = scene;
      await scene.set('1', { cluster: ['a'] });
      peer.send('cluster', {});
      if (!incremental) assert.equal(held(await peer.accept('cluster')), '');
      peer.subscribe('cluster', '*');
      assert.equal(held(await peer.accept('cluster')), 'a');
    });
  });
}

test('the Fetch methods are not implemented, and say so', async () => {
  const client = new Client(formatHostPort(rig.server.xds), credentials.createInsecure());
  const asIs = (bytes: Buffer) => bytes;
  for (const path of FETCH_PATHS) {
    const code = await new Promise((resolve) => {
      client.makeUnaryRequest(path, asIs, asIs, Buffer.alloc(0), (error) => resolve(error?.code));
    });
    assert.equal(code, status.UNIMPLEMENTED, path);
  }
  client.close();
});
