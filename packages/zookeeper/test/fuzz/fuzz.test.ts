import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { mutate } from '../../../jute/test/fuzz/mutate.ts';
import { connect } from '../../src/index.ts';
import { seeded } from '../support/random-writes.ts';
import { startFakeServer } from './fake-server.ts';

const SOAK = process.env.MESHKEEPER_SOAK === '1';
const PROCESSES = SOAK ? 4 : 1;
/** Of each process. */
const FRAMES = SOAK ? 250_000 : 5_000;
const HANDSHAKES = SOAK ? 20_000 : 300;
const SEED = Number(process.env.MESHKEEPER_SEED ?? 20_263);
/** Bytes that a heap may grow by from the first tenth of the frames to the last. */
const GROWTH = 4_000_000;
const TYPED = /^[A-Z_]+$/;

async function run(seed: number) {
  const args = [`${FRAMES}`, `${seed}`];
  const child = fork(new URL('./fuzz-process.ts', import.meta.url), args, {
    execArgv: ['--conditions=source', '--expose-gc'],
  });
  const message = once(child, 'message');
  try {
    const code = once(child, 'exit').then(([status]) => status as number);
    const gone = code.then((status) => assert.fail(`it ended with ${status}`));
    return (await Promise.race([message, gone]))[0];
  } finally {
    child.kill();
  }
}

test(`${FRAMES * PROCESSES} broken answers: a typed error or a clean close each`, {
  timeout: 3_600_000,
}, async (t) => {
  const seeds = Array.from({ length: PROCESSES }, (_, i) => SEED + i);
  const results = await Promise.all(seeds.map(run));
  for (const [i, { broken, connections, ends, grown }] of results.entries()) {
    const said = `${broken} frames, ${connections} connections, heap ${grown} bytes more`;
    t.diagnostic(`${said}, seed ${seeds[i]}: ${JSON.stringify(ends)}`);
    assert.ok(broken >= FRAMES);
    assert.deepEqual(
      Object.keys(ends).filter((end) => !TYPED.test(end)),
      [],
    );
    assert.ok(ends.CONNECTION_LOSS && ends.NO_NODE && ends.MARSHALLING_ERROR, 'all kinds of ends');
    assert.ok(connections < broken, 'it stays with a server while it can');
    assert.ok(grown < GROWTH, `the heap grew by ${grown} bytes`);
  }
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
