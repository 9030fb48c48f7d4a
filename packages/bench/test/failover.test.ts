import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGateways } from '../src/failover/gateways.ts';
import { killOne } from '../src/failover/run.ts';
import { Stage } from '../src/failover/stage.ts';

for (const signal of ['check', 'ejection'] as const) {
  test(`by ${signal} alone nobody who tries again notices that an instance was killed`, async () => {
    const abort = new AbortController().signal;
    await using stack = new AsyncDisposableStack();
    const stage = stack.use(await Stage.start());
    const gateways = await startGateways(stage.port, abort);
    for (const gateway of gateways) stack.use(gateway);
    const heartbeats = { follow() {}, async [Symbol.asyncDispose]() {} };
    const scene = { stage, gateways, zookeeper: '', heartbeats };
    const ours = (await killOne(scene, signal, abort)).get('meshkeeper');
    assert.equal(ours?.failedRetried, 0);
    assert(ours.slowest > 0, 'somebody has asked since');
  });
}
