/** Our mutex alone in a process: `ours.ts SERVER PATH`; see `protocol.ts`. */
import { createInterface } from 'node:readline';
import { Mutex } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { CONTENDERS, type Result, type Step } from './protocol.ts';

const [server = '', path] = process.argv.slice(2);
const sessions = await Promise.all(
  Array.from({ length: CONTENDERS }, () => connect({ connect: server })),
);

async function alone(count: number): Promise<void> {
  const mutex = new Mutex(sessions[0]!, `${path}/alone`);
  for (let i = 0; i < count; i++) {
    const lease = await mutex.acquire();
    await lease.release();
  }
}

async function queue(count: number): Promise<number[]> {
  const handOvers: number[] = [];
  let left = count;
  let released: number | undefined;
  const contend = async (mutex: Mutex) => {
    while (left > 0) {
      const lease = await mutex.acquire();
      const now = performance.now();
      if (released !== undefined) handOvers.push(now - released);
      left--;
      released = performance.now();
      await lease.release();
    }
  };
  await Promise.all(sessions.map((session) => contend(new Mutex(session, `${path}/queue`))));
  return handOvers;
}

async function runStep({ operation, count }: Step): Promise<Result> {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  const handOvers = operation === 'alone' ? [] : await queue(count);
  if (operation === 'alone') await alone(count);
  const { user, system } = process.cpuUsage(cpuBefore);
  return { seconds: (performance.now() - before) / 1000, cpu: (user + system) / 1e6, handOvers };
}

console.log('{"ready":true}');
for await (const line of createInterface({ input: process.stdin })) {
  // Our own protocol.
  console.log(JSON.stringify(await runStep(JSON.parse(line) as Step)));
}
await Promise.all(sessions.map((session) => session.close()));
