import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Snapshot } from '@meshkeeper/mesh';
import { freePort, tempDir, until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { loadConfig, startControlPlane } from '../../src/index.ts';
import { policyPath } from '../../src/policies/policy-paths.ts';
import { instance } from '../instance.ts';
import { servicePolicy } from './samples.ts';

const logger = { debug() {}, info() {}, warn() {} };

test('policies are served by a start without ZooKeeper, and what is not known is waited for', async () => {
  await using folder = await tempDir();
  const port = await freePort();
  const disk = { port, dataDir: `${folder.path}/zookeeper`, tickTime: 200 };
  const config = await loadConfig({
    flags: {
      zookeeper: { connect: `127.0.0.1:${port}` },
      controlPlane: {
        api: { listen: '127.0.0.1:0' },
        xds: { listen: '127.0.0.1:0' },
        dns: { listen: '127.0.0.1:0' },
        dataDir: `${folder.path}/data`,
      },
    },
  });
  const start = async () => {
    const snapshots: Snapshot[] = [];
    const onSnapshot = (snapshot: Snapshot) => snapshots.push(snapshot);
    const plane = await startControlPlane({ config, logger, connectTimeout: 2_000, onSnapshot });
    const panic = () => snapshots.at(-1)?.policies.settings('orders')?.panicThreshold;
    return { plane, snapshots, panic, [Symbol.asyncDispose]: () => plane.close() };
  };
  const path = policyPath({ kind: 'ServicePolicy', name: 'orders' });
  const write = async (panicThreshold: number) => {
    await using zk = await connect({ connect: config.zookeeper.connect! });
    const policy = servicePolicy('orders');
    assert.ok(policy.kind === 'ServicePolicy');
    const changed = { ...policy, spec: { ...policy.spec, panicThreshold } };
    const stored = JSON.stringify({ revision: 1, at: 1, policy: changed });
    if ((await zk.exists(path)) === null) await zk.create(path, stored, { parents: true });
    else await zk.set(path, stored);
  };
  {
    await using server = await startZooKeeperServer(disk);
    await using zk = await connect({ connect: server.connect });
    await zk.create('/discovery/orders/one', instance('orders', 'one', 1), { parents: true });
    await write(40);
    await using running = await start();
    await running.plane.ready;
    // Not even the first snapshot is without.
    assert.equal(running.snapshots[0]?.policies.settings('orders')?.panicThreshold, 40);
    await write(30);
    await until(() => running.panic() === 30);
  }
  {
    await using running = await start();
    await running.plane.ready;
    assert.equal(running.panic(), 30);
    assert.equal(running.snapshots.length, 1);
    assert.ok(running.snapshots[0]?.services.has('orders'));
    // What has changed meanwhile comes with ZooKeeper.
    await using _ = await startZooKeeperServer(disk);
    await write(20);
    await until(() => running.panic() === 20);
    assert.deepEqual(
      running.snapshots.map(({ policies }) => policies.settings('orders') === undefined),
      running.snapshots.map(() => false),
    );
  }
  const kept = `${folder.path}/data/policies`;
  assert.deepEqual(readdirSync(kept).sort(), ['policies.last', 'policies.last.before']);
  const damage = (file: string) => {
    const text = readFileSync(`${kept}/${file}`, 'utf8');
    writeFileSync(`${kept}/${file}`, text.replace('panicThreshold', 'panicTreshold'));
  };
  damage('policies.last');
  {
    await using running = await start();
    await running.plane.ready;
    assert.equal(running.panic(), 30); // the file before
  }
  damage('policies.last');
  damage('policies.last.before');
  {
    await using running = await start();
    const ready = async () => (await fetch(`${running.plane.api}/readyz`)).status;
    assert.equal(await ready(), 503);
    assert.equal(running.snapshots.length, 0);
    await using _ = await startZooKeeperServer(disk);
    await running.plane.ready;
    assert.equal(running.snapshots[0]?.policies.settings('orders')?.panicThreshold, 20);
  }
});
