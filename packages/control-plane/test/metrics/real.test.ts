import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort, skipWithout, startEnvoy, startZooKeeper, until } from '@meshkeeper/testbed';
import { envoyBootstrap } from '@meshkeeper/xds';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { loadConfig, startControlPlane } from '../../src/index.ts';
import { startDataPlane } from '../data-plane.ts';
import { instance } from '../instance.ts';

/** The samples of the metrics page, by name and labels. */
async function metricsOf(api: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${api}/metrics`)).text();
  const samples = text.matchAll(/^(meshkeeper_\S+) (\S+)$/gm);
  return new Map(Array.from(samples, ([, name, value]) => [name!, Number(value)]));
}

describe('propagation, with a real ZooKeeper', { skip: skipWithout('zookeeper', 'envoy') }, () => {
  let server: Awaited<ReturnType<typeof startZooKeeper>>;
  let zk: ZooKeeper;
  before(async () => {
    server = await startZooKeeper();
    zk = await connect({ connect: server.connect });
    // What is there before anybody watches is no change.
    await zk.create('/discovery/old/one', instance('old', 'one', 1), { parents: true });
  });
  after(async () => {
    await zk?.close();
    await server?.close();
  });

  for (const [clock, skew] of [
    ['set well', 0],
    ['an hour ahead of the ensemble', 3_600_000],
    ['an hour behind it', -3_600_000],
  ] as const)
    test(`from the transaction to the ACK of each data plane; our clock is ${clock}`, async () => {
      const root = `clock${skew}`;
      const flags = {
        zookeeper: { connect: server.connect },
        controlPlane: {
          api: { listen: '127.0.0.1:0' },
          xds: { listen: '127.0.0.1:0' },
          dns: { listen: '127.0.0.1:0' },
        },
      };
      await using plane = await startControlPlane({
        config: await loadConfig({ flags }),
        logger: { debug() {}, info() {}, warn() {} },
        now: () => Date.now() + skew,
      });
      await plane.ready;
      await using _follower = startDataPlane(plane.xds, 'follower');
      const at = plane.xds.lastIndexOf(':');
      await using _envoy = await startEnvoy({
        config: envoyBootstrap({
          xds: { host: plane.xds.slice(0, at), port: Number(plane.xds.slice(at + 1)) },
          node: { id: 'envoy', cluster: 'gateway' },
          gateway: `127.0.0.1:${await freePort()}`,
        }),
      });
      const sample = async (name: string) =>
        (await metricsOf(plane.api)).get(`meshkeeper_${name}`) ?? Number.NaN;
      const count = () => sample('propagation_seconds_count');
      assert.equal(await sample('xds_streams{flavour="envoy"}'), 1);
      assert.equal(await sample('xds_streams{flavour="other"}'), 1);
      const convergence = `${plane.api}/api/v1/convergence?timeout=30s`;
      // Both have what there is, so that what follows is a change to both.
      assert.equal(
        ((await (await fetch(convergence)).json()) as { converged: boolean }).converged,
        true,
      );
      assert.equal(await count(), 0, 'what the first read found is no change');

      const started = performance.now();
      const writes: (() => Promise<unknown>)[] = [
        // Of a new service a data plane asks for the endpoints after it got the cluster.
        () => zk.create(`/discovery/${root}/a`, instance(root, 'a', 1001), { parents: true }),
        () => zk.create(`/discovery/${root}/b`, instance(root, 'b', 1002)),
        () => zk.set(`/discovery/${root}/a`, instance(root, 'a', 1003)),
        () => zk.create('/discovery/old/two', instance('old', 'two', 2)),
      ];
      for (const [i, write] of writes.entries()) {
        await write();
        await until(async () => (await count()) === 2 * (i + 1), {
          message: `both data planes have acknowledged the ${i + 1}. change`,
        });
      }
      const elapsed = (performance.now() - started) / 1000;
      const sum = await sample('propagation_seconds_sum');
      // Each took some time, and no longer than all of this.
      assert.ok(sum > 0 && sum < 2 * writes.length * elapsed, `${sum} s in ${elapsed} s`);
      const pushed = await sample('xds_push_seconds_sum');
      assert.ok(pushed <= sum, 'a push is a part of the way');
      const correction = await sample('registry_clock_skew_seconds{registry="curator"}');
      assert.ok(Math.abs(correction - skew / 1000) < elapsed, `${correction} s`);

      // What goes away leaves no time of its commit behind, but its push is measured.
      const pushes = await sample('xds_push_seconds_count');
      await zk.delete('/discovery/old/two');
      await until(async () => (await sample('xds_push_seconds_count')) === pushes + 2);
      assert.equal(await count(), 2 * writes.length);
    });
});
