/**
 * A lock in a semaphore's layout, for those who share it with Curator's `InterProcessSemaphoreMutex`.
 * Nobody enters it twice, the holder neither. Otherwise take `Mutex`.
 *
 *   node --conditions=source examples/recipes/semaphore-mutex.ts
 *
 * prints
 *
 *   anna has the lock
 *   anna can't enter it again: 1 of /examples/semaphore-mutex could not be had within 100 ms
 *   bert has the lock
 */
import { RecipeError, SemaphoreMutex } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/semaphore-mutex';

await using server = await ensemble();
await using anna = await connect({ connect: server.connect });
await using bert = await connect({ connect: server.connect });

const mutex = new SemaphoreMutex(anna, PATH);
const annas = await mutex.acquire();
console.log('anna has the lock');

try {
  await mutex.acquire({ timeout: 100 });
} catch (error) {
  if (!(error instanceof RecipeError) || error.code !== 'TIMEOUT') throw error;
  console.log(`anna can't enter it again: ${error.message}`);
}

const waiting = new SemaphoreMutex(bert, PATH).acquire();
await annas.release();
await using _berts = await waiting;
console.log('bert has the lock');
