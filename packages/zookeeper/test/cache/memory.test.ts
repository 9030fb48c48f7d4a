import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { tempDir } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { connect } from '../../src/index.ts';

const SOAK = process.env.MESHKEEPER_SOAK === '1';
const ZNODES = SOAK ? 100_000 : 20_000;
const DATA = 300;
/** Megabytes resident, of the whole process: Node with a connected client, and each 1,000 znodes. */
const NODE = 90;
const PER_1000 = 0.6;

const shapes = {
  'in 1,000s': (i: number) =>
    `/t/service-${i % (ZNODES / 1000)}/instance-${`${i}`.padStart(10, '0')}`,
  'all in one list': (i: number) => `/t/instance-${`${i}`.padStart(10, '0')}`,
};

/** A Node process with default flags; what it tells, unless it is to end at once. */
async function run(cache: string, args: readonly string[]) {
  const child = fork(new URL('./cache-process.ts', import.meta.url), args, {
    execArgv: ['--conditions=source'],
    // Types are stripped once, as they are from what is published: the stripper takes 30 MB itself.
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  });
  try {
    const ended = once(child, 'exit');
    if (args.length > 0) return (await once(child, 'message'))[0];
    await ended;
  } finally {
    child.kill();
  }
}

for (const [shape, pathOf] of Object.entries(shapes)) {
  test(`${ZNODES} cached znodes of ${DATA} bytes, ${shape}`, { timeout: 600_000 }, async (t) => {
    await using server = await startZooKeeperServer({ port: 0, tickTime: 2000 });
    await using zk = await connect({ connect: server.connect });
    await using dir = await tempDir();
    const data = 'x'.repeat(DATA);
    await zk.create('/t');
    for (let i = 0; i < ZNODES; i += 1000) {
      const made = Array.from({ length: 1000 }, (_, n) =>
        zk.create(pathOf(i + n), data, { parents: true }),
      );
      await Promise.all(made);
    }
    await run(dir.path, []);
    const { size, bare, resident, milliseconds } = await run(dir.path, [server.connect]);
    t.diagnostic(`${size} znodes: ${resident} MB, ${bare} MB before them, ${milliseconds} ms`);
    assert.ok(size >= ZNODES);
    assert.ok(resident < NODE + (ZNODES / 1000) * PER_1000, `${resident} MB resident`);
  });
}
