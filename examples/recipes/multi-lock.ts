/**
 * Several locks as one: all are held, or none. A transfer needs both accounts; while one of them is
 * somebody else's, it keeps nobody off the other.
 *
 *   node --conditions=source examples/recipes/multi-lock.ts
 *
 * prints
 *
 *   anna works on account 2
 *   bert has not got both: 2 locks could not be had within 100 ms
 *   cleo gets account 1 at once
 *   bert transfers from account 1 to account 2
 */
import { MultiLock, Mutex, RecipeError } from '@meshkeeper/recipes';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const account = (zk: ZooKeeper, number: number) => new Mutex(zk, `/examples/accounts/${number}`);

await using server = await ensemble();
await using anna = await connect({ connect: server.connect });
await using bert = await connect({ connect: server.connect });
await using cleo = await connect({ connect: server.connect });

const annas = await account(anna, 2).acquire();
console.log('anna works on account 2');

// Everybody names shared locks in the same order, or two could wait for each other.
const both = new MultiLock([account(bert, 1), account(bert, 2)]);
try {
  await both.acquire({ timeout: 100 });
} catch (error) {
  if (!(error instanceof RecipeError) || error.code !== 'TIMEOUT') throw error;
  console.log(`bert has not got both: ${error.message}`);
}

const cleos = await account(cleo, 1).acquire();
console.log('cleo gets account 1 at once');

await Promise.all([annas.release(), cleos.release()]);
// `parts` has a fencing token for each account; `signal` aborts when either is lost.
await using lease = await both.acquire();
console.log(
  `bert transfers from account ${lease.parts.length - 1} to account ${lease.parts.length}`,
);
