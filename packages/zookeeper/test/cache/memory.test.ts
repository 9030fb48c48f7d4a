import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { connect } from '../../src/index.ts';

const SOAK = process.env.MESHKEEPER_SOAK === '1';
const ZNODES = SOAK ? 100_000 : 20_000;
const DATA = 300;
/** Megabytes: what the process grows by, and the heap of each 1,000 znodes beside what is there anyway. */
const RESIDENT = 150;
const HEAP_PER_1000 = 0.75;

test(`${ZNODES} cached znodes of ${DATA} bytes`, { timeout: 600_000 }, async (t) => {
  await using server = await startZooKeeperServer({ port: 0, tickTime: 2000 });
  await using zk = await connect({ connect: server.connect });
  await zk.create('/t');
  const data = 'x'.repeat(DATA);
  for (let i = 0; i < ZNODES; i += 1000) {
    await zk.create(`/t/service-${i / 1000}`, data);
    const made = Array.from({ length: 999 }, (_, n) =>
      zk.create(`/t/service-${i / 1000}/instance-${`${i + n}`.padStart(10, '0')}`, data),
    );
    await Promise.all(made);
  }
  const child = fork(new URL('./cache-process.ts', import.meta.url), [server.connect], {
    // By default V8 keeps up to 100 MB of young generation beside what is alive.
    execArgv: ['--conditions=source', '--expose-gc', '--max-semi-space-size=2'],
  });
  const [figures] = await once(child, 'message');
  child.kill();
  const { size, heap, resident, milliseconds } = figures;
  t.diagnostic(`${size} znodes, heap ${heap} MB, resident +${resident} MB, ${milliseconds} ms`);
  assert.equal(size, ZNODES + 1);
  assert.ok(heap < 8 + (ZNODES / 1000) * HEAP_PER_1000, `${heap} MB of heap`);
  assert.ok(resident < RESIDENT, `${resident} MB more resident`);
});
