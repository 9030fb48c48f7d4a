/** A process that follows a tree that changes all the time; asked for figures, it tells them. */
import { setImmediate } from 'node:timers/promises';
import { connect, NodeCache, type Observer, TreeCache } from '../../src/index.ts';

const gc = globalThis.gc!; // it is started with --expose-gc
let events = 0;
const counter: Observer = { notified: () => void events++ };
const zk = await connect({ connect: process.argv[2]!, observers: [counter] });
const tree = await TreeCache.open(zk, '/t');
const node = await NodeCache.open(zk, '/t/service-0');

/** What somebody has who only listens. */
const heard = new Map<string, string>();
async function listen() {
  for await (const update of tree.updates()) {
    if (update.type === 'reset') heard.clear();
    if (update.type === 'remove') for (const path of update.paths) heard.delete(path);
    else for (const { path, data } of update.nodes) heard.set(path, String(data));
  }
}
void listen();

process.on('message', async (asked: 'keep up' | 'figures') => {
  await tree.settled();
  await node.settled();
  // Somebody comes and goes meanwhile.
  await using _ = await NodeCache.open(zk, '/t/service-1');
  const told = new AbortController();
  for await (const update of tree.updates({ signal: told.signal }))
    if (update.type === 'reset') told.abort();
  if (asked === 'keep up') return process.send?.(events);
  await _.close();
  // Buffers are freed beside the program, after the collection that has found them.
  for (let i = 0; i < 3; i++) {
    gc();
    await setImmediate();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const same = [...tree.nodes()].every(({ path, data }) => heard.get(path) === String(data));
  process.send?.({
    events,
    size: tree.size,
    heard: heard.size,
    same,
    alike: node.get()?.stat.mzxid === tree.get('/t/service-0')?.stat.mzxid,
    missed: tree.missed,
    watches: zk.watchCounts,
    used: heapUsed + external,
    resident: rss,
  });
});
process.send?.(events);
