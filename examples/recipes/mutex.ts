/**
 * A lock that one process has at a time, in the order in which they asked. Who does not want to wait
 * for ever says so, and leaves nothing behind.
 *
 *   node --conditions=source examples/recipes/mutex.ts
 *
 * prints
 *
 *   anna has the lock
 *   bert gives up: the lock /examples/mutex could not be had within 100 ms
 *   bert waits
 *   anna releases it
 *   bert has the lock, and a newer token than anna's: true
 */
import { compareFencing, Mutex, RecipeError } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/mutex';

// Two sessions here stand for two processes, on one machine or on two.
await using server = await ensemble();
await using anna = await connect({ connect: server.connect });
await using bert = await connect({ connect: server.connect });

const annas = await new Mutex(anna, PATH).acquire();
console.log('anna has the lock');

const mutex = new Mutex(bert, PATH);
try {
  await mutex.acquire({ timeout: 100 });
} catch (error) {
  if (!(error instanceof RecipeError) || error.code !== 'TIMEOUT') throw error;
  console.log(`bert gives up: ${error.message}`);
}

const waiting = mutex.acquire();
console.log('bert waits');
console.log('anna releases it');
await annas.release();

await using berts = await waiting;
const isNewer = compareFencing(berts.fencing, annas.fencing) > 0;
console.log(`bert has the lock, and a newer token than anna's: ${isNewer}`);
