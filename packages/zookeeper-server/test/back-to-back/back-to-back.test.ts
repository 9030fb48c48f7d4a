import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type ZooKeeperServer as Original, skipWithout, startZooKeeper } from '@meshkeeper/testbed';
import fc from 'fast-check';
import { startZooKeeperServer, type ZooKeeperServer } from '../../src/index.ts';
import { sequence } from './sequence.ts';
import type { Step } from './step.ts';
import { transcript } from './transcript.ts';

const SEQUENCES = Number(process.env.MESHKEEPER_SEQUENCES ?? 1_000);
const SEED = Number(process.env.MESHKEEPER_SEED ?? 20_260);
/** Sequences under way at a time: each has a root and sessions of its own. */
const BESIDE = 12;

let original: Original;
let ours: ZooKeeperServer;
let roots = 0;

const skip = skipWithout('zookeeper');

before(async () => {
  if (skip) return;
  original = await startZooKeeper({
    tickTime: 2_000,
    config: { forceSync: 'no', snapCount: 1_000_000, preAllocSize: 1_024 },
    properties: { 'znode.container.checkIntervalMs': 3_600_000, 'zookeeper.forceSync': 'no' },
  });
  ours = await startZooKeeperServer({ port: 0 });
});

after(async () => {
  await ours?.close();
  await original?.close();
});

async function compare(steps: readonly Step[]) {
  roots++;
  const root = `/r${roots}/t`;
  const [theirs, own] = await Promise.all([
    transcript(original.port, root, steps),
    transcript(ours.address.port, root, steps),
  ]);
  return { same: isDeepStrictEqual(theirs, own), theirs, own };
}

/** The step without one of its parts, for each part. */
function lesser(step: Step): Step[] {
  if (step.op !== 'multi' && step.op !== 'multiRead') return [];
  return step.parts.map((_, i) => ({ ...step, parts: step.parts.filter((_, at) => at !== i) }));
}

/** Leaves steps, and parts of steps, out as long as the servers still differ. */
async function shrink(steps: readonly Step[]): Promise<readonly Step[]> {
  for (let i = steps.length - 1; i >= 0; i--)
    for (const instead of [[], ...lesser(steps[i]!).map((step) => [step])]) {
      const fewer = steps.toSpliced(i, 1, ...instead);
      if (!(await compare(fewer)).same) return shrink(fewer);
    }
  return steps;
}

test(`${SEQUENCES} random sequences of three sessions answer as the original`, {
  skip,
}, async (t) => {
  const samples = fc.sample(sequence, { numRuns: SEQUENCES, seed: SEED });
  let requests = 0;
  let different: readonly Step[] | undefined;
  const queue = samples.values();
  const workers = Array.from({ length: BESIDE }, async () => {
    for (const sample of queue) {
      if (different) return;
      requests += sample.length;
      if (!(await compare(sample)).same) different ??= sample;
    }
  });
  await Promise.all(workers);
  if (different) {
    const least = await shrink(different);
    const { own, theirs } = await compare(least);
    assert.deepEqual(own, theirs, `after ${JSON.stringify(least, stringify)}`);
    assert.fail(`not every time, after ${JSON.stringify(least, stringify)}`);
  }
  t.diagnostic(`${requests} requests compared, seed ${SEED}`);
});

function stringify(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
