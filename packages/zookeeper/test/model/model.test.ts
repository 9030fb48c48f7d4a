import { test } from 'node:test';
import { startZooKeeper } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import fc from 'fast-check';
import { connect } from '../../src/index.ts';
import { commands } from './command.ts';
import { Runner } from './runner.ts';

const SOAK = process.env.MESHKEEPER_SOAK === '1';
const SEED = Number(process.env.MESHKEEPER_SEED ?? 20_262);

const servers = {
  'Apache ZooKeeper': {
    start: () => startZooKeeper({ properties: { 'zookeeper.forceSync': 'no' } }),
    runs: SOAK ? 5_000 : 40,
  },
  'embedded server': {
    start: () => startZooKeeperServer({ port: 0, tickTime: 2000 }),
    runs: SOAK ? 20_000 : 300,
  },
};

for (const [name, { start, runs }] of Object.entries(servers)) {
  test(`${runs} sequences of calls, watches and transactions are as the model says: ${name}`, async () => {
    await using server = await start();
    await using zk = await connect({ connect: server.connect });
    let roots = 0;
    const property = fc.asyncProperty(commands, async (sequence) => {
      const root = `/model-${roots++}`;
      await zk.create(root);
      const runner = new Runner(zk, root);
      for (const command of sequence) await runner.run(command);
      await runner.end();
    });
    await fc.assert(property, { numRuns: runs, seed: SEED });
  });
}
