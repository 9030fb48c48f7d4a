import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { connect, type ZooKeeper, ZooKeeperError } from '../../src/index.ts';
import { seeded } from '../support/random-writes.ts';
import { startFakeServer } from './fake-server.ts';
import { mutate } from './mutate.ts';

const SOAK = process.env.MESHKEEPER_SOAK === '1';
const FRAMES = SOAK ? 1_000_000 : 2_000;
const HANDSHAKES = SOAK ? 20_000 : 300;
const SEED = Number(process.env.MESHKEEPER_SEED ?? 20_263);
/** Bytes that the heap may grow by from the first tenth of the frames to the last. */
const GROWTH = 8_000_000;

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

/** One of each kind of answer; eight frames come back, with the notification. */
function calls(zk: ZooKeeper): Promise<unknown>[] {
  return [
    zk.exists('/a', { watch }),
    zk.get('/a'),
    zk.children('/a'),
    zk.multi([
      { op: 'create', path: '/a' },
      { op: 'set', path: '/a', data: 'x' },
    ]),
    zk.multiRead([
      { op: 'get', path: '/a' },
      { op: 'children', path: '/b' },
    ]),
    zk.getAcl('/a'),
    zk.delete('/a'),
  ];
}
const ANSWERS = 8;
const watch = () => {};

test(`${FRAMES} broken answers: a typed error or a clean close each`, {
  timeout: 3_600_000,
}, async (t) => {
  const random = seeded(SEED);
  const breaker = (frame: Buffer, nth: number) => {
    if (nth === 0 || random() > 2 / ANSWERS) return { frame, last: nth === ANSWERS };
    return { frame: mutate(frame, random), last: true };
  };
  let broken = 0;
  await using server = await startFakeServer((frame, nth) => {
    const out = breaker(frame, nth);
    if (out.frame !== frame) broken++;
    return out;
  });
  await using zk = await connect({ connect: server.connect, reconnectJitter: 0 });
  const codes = new Map<string, number>();
  let heap: number | undefined;
  while (broken < FRAMES) {
    for (const result of await Promise.allSettled(calls(zk))) {
      if (result.status === 'fulfilled') continue;
      const { reason } = result;
      assert.ok(reason instanceof ZooKeeperError, String(reason?.stack ?? reason));
      codes.set(reason.code, (codes.get(reason.code) ?? 0) + 1);
    }
    if (heap !== undefined || broken < FRAMES / 10) continue;
    gc();
    heap = process.memoryUsage().heapUsed;
  }
  gc();
  const grown = process.memoryUsage().heapUsed - heap!;
  t.diagnostic(`${broken} frames, heap +${Math.round(grown / 1000)} kB, seed ${SEED}`);
  t.diagnostic(JSON.stringify(Object.fromEntries(codes)));
  assert.ok(grown < GROWTH, `the heap grew by ${grown} bytes`);
  assert.ok(codes.get('CONNECTION_LOSS') && codes.get('NO_NODE') && codes.get('MARSHALLING_ERROR'));
});

test(`${HANDSHAKES} broken handshakes: the next one is tried`, { timeout: 3_600_000 }, async () => {
  const random = seeded(SEED);
  let shakes = 0;
  await using server = await startFakeServer((frame, nth) => {
    if (nth > 0 || shakes++ % 2 === 1) return { frame, last: false };
    return { frame: mutate(frame, random), last: true };
  });
  for (let i = 0; i < HANDSHAKES; i++) {
    const zk = await connect({ connect: server.connect, reconnectJitter: 0, onExpired: 'renew' });
    await zk.close();
  }
  assert.ok(shakes >= HANDSHAKES);
});
