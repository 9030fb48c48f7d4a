/**
 * A queue whose lower numbers come out first, and those of one number in the order of the puts.
 *
 *   node --conditions=source examples/recipes/priority-queue.ts
 *
 * prints
 *
 *   repair the brakes
 *   repair the lights
 *   wash the car
 */
import { PriorityQueue } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/priority-queue';

await using server = await ensemble();
await using anna = await connect({ connect: server.connect });
await using bert = await connect({ connect: server.connect });

const queue = new PriorityQueue(anna, PATH);
await queue.put('wash the car', 10);
await queue.put('repair the brakes', 1);
await queue.put('repair the lights', 1);

// `take`: at most once. For work that must not be lost there is `claim`, as in queue.ts.
const berts = new PriorityQueue(bert, PATH);
for (let i = 0; i < 3; i++) {
  const [item] = await berts.take();
  console.log(`${item}`);
}
