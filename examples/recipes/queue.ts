/**
 * A queue of jobs that are processed at least once: a claim that does not end with `done` leaves its
 * job to the next worker.
 *
 *   node --conditions=source examples/recipes/queue.ts
 *
 * prints
 *
 *   anna begins with job 1, and fails
 *   bert does job 1
 *   bert puts job 2 back
 *   bert does job 3
 *   bert does job 2
 */
import { Queue } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/queue';
// Everybody who claims names the same place for the claims.
const options = { lockPath: '/examples/queue-locks' };

await using server = await ensemble();
await using anna = await connect({ connect: server.connect });
await using bert = await connect({ connect: server.connect });

const queue = new Queue(anna, PATH, options);
for (const job of ['job 1', 'job 2', 'job 3']) await queue.put(job);

{
  await using claim = await queue.claim();
  console.log(`anna begins with ${claim.items[0]}, and fails`);
}

const berts = new Queue(bert, PATH, options);
let isPutBack = false;
for (let jobs = 0; jobs < 3; ) {
  await using claim = await berts.claim();
  const job = `${claim.items[0]}`;
  if (job === 'job 2' && !isPutBack) {
    console.log(`bert puts ${job} back`);
    isPutBack = true;
    await claim.requeue();
    continue;
  }
  console.log(`bert does ${job}`);
  await claim.done();
  jobs++;
}
