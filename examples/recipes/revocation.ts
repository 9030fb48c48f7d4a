/**
 * Asks a lock's holder to give it up. The holder is told, ends what it does, and releases: nothing is
 * taken from it.
 *
 *   node --conditions=source examples/recipes/revocation.ts
 *
 * prints
 *
 *   anna has the lock for her long work
 *   bert asks for it
 *   anna is told: REVOKE_ASKED
 *   anna has saved her work, and releases
 *   bert has the lock
 */
import { attemptRevoke, listLock, Mutex, RecipeError } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/revocation';

await using server = await ensemble();
await using anna = await connect({ connect: server.connect });
await using bert = await connect({ connect: server.connect });

const annas = await new Mutex(anna, PATH).acquire();
console.log('anna has the lock for her long work');
const asked = new Promise<void>((resolve) => {
  annas.revocation.addEventListener('abort', () => resolve(), { once: true });
});

const [holder] = (await listLock(bert, PATH)).holders;
console.log('bert asks for it');
if (holder !== undefined) await attemptRevoke(bert, holder.path);
const waiting = new Mutex(bert, PATH).acquire();

await asked;
const { reason } = annas.revocation;
console.log(`anna is told: ${reason instanceof RecipeError ? reason.code : reason}`);
console.log('anna has saved her work, and releases');
await annas.release();

await using _berts = await waiting;
console.log('bert has the lock');
