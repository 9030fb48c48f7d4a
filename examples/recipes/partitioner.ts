/**
 * Shares partitions out among workers, never one to two at a time: a worker that comes waits until
 * the owner has handed over.
 *
 *   node --conditions=source examples/recipes/partitioner.ts
 *
 * prints
 *
 *   anna owns 8 partitions
 *   bert comes
 *   anna and bert own all 8, and each some
 *   anna stops
 *   bert owns 8 partitions
 */
import { type Owned, Partitioner } from '@meshkeeper/recipes';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/partitioner';
const PARTITIONS = 8;

await using server = await ensemble();
await using anna = await connect({ connect: server.connect, onExpired: 'renew' });
await using bert = await connect({ connect: server.connect, onExpired: 'renew' });

/** A worker that ends its work on a partition, and hands it over, when it is asked to. */
async function work(partitioner: Partitioner): Promise<void> {
  const begun = new Set();
  for await (const owned of partitioner.changes())
    for (const lease of owned.values()) {
      if (begun.has(lease)) continue;
      begun.add(lease);
      lease.leaving.addEventListener('abort', () => void lease.release(), { once: true });
      if (lease.leaving.aborted) void lease.release();
    }
}

function start(zk: ZooKeeper, id: string) {
  const partitioner = new Partitioner(zk, PATH, { partitions: PARTITIONS, id });
  const working = work(partitioner);
  const stop = async () => {
    await partitioner.close();
    await working;
  };
  return { partitioner, [Symbol.asyncDispose]: stop };
}

async function until(partitioner: Partitioner, isSo: (owned: Owned) => boolean): Promise<void> {
  for await (const owned of partitioner.changes()) if (isSo(owned)) return;
}

const annas = start(anna, 'anna');
await until(annas.partitioner, ({ size }) => size === PARTITIONS);
console.log(`anna owns ${PARTITIONS} partitions`);

await using berts = start(bert, 'bert');
console.log('bert comes');
const all = () => annas.partitioner.owned.size + berts.partitioner.owned.size === PARTITIONS;
await until(berts.partitioner, ({ size }) => size > 0 && all());
console.log(`anna and bert own all ${PARTITIONS}, and each some`);

console.log('anna stops');
await annas[Symbol.asyncDispose]();
await until(berts.partitioner, ({ size }) => size === PARTITIONS);
console.log(`bert owns ${PARTITIONS} partitions`);
