/**
 * A lock for many readers or one writer. A writer may read under its own lock, and go on reading when
 * it has released the write lock: others then read what it wrote, and nobody wrote in between.
 *
 *   node --conditions=source examples/recipes/read-write-lock.ts
 *
 * prints
 *
 *   anna and bert read at the same time
 *   cleo can't write: the write lock /examples/read-write-lock could not be had within 100 ms
 *   anna and bert have read
 *   cleo writes, alone
 *   cleo has written, and reads on
 *   anna reads beside her
 */
import { type Lock, ReadWriteLock, RecipeError } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/read-write-lock';

await using server = await ensemble();
await using anna = await connect({ connect: server.connect });
await using bert = await connect({ connect: server.connect });
await using cleo = await connect({ connect: server.connect });
const annas = new ReadWriteLock(anna, PATH);
const berts = new ReadWriteLock(bert, PATH);
const cleos = new ReadWriteLock(cleo, PATH);

async function refused(lock: Lock): Promise<string> {
  try {
    await lock.acquire({ timeout: 100 });
  } catch (error) {
    if (error instanceof RecipeError && error.code === 'TIMEOUT') return error.message;
    throw error;
  }
  throw new Error('the lock was had');
}

const reads = [await annas.readLock.acquire(), await berts.readLock.acquire()];
console.log('anna and bert read at the same time');
console.log(`cleo can't write: ${await refused(cleos.writeLock)}`);
await Promise.all(reads.map((lease) => lease.release()));
console.log('anna and bert have read');

// The owner is what tells her own request to read from one that has to wait.
const owner = 'cleo';
const writing = await cleos.writeLock.acquire({ owner });
console.log('cleo writes, alone');
await using _cleosReading = await cleos.readLock.acquire({ owner });
await writing.release();
console.log('cleo has written, and reads on');
await using _annasReading = await annas.readLock.acquire();
console.log('anna reads beside her');
