/**
 * So many at a time, and no more. The number is a shared count here, which is raised while the
 * semaphore is in use; a plain number does where it never changes.
 *
 *   node --conditions=source examples/recipes/semaphore.ts
 *
 * prints
 *
 *   anna and bert work, 2 at a time
 *   cleo has to wait: 1 of /examples/semaphore could not be had within 100 ms
 *   the limit is raised to 3
 *   cleo works beside them
 */
import { RecipeError, Semaphore, SharedCount } from '@meshkeeper/recipes';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/semaphore';
const LIMIT = '/examples/semaphore-limit';

await using server = await ensemble();
await using anna = await connect({ connect: server.connect });
await using bert = await connect({ connect: server.connect });
await using cleo = await connect({ connect: server.connect });

const limit = new SharedCount(anna, LIMIT);
await limit.set(2);
const semaphore = (zk: ZooKeeper) => new Semaphore(zk, PATH, { path: LIMIT });

await using _annas = await semaphore(anna).acquire();
await using _berts = await semaphore(bert).acquire();
console.log('anna and bert work, 2 at a time');

try {
  await semaphore(cleo).acquire({ timeout: 100 });
} catch (error) {
  if (!(error instanceof RecipeError) || error.code !== 'TIMEOUT') throw error;
  console.log(`cleo has to wait: ${error.message}`);
}

const waiting = semaphore(cleo).acquire();
await limit.set(3);
console.log('the limit is raised to 3');
await using _cleos = await waiting;
console.log('cleo works beside them');
