/**
 * Who holds a lock and who waits for it, since when, and what they say of themselves.
 *
 *   node --conditions=source examples/recipes/list-lock.ts
 *
 * prints
 *
 *   holds: anna, at 0 in the queue, since this minute: true
 *   waits: bert, at 1 in the queue
 */
import { listLock, Mutex, watchMembers } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/list-lock';

await using server = await ensemble();
await using anna = await connect({ connect: server.connect });
await using bert = await connect({ connect: server.connect });

const annas = await new Mutex(anna, PATH, { data: 'anna' }).acquire();
const waiting = new Mutex(bert, PATH, { data: 'bert' }).acquire();
for await (const members of watchMembers(anna, PATH)) if (members.size === 2) break;

const { holders, waiters } = await listLock(anna, PATH);
for (const { data, position, since } of holders) {
  const isNew = Date.now() - since.getTime() < 60_000;
  console.log(`holds: ${data}, at ${position} in the queue, since this minute: ${isNew}`);
}
for (const { data, position } of waiters)
  console.log(`waits: ${data}, at ${position} in the queue`);

await annas.release();
await (await waiting).release();
