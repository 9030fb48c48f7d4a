/**
 * Order, warming, and the bugs of home-made control planes. The title of each test is a line of the
 * checklist in the README.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { startXdsServer } from '../../src/index.ts';
import { Catalog, service } from '../fixture.ts';
import { Peer } from './peer.ts';
import { held, Rig, type Scene } from './rig.ts';
import { AGGREGATED, VARIANTS } from './variants.ts';

const listen = { host: '127.0.0.1', port: 0 };

let rig: Rig;
before(async () => {
  rig = await Rig.start();
});
after(() => rig[Symbol.asyncDispose]());

/** A client that has a service, with all that leads there. */
async function served(scene: Scene): Promise<void> {
  const { peer } = scene;
  await scene.set('1', { cluster: ['a'], endpoint: ['a'], listener: ['l'], route: ['r'] });
  peer.subscribe('cluster', '*');
  peer.subscribe('endpoint', 'a');
  peer.subscribe('listener', '*');
  peer.subscribe('route', 'r');
  for (const type of ['cluster', 'endpoint', 'listener', 'route'] as const) await peer.accept(type);
}

for (const variant of AGGREGATED) {
  const { incremental } = variant;

  describe(`order: ${variant.title}`, () => {
    test('upserts go CDS, EDS, LDS, RDS', async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await served(scene);
      // The end of CDS's and LDS's would come first, were anything removed.
      await scene.set('2', { cluster: ['a'], endpoint: ['a'], listener: ['l'], route: ['r'] });
      const replies = await peer.order(4);
      assert.deepEqual(
        replies.map(({ type }) => type),
        ['cluster', 'endpoint', 'listener', 'route'],
      );
    });

    test('upserts and removals are split, and removals go the other way', async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await served(scene);
      await scene.set('2', { cluster: ['b'], endpoint: ['b'], listener: ['m'], route: ['r'] });
      const replies = await peer.order(incremental ? 6 : 5);
      const told = replies.map((reply) => `${reply.type}: ${held(reply)}`);
      assert.deepEqual(
        told,
        incremental
          ? ['cluster: b', 'listener: m', 'route: r', 'listener: -l', 'endpoint: -a', 'cluster: -a']
          : ['cluster: a b', 'listener: l m', 'route: r', 'listener: m', 'cluster: b'],
      );
    });

    test('EDS is not gated on unrelated pending ACKs', async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await served(scene);
      await scene.add('endpoint', 'b', '1');
      peer.subscribe('endpoint', 'b');
      await peer.accept('endpoint');
      // Nobody accepts the clusters, nor the endpoints of the one service.
      await scene.add('cluster', 'c', '2');
      await peer.next('cluster');
      await scene.update('endpoint', 'b', '2');
      assert.equal(held(await peer.next('endpoint')), 'b');
      await scene.update('endpoint', 'a', '3');
      assert.equal(held(await peer.next('endpoint')), 'a');
    });

    test('every changed cluster needs EDS sent again even if unchanged', async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await served(scene);
      await scene.update('cluster', 'a', '2');
      const replies = await peer.order(2);
      assert.deepEqual(
        replies.map((reply) => `${reply.type}: ${held(reply)}`),
        ['cluster: a', 'endpoint: a'],
      );
      assert.equal(replies[1]?.version, '1', 'the endpoints did not change');
    });
  });
}

for (const variant of AGGREGATED.filter(({ incremental }) => incremental)) {
  test(`EDS is sent after a CDS request that is answered with the cluster (${variant.title})`, async () => {
    using scene = rig.connect(variant);
    const { peer } = scene;
    await served(scene);
    peer.subscribe('cluster', 'a');
    const replies = await peer.order(2);
    assert.deepEqual(
      replies.map((reply) => `${reply.type}: ${held(reply)}`),
      ['cluster: a', 'endpoint: a'],
    );
  });
}

