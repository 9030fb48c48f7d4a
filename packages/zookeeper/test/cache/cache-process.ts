/** A process that has nothing but a cache, to be measured. */
import { connect, TreeCache } from '../../src/index.ts';

const megabytes = (bytes: number) => Math.round(bytes / 100_000) / 10;
const zk = await connect({ connect: process.argv[2]! });
globalThis.gc?.();
const before = process.memoryUsage();
const begun = performance.now();
const cache = await TreeCache.open(zk, '/t');
const milliseconds = Math.round(performance.now() - begun);
globalThis.gc?.();
const after = process.memoryUsage();
process.send?.({
  size: cache.size,
  heap: megabytes(after.heapUsed + after.external - before.heapUsed - before.external),
  resident: megabytes(after.rss - before.rss),
  milliseconds,
});
