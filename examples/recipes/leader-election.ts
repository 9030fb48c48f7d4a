/**
 * Runs a function as leader: one at a time among all candidates, each in its turn.
 *
 *   node --conditions=source examples/recipes/leader-election.ts
 *
 * prints
 *
 *   anna leads
 *   bert stands too
 *   anna has led
 *   bert leads
 *   bert leads
 *   bert was told to stop
 *   anna has reported 42
 */
import { LeaderElection, watchMembers } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/leader-election';

await using server = await ensemble();
await using anna = await connect({ connect: server.connect, onExpired: 'renew' });
await using bert = await connect({ connect: server.connect, onExpired: 'renew' });

const annas = new LeaderElection(anna, PATH, { id: 'anna' });
const berts = new LeaderElection(bert, PATH, { id: 'bert' });

// In a service: what SIGTERM aborts.
const stop = new AbortController();
let reigns = 0;

/** Stands again at the end of the queue whenever a reign has ended. */
async function standAlways(): Promise<void> {
  console.log('bert stands too');
  const reign = () => {
    console.log('bert leads');
    if (++reigns === 2) stop.abort();
  };
  await berts.runAlways(reign, { signal: stop.signal });
  console.log('bert was told to stop');
}

let standing: Promise<void> | undefined;
const report = await annas.run(async ({ signal }) => {
  console.log('anna leads');
  standing = standAlways();
  // A reign goes on until its work is done, or its lease can't be trusted any more.
  for await (const members of watchMembers(anna, PATH, signal)) if (members.size === 2) break;
  console.log('anna has led');
  return 42;
});
await standing;
console.log(`anna has reported ${report}`);
