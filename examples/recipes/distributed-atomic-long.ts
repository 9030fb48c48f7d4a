/**
 * A number that all change at the same time, and no change is lost.
 *
 *   node --conditions=source examples/recipes/distributed-atomic-long.ts
 *
 * prints
 *
 *   3 clients counted to 10 each: 30
 *   compare 30, set 100: true
 *   compare 30, set 200: false
 *   doubled from 100 to 200
 */
import { DistributedAtomicLong } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/distributed-atomic-long';

await using server = await ensemble();
await using zk = await connect({ connect: server.connect });
const number = new DistributedAtomicLong(zk, PATH);
await number.set(0n);

async function countToTen(): Promise<void> {
  await using own = await connect({ connect: server.connect });
  const shared = new DistributedAtomicLong(own, PATH);
  for (let i = 0; i < 10; i++) await shared.increment();
}

await Promise.all([countToTen(), countToTen(), countToTen()]);
console.log(`3 clients counted to 10 each: ${await number.get()}`);

console.log(`compare 30, set 100: ${await number.compareAndSet(30n, 100n)}`);
console.log(`compare 30, set 200: ${await number.compareAndSet(30n, 200n)}`);
const { before, after } = await number.update((value) => value * 2n);
console.log(`doubled from ${before} to ${after}`);
