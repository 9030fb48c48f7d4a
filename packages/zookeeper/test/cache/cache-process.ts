/** A process that has nothing but a cache, to be measured. Without a server to connect to, it ends. */
import { connect, TreeCache } from '../../src/index.ts';

const megabytes = (bytes: number) => Math.round(bytes / 100_000) / 10;
const { rss } = process.memoryUsage;
const address = process.argv[2];

if (address !== undefined) {
  const zk = await connect({ connect: address });
  const bare = rss();
  const begun = performance.now();
  const cache = await TreeCache.open(zk, '/t');
  const milliseconds = Math.round(performance.now() - begun);
  const resident = rss();
  process.send?.({
    size: cache.size,
    bare: megabytes(bare),
    resident: megabytes(resident),
    milliseconds,
  });
}