for (const variant of VARIANTS) {
  const { incremental } = variant;

  describe(`of the catalog: ${variant.title}`, () => {
    test('a known service with no instances gets an explicit empty assignment, never silence', async () => {
      await using server = await startXdsServer({ listen });
      server.update(...new Catalog().put(service('empty', [])));
      using peer = new Peer(server.address, variant, { id: 'p' });
      peer.subscribe('endpoint', 'empty');
      assert.equal(held(await peer.accept('endpoint')), 'empty');
    });

    test('no TTL, whether or not the node advertises xds.config.supports-resource-ttl', async () => {
      for (const clientFeatures of [[], ['xds.config.supports-resource-ttl']]) {
        using scene = rig.connect(variant, { clientFeatures });
        await scene.set('1', { cluster: ['a'] });
        scene.peer.subscribe('cluster', 'a');
        assert.equal((await scene.peer.accept('cluster')).hasTtl, false);
      }
    });

    test('no ADS silence when names in the snapshot were not requested', async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await scene.set('1', { endpoint: ['a', 'nobody-asks-for-it'] });
      peer.subscribe('endpoint', 'a');
      assert.equal(held(await peer.accept('endpoint')), 'a');
    });

    test('one invalid item does not poison every update, and its NACK is seen', async () => {
      const rejected: string[] = [];
      await using server = await startXdsServer({
        listen,
        debounce: { quiet: 1, max: 1 },
        observer: { nacked: ({ message }) => rejected.push(message) },
      });
      const catalog = new Catalog();
      server.update(...catalog.put(service('shop', [1])));
      using peer = new Peer(server.address, variant, { id: 'p' });
      peer.subscribe('cluster', '*');
      await peer.accept('cluster');
      server.update(...catalog.put(service('bad', [1])));
      peer.nack(await peer.next('cluster'), 'bad: not so');
      await until(() => server.proxies()[0]?.types[0]?.state === 'rejected', {});
      assert.deepEqual(rejected, ['bad: not so']);
      server.update(...catalog.put(service('cart', [1])));
      const next = await peer.accept('cluster');
      assert.equal(held(next), incremental ? 'cart' : 'cart shop');
      assert.equal(server.proxies()[0]?.types[0]?.lastNack?.message, 'bad: not so');
    });

    test('versions are the same at every replica for the same content, and differ for another', async () => {
      const versions: string[] = [];
      for (const ports of [[1], [1], [2]]) {
        await using server = await startXdsServer({ listen });
        server.update(...new Catalog().put(service('shop', ports)));
        using peer = new Peer(server.address, variant, { id: 'p' });
        peer.subscribe('endpoint', 'shop');
        const { version, versions: each } = await peer.accept('endpoint');
        versions.push(incremental ? (each.shop ?? '') : version);
      }
      assert.equal(versions[0], versions[1]);
      assert.notEqual(versions[0], versions[2]);
    });

    test('nothing is served before the first sync', async () => {
      await using server = await startXdsServer({ listen });
      using peer = new Peer(server.address, variant, { id: 'p' });
      peer.wildcard('cluster');
      await until(() => server.proxies().length === 1, {});
      assert.equal(server.proxies()[0]?.types[0]?.sentNonce, '');
      server.update(...new Catalog().put(service('shop', [1])));
      assert.equal(held(await peer.accept('cluster')), 'shop', 'the first that it hears');
    });

    test('no snapshots per node: nodes that see the same are sent the same bytes', async () => {
      await using server = await startXdsServer({ listen });
      server.update(...new Catalog().put(service('shop', [1])));
      using one = new Peer(server.address, variant, { id: 'one' });
      using other = new Peer(server.address, variant, { id: 'other' });
      const [first, second] = await Promise.all(
        [one, other].map((peer) => {
          peer.subscribe('endpoint', 'shop');
          return peer.accept('endpoint');
        }),
      );
      assert.deepEqual(first?.bytes, second?.bytes);
    });
  });
}
