/**
 * One of several leads, and the next one does when it is gone: for a service whose instances all run,
 * and one of which does something besides.
 *
 *   node --conditions=source examples/recipes/leader-latch.ts
 *
 * prints
 *
 *   anna leads
 *   they stand in this order: anna, bert
 *   anna stops
 *   bert leads
 *   bert steps down, and leads again: there is nobody else
 */
import { LeaderLatch, watchMembers } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/leader-latch';

await using server = await ensemble();
// `renew`: after an expiry a latch stands again, in the new session.
await using anna = await connect({ connect: server.connect, onExpired: 'renew' });
await using bert = await connect({ connect: server.connect, onExpired: 'renew' });

const annas = new LeaderLatch(anna, PATH, { id: 'anna' });
await annas.lead();
console.log(`${(await annas.leader())?.id} leads`);

await using berts = new LeaderLatch(bert, PATH, { id: 'bert' });
// A latch stands as soon as its znode is there; `lead()` would wait until it is the first.
for await (const members of watchMembers(bert, PATH)) if (members.size === 2) break;
const participants = await berts.participants();
console.log(`they stand in this order: ${participants.map(({ id }) => id).join(', ')}`);

console.log('anna stops');
await annas.close();
const lease = await berts.lead();
console.log('bert leads');

await lease.release();
await berts.lead();
console.log('bert steps down, and leads again: there is nobody else');
