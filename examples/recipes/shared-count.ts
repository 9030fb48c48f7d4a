/**
 * A small number that one sets and all follow: a limit, a level, a number of shards.
 *
 *   node --conditions=source examples/recipes/shared-count.ts
 *
 * prints
 *
 *   anna sees 1
 *   anna sees 2
 *   bert sets 3 by what he read before: false
 *   he reads again and sets 3: true
 *   anna sees 3
 */
import { SharedCount } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/shared-count';

await using server = await ensemble();
await using anna = await connect({ connect: server.connect });
await using bert = await connect({ connect: server.connect });
const annas = new SharedCount(anna, PATH);
const berts = new SharedCount(bert, PATH);

await berts.set(1);
const old = await berts.get();
for await (const { value } of annas.values()) {
  console.log(`anna sees ${value}`);
  if (value === 1) await berts.set(2);
  if (value === 2) {
    // Somebody has set it since: `trySet` refuses what follows from an old version.
    console.log(`bert sets 3 by what he read before: ${await berts.trySet(old, 3)}`);
    console.log(`he reads again and sets 3: ${await berts.trySet(await berts.get(), 3)}`);
  }
  if (value === 3) break;
}
