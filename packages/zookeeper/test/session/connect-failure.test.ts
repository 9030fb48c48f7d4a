import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { freePort } from '@meshkeeper/testbed';
import { connect, isZooKeeperError } from '../../src/index.ts';

test('a connect that times out says why no server could be had', async () => {
  const server = `127.0.0.1:${await freePort()}`;
  const attempt = connect({ connect: server }, { signal: AbortSignal.timeout(300) });
  await assert.rejects(attempt, (error: Error) => {
    assert.equal(error.name, 'TimeoutError');
    assert.match(error.message, new RegExp(`${server}: connect ECONNREFUSED`));
    assert.ok(error.cause instanceof Error && error.cause.cause instanceof Error);
    assert.equal((error.cause.cause as NodeJS.ErrnoException).code, 'ECONNREFUSED');
    return true;
  });
});

test('a name that nobody knows is named', async () => {
  const lookup = () => Promise.reject(new Error('no such name'));
  const signal = AbortSignal.timeout(100);
  const attempt = connect({ connect: 'zk.example:2181', lookup }, { signal });
  await assert.rejects(attempt, /zk\.example:2181: no such name/);
});

test('a server that takes connections and says nothing is named too', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const here = `127.0.0.1:${address.port}`;
  const attempt = connect({ connect: here }, { signal: AbortSignal.timeout(100) });
  await assert.rejects(attempt, new RegExp(`${here}: no answer yet`));
  const short = { connect: here, sessionTimeout: 200 };
  await assert.rejects(connect(short, { signal: AbortSignal.timeout(500) }), /within 200 ms/);
  server.close();
});

test('a read-only server that may not have sessions says what it misses', async () => {
  // As 3.9.5 answers a handshake there: a reply to no request, error -119.
  const reply = Buffer.from('00000010000000000000000000000000ffffff89', 'hex');
  const server = createServer((socket) => socket.once('data', () => socket.end(reply)));
  server.listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const options = { connect: `127.0.0.1:${address.port}`, canBeReadOnly: true };
  const attempt = connect(options, { signal: AbortSignal.timeout(200) });
  await assert.rejects(attempt, /localSessionsEnabled=true only \(NOT_READONLY\)/);
  server.close();
});

test("an abort for the caller's own reason is that reason", async () => {
  const mine = new Error('enough');
  const controller = new AbortController();
  const attempt = connect({ connect: '127.0.0.1:1' }, { signal: controller.signal });
  controller.abort(mine);
  await assert.rejects(attempt, (error) => error === mine);
});

test('options that make no sense are all named', async () => {
  const wrong = { sessionTimeout: 0, maxInFlight: 1.5, maxWaiting: -1 };
  const attempt = connect({ connect: 'a', ...wrong });
  await assert.rejects(attempt, (error) => {
    assert.ok(isZooKeeperError(error, 'INVALID_ARGUMENT'));
    assert.match(error.message, /sessionTimeout is 0.*maxInFlight is 1\.5.*maxWaiting is -1/);
    return true;
  });
});
