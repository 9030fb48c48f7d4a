/**
 * Lets so many begin together, and end together: the phases of a calculation.
 *
 *   node --conditions=source examples/recipes/double-barrier.ts
 *
 * prints
 *
 *   begun: 3 of 3
 *   ended: 3 of 3
 */
import { DoubleBarrier } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/double-barrier';
const SIZE = 3;

await using server = await ensemble();
let begun = 0;
let ended = 0;

async function participate(): Promise<void> {
  await using zk = await connect({ connect: server.connect });
  await using barrier = new DoubleBarrier(zk, PATH, SIZE);
  begun++;
  await barrier.enter();
  // Nobody gets here before all have entered.
  if (begun < SIZE) throw new Error(`only ${begun} have begun`);
  ended++;
  await barrier.leave();
  if (ended < SIZE) throw new Error(`only ${ended} have ended`);
}

await Promise.all(Array.from({ length: SIZE }, participate));
console.log(`begun: ${begun} of ${SIZE}`);
console.log(`ended: ${ended} of ${SIZE}`);
