/**
 * Who is there: each member has a name and some data, and all see who comes and goes.
 *
 *   node --conditions=source examples/recipes/group-member.ts
 *
 * prints
 *
 *   members: anna=10.0.0.1
 *   members: anna=10.0.0.1, bert=10.0.0.2
 *   members: anna=10.0.0.1, bert=10.0.0.3
 *   members: anna=10.0.0.1
 */
import { GroupMember, watchMembers } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/group-member';

await using server = await ensemble();
// `renew`: after an expiry a member joins again, in the new session.
await using anna = await connect({ connect: server.connect, onExpired: 'renew' });
await using bert = await connect({ connect: server.connect, onExpired: 'renew' });

await using annas = new GroupMember(anna, PATH, { id: 'anna', data: '10.0.0.1' });
await annas.joined();
let berts: GroupMember | undefined;
const joinBert = async () => {
  berts = new GroupMember(bert, PATH, { id: 'bert', data: '10.0.0.2' });
};
const steps = [joinBert, () => berts?.setData('10.0.0.3'), () => berts?.close()];

// Anybody may watch, without being a member: `watchMembers`.
for await (const members of watchMembers(anna, PATH)) {
  const shown = [...members].sort().map(([id, data]) => `${id}=${data}`);
  console.log(`members: ${shown.join(', ')}`);
  const step = steps.shift();
  if (step === undefined) break;
  await step();
}
