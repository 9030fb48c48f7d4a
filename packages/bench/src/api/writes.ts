/**
 * Writes by the bare client: `writes.ts ZOOKEEPER CONCURRENCY SECONDS BYTES`. Prints how many a
 * second, and what each took of this process's CPU.
 */
import { connect } from '@meshkeeper/zookeeper';

const [server = '', concurrency = '1', seconds = '1', bytes = '100'] = process.argv.slice(2);
await using zk = await connect({ connect: server });
const data = Buffer.alloc(Number(bytes), 'x');
const paths = Array.from({ length: Number(concurrency) }, (_, i) => `/bench-writes/${i}`);
await zk.create('/bench-writes');
await Promise.all(paths.map((path) => zk.create(path, data)));

let count = 0;
async function writeFor(milliseconds: number): Promise<number> {
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  await Promise.all(
    paths.map(async (path) => {
      for (; elapsed() < milliseconds; count++) await zk.set(path, data);
    }),
  );
  return elapsed() / 1000;
}

await writeFor(500); // to warm up
count = 0;
const cpu = process.cpuUsage();
const took = await writeFor(Number(seconds) * 1000);
const { user, system } = process.cpuUsage(cpu);
await Promise.all(paths.map((path) => zk.delete(path)));
await zk.delete('/bench-writes');
console.log(JSON.stringify({ perSecond: count / took, microseconds: (user + system) / count }));
