/**
 * Holds up all who come to it until somebody opens it.
 *
 *   node --conditions=source examples/recipes/barrier.ts
 *
 * prints
 *
 *   the barrier is closed
 *   anna does not wait that long: the opening of /examples/barrier could not be had within 100 ms
 *   the barrier is opened
 *   anna and bert go on
 */
import { Barrier, RecipeError } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/barrier';

await using server = await ensemble();
await using anna = await connect({ connect: server.connect });
await using bert = await connect({ connect: server.connect });
await using operator = await connect({ connect: server.connect });

const barrier = new Barrier(operator, PATH);
await barrier.set();
console.log('the barrier is closed');

try {
  await new Barrier(anna, PATH).wait({ timeout: 100 });
} catch (error) {
  if (!(error instanceof RecipeError) || error.code !== 'TIMEOUT') throw error;
  console.log(`anna does not wait that long: ${error.message}`);
}

const waiting = [anna, bert].map((zk) => new Barrier(zk, PATH).wait());
await barrier.remove();
console.log('the barrier is opened');
await Promise.all(waiting);
console.log('anna and bert go on');
