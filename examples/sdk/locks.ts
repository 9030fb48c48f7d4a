/**
 * A lock and an election, by name. Two meshes here stand for two programs.
 *
 *   node --conditions=source examples/sdk/locks.ts
 *
 * prints
 *
 *   anna has the lock
 *   bert gives up: TIMEOUT
 *   bert has the lock
 *   anna leads
 *   anna steps down, bert leads
 */
import { connect, SdkError } from '@meshkeeper/sdk';
import { home } from '../mesh.ts';

await using example = await home();
await using anna = await connect(example.at);
await using bert = await connect(example.at);

const lease = await anna.lock('nightly');
console.log('anna has the lock');
try {
  await bert.lock('nightly', { wait: 100 });
} catch (error) {
  if (!(error instanceof SdkError)) throw error;
  console.log(`bert gives up: ${error.code}`);
}
await lease.release();
{
  await using next = await bert.lock('nightly');
  // Work only while `next.signal` has not aborted, and show `next.fencing` to what the lock protects.
  if (!next.signal.aborted) console.log('bert has the lock');
}

const annas = anna.elect('cleaner');
await annas.lead();
console.log('anna leads');
const berts = bert.elect('cleaner');
await annas.close();
await berts.lead();
console.log('anna steps down, bert leads');
