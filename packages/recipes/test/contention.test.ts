import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Contention, until } from '@meshkeeper/testbed';
import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { Mutex } from '../src/index.ts';
import { runScript } from './kazoo/kazoo.ts';
import { onServers } from './on-servers.ts';
import { stage } from './stage.ts';

/** For each of six contenders: two of ours, Curator as two, and two of kazoo. */
const ROUNDS = process.env.MESHKEEPER_SOAK === '1' ? 1667 : 50;
const ACQUISITIONS = 6 * ROUNDS;

/** What Curator's and kazoo's contenders do too: see `Contender.java`. */
async function contend(
  zk: ZooKeeper,
  lock: string,
  counter: string,
  rounds: number,
): Promise<Contention> {
  const mutex = new Mutex(zk, lock);
  let overlaps = 0;
  let stale = 0;
  for (let round = 0; round < rounds; round++) {
    await using lease = await mutex.acquire();
    const { czxid } = lease.fencing;
    const { data, stat } = await zk.get(counter);
    const [count, last] = data.toString().split(' ').map(BigInt) as [bigint, bigint];
    if (last >= czxid) stale++;
    try {
      await zk.set(counter, `${count + 1n} ${czxid}`, { version: stat.version });
    } catch (error) {
      if (!isZooKeeperError(error, 'BAD_VERSION')) throw error;
      overlaps++;
    }
  }
  return { overlaps, stale };
}

onServers('one mutex for us, Curator and kazoo', (start) => {
  const on = stage(start, true);

  test(`${ACQUISITIONS} acquisitions, never two holders, each newer than the one before`, async () => {
    const lock = on.path();
    const counter = on.path();
    await on.zk.create(counter, '0 0', { parents: true });
    const kazoo = async (): Promise<Contention> => {
      const args = [on.connect, lock, counter, String(ROUNDS)];
      const { stdout, stderr } = await runScript('contender', args, 3_600_000);
      assert.notEqual(stdout, '', stderr);
      return JSON.parse(stdout); // Written by contender.py.
    };
    const gate = await new Mutex(on.zk, lock).acquire();
    const contenders = [
      contend(on.zk, lock, counter, ROUNDS),
      contend(on.other, lock, counter, ROUNDS),
      on.curator.locks.contend(lock, counter, 2 * ROUNDS),
      kazoo(),
      kazoo(),
    ];
    const results = Promise.all(contenders);
    // All are in the queue before the first is let in, and stay in it until their last round.
    await until(async () => (await on.names(lock)).length === 1 + contenders.length);
    await gate.release();
    for (const result of await results) assert.deepEqual(result, { overlaps: 0, stale: 0 });
    const { data } = await on.zk.get(counter);
    assert.equal(Number(data.toString().split(' ')[0]), ACQUISITIONS);
    assert.deepEqual(await on.names(lock), []);
  });
});
