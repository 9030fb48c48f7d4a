import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { skipWithout, startZooKeeper, type ZooKeeperServer } from '@meshkeeper/testbed';
import { CONTENDERS, type Result, type Step } from '../src/locks/protocol.ts';
import { subjects } from '../src/locks/subjects.ts';
import { LineProcess } from '../src/process/line-process.ts';

let server: ZooKeeperServer;
before(async () => {
  server = await startZooKeeper();
});
after(() => server.close());

const needs = { meshkeeper: [], curator: ['curator'], kazoo: ['kazoo'] } as const;

for (const [name, components] of Object.entries(needs))
  test(`${name} acquires alone, and hands over among all`, {
    skip: skipWithout(...components),
  }, async () => {
    const { signal } = new AbortController();
    await using subject = await LineProcess.start(name, subjects[name]!(server.connect)!, signal);
    const ask = (step: Step) => subject.ask<Result>(step);
    const alone = await ask({ operation: 'alone', count: 20 });
    assert.ok(alone.seconds > 0);
    assert.deepEqual(alone.handOvers, []);
    const { handOvers } = await ask({ operation: 'queue', count: 40 });
    // Those who wait when the last one is counted have it still, and nobody takes over from nobody.
    assert.ok(handOvers.length >= 39 && handOvers.length < 39 + CONTENDERS);
    assert.ok(handOvers.every((time) => time > 0));
  });

test('a process that ends before it is ready is an error', async () => {
  const command = { command: process.execPath, args: ['-e', ''] };
  const { signal } = new AbortController();
  await assert.rejects(LineProcess.start('nobody', command, signal), /nobody has ended/);
});
