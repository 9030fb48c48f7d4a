/**
 * A process that asks a server whose answers are broken: of so many frames, from a seed. It tells what
 * became of them. By itself, because a test's process follows every socket and promise.
 */
import { mutate } from '../../../jute/test/fuzz/mutate.ts';
import { connect, type ZooKeeper, ZooKeeperError } from '../../src/index.ts';
import { seeded } from '../support/random-writes.ts';
import { startFakeServer } from './fake-server.ts';

const CLIENTS = 16;
const [frames, seed] = process.argv.slice(2).map(Number) as [number, number];
const gc = globalThis.gc!; // it is started with --expose-gc
// Most of an error's price is its stack, and nearly every frame is one.
Error.stackTraceLimit = 0;

const watch = () => {};

/** One of each kind of answer. */
const calls: readonly ((zk: ZooKeeper) => Promise<unknown>)[] = [
  (zk) => zk.exists('/a', { watch }),
  (zk) => zk.get('/a'),
  (zk) => zk.children('/a'),
  (zk) =>
    zk.multi([
      { op: 'create', path: '/a' },
      { op: 'set', path: '/a', data: 'x' },
    ]),
  (zk) =>
    zk.multiRead([
      { op: 'get', path: '/a' },
      { op: 'children', path: '/b' },
    ]),
  (zk) => zk.getAcl('/a'),
  (zk) => zk.delete('/a'),
  (zk) => zk.childNames('/a'),
  (zk) => zk.multiReadData(['/a', '/b']),
];

const random = seeded(seed);
let broken = 0;
// Only the first answer to what comes together: those behind it show whether the client goes on.
await using server = await startFakeServer((frame, { handshake, first }) => {
  if (handshake || !first) return { frame, last: false };
  broken++;
  return { frame: mutate(frame, random), last: false };
});
/** How often a call ended so: by the code, or what else it was. */
const ends: Record<string, number> = {};
let connections = 0;

async function makeCalls(until: number): Promise<void> {
  await using zk = await connect({ connect: server.connect, reconnectJitter: 0 });
  zk.onState(({ type }) => {
    if (type === 'connected') connections++;
  });
  for (let i = 0; broken < until; i++) {
    // An answer that becomes a notification is missed when the next one comes.
    const made = [calls[i % calls.length]!(zk), zk.get('/a')];
    for (const result of await Promise.allSettled(made)) {
      if (result.status === 'fulfilled') continue;
      const { reason } = result;
      const end = reason instanceof ZooKeeperError ? reason.code : `untyped: ${reason}`;
      ends[end] = (ends[end] ?? 0) + 1;
    }
  }
}

const all = (until: number) => Promise.all(Array.from({ length: CLIENTS }, () => makeCalls(until)));
await all(frames / 10);
gc();
const before = process.memoryUsage().heapUsed;
await all(frames);
gc();
const grown = process.memoryUsage().heapUsed - before;
process.send?.({ broken, connections, ends, grown });
