/**
 * An ephemeral znode that is kept alive: whoever deletes it, it comes back; and after an expiry of
 * the session too.
 *
 *   node --conditions=source examples/recipes/persistent-node.ts
 *
 * prints
 *
 *   /examples/persistent-node is there: up
 *   somebody deletes it
 *   it is there again: up
 *   the data has changed: draining
 *   closed, it is gone: true
 */
import { PersistentNode } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/persistent-node';

await using server = await ensemble();
await using anna = await connect({ connect: server.connect, onExpired: 'renew' });
await using other = await connect({ connect: server.connect });

await using node = new PersistentNode(anna, PATH, 'up');
const path = await node.ready();
console.log(`${path} is there: ${(await other.get(path)).data}`);

await using watch = await other.addWatch(path);
await other.delete(path);
console.log('somebody deletes it');
for await (const { type } of watch) if (type === 'created') break;
console.log(`it is there again: ${(await other.get(path)).data}`);

await node.setData('draining');
await other.sync();
console.log(`the data has changed: ${(await other.get(path)).data}`);

await node.close();
await other.sync();
console.log(`closed, it is gone: ${(await other.exists(path)) === null}`);
