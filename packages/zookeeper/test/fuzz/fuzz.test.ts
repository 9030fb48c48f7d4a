import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { mutate } from '../../../jute/test/fuzz/mutate.ts';
import { connect, type ZooKeeper, ZooKeeperError } from '../../src/index.ts';
import { seeded } from '../support/random-writes.ts';
import { startFakeServer } from './fake-server.ts';

const SOAK = process.env.MESHKEEPER_SOAK === '1';
const FRAMES = SOAK ? 1_000_000 : 10_000;
const HANDSHAKES = SOAK ? 20_000 : 300;
const CLIENTS = 16;
const SEED = Number(process.env.MESHKEEPER_SEED ?? 20_263);
/** Bytes that the heap may grow by from the first tenth of the frames to the last. */
const GROWTH = 8_000_000;

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

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

test(`${FRAMES} broken answers: a typed error or a clean close each`, {
  timeout: 3_600_000,
}, async (t) => {
  const random = seeded(SEED);
  let broken = 0;
  // Only the first answer to what comes together: those behind it show whether the client goes on.
  await using server = await startFakeServer((frame, { handshake, first }) => {
    if (handshake || !first) return { frame, last: false };
    broken++;
    return { frame: mutate(frame, random), last: false };
  });
  const codes = new Map<string, number>();
  let connections = 0;
  const makeCalls = async (until: number) => {
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
        assert.ok(reason instanceof ZooKeeperError, String(reason?.stack ?? reason));
        codes.set(reason.code, (codes.get(reason.code) ?? 0) + 1);
      }
    }
  };
  const all = (until: number) =>
    Promise.all(Array.from({ length: CLIENTS }, () => makeCalls(until)));
  await all(FRAMES / 10);
  gc();
  const heap = process.memoryUsage().heapUsed;
  await all(FRAMES);
  gc();
  const grown = process.memoryUsage().heapUsed - heap;
  t.diagnostic(
    `${broken} frames, ${connections} connections, heap +${Math.round(grown / 1000)} kB, seed ${SEED}`,
  );
  t.diagnostic(JSON.stringify(Object.fromEntries(codes)));
  assert.ok(grown < GROWTH, `the heap grew by ${grown} bytes`);
  assert.ok(codes.get('CONNECTION_LOSS') && codes.get('NO_NODE') && codes.get('MARSHALLING_ERROR'));
});

test(`${HANDSHAKES} broken handshakes: the next one is tried`, { timeout: 3_600_000 }, async () => {
  const random = seeded(SEED);
  let shakes = 0;
  await using server = await startFakeServer((frame, { handshake }) => {
    if (!handshake || shakes++ % 2 === 1) return { frame, last: false };
    return { frame: mutate(frame, random), last: true };
  });
  for (let i = 0; i < HANDSHAKES; i++) {
    const zk = await connect({ connect: server.connect, reconnectJitter: 0, onExpired: 'renew' });
    await zk.close();
  }
  assert.ok(shakes >= HANDSHAKES);
});
