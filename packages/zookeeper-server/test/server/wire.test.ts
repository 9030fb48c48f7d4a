import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ErrorCode, Writer } from '@meshkeeper/jute';
import { startZooKeeperServer, type ZooKeeperServer } from '../../src/index.ts';
import { RawClient } from '../raw-client.ts';

let server: ZooKeeperServer;
let port: number;

before(async () => {
  server = await startZooKeeperServer({
    port: 0,
    tickTime: 100,
    fourLetterWords: ['ruok', 'srvr', 'mntr', 'isro', 'conf', 'stat', 'cons', 'wchs'],
    superDigest: `super:${createHash('sha1').update('super:test').digest('base64')}`,
  });
  port = server.address.port;
});
after(() => server.close());

/** Sends bytes and gives everything that comes back until the server closes. */
async function exchange(bytes: Uint8Array | string, to = port): Promise<Buffer> {
  const socket = connect(to, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

function connectFrame(readOnly: boolean, fields: { zxid?: bigint; sid?: bigint } = {}): Buffer {
  const writer = new Writer();
  const start = writer.begin();
  writer.int(0);
  writer.long(fields.zxid ?? 0n);
  writer.int(10_000);
  writer.long(fields.sid ?? 0n);
  writer.buffer(Buffer.alloc(16));
  if (readOnly) writer.bool(false);
  writer.end(start);
  return writer.take();
}

describe('the handshake', () => {
  test('clamps the timeout to 2 and 20 ticks and gives a secret of its own to every session', async () => {
    await using short = await RawClient.connect(port, { timeout: 1 });
    await using long = await RawClient.connect(port, { timeout: 1_000_000 });
    assert.equal(short.session.timeout, 200);
    assert.equal(long.session.timeout, 2_000);
    assert.notDeepEqual(short.session.password, long.session.password);
    assert.equal(short.session.sessionId >> 56n, 1n);
  });

  test('answers 37 bytes, and 36 to a client without readOnly', async () => {
    for (const readOnly of [true, false]) {
      const socket = connect(port, '127.0.0.1');
      socket.write(connectFrame(readOnly));
      const [reply] = await once(socket, 'data');
      assert.equal(reply.length - 4, readOnly ? 37 : 36);
      socket.destroy();
    }
  });

  test('byte by byte is as good as in one piece', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    const ping = Buffer.from([0, 0, 0, 8, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 11]);
    for (const byte of Buffer.concat([connectFrame(true), ping, ping])) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    let received = 0;
    for await (const chunk of socket) {
      received += chunk.length;
      if (received === 41 + 2 * 20) break;
    }
    assert.equal(received, 81);
  });

  test('with an unknown session or a wrong password: timeout 0, then the end', async () => {
    const reply = await exchange(connectFrame(true, { sid: 0x1234n }));
    assert.equal(reply.length, 41);
    assert.equal(reply.readInt32BE(8), 0);
    assert.equal(reply.readBigInt64BE(12), 0n);
    await using client = await RawClient.connect(port);
    const { sessionId } = client.session;
    const thief = await RawClient.connect(port, { sessionId, password: Buffer.alloc(16, 1) });
    assert.equal(thief.session.timeout, 0);
    await thief.closed;
    // Whoever failed has not disturbed the owner.
    assert.equal((await client.send('ping', undefined, -2)).err, 0);
  });

  test('of a client that has seen later transactions ends without a word', async () => {
    assert.equal((await exchange(connectFrame(true, { zxid: 1n << 40n }))).length, 0);
  });

  test('moves a session to the connection that comes last', async () => {
    const first = await RawClient.connect(port);
    await first.create('/moves', '', 1);
    const { sessionId, password } = first.session;
    await using second = await RawClient.connect(port, { sessionId, password });
    await first.closed;
    assert.equal(second.session.sessionId, sessionId);
    assert.deepEqual(second.session.password, password);
    assert.deepEqual(await second.call('getEphemerals', { path: '/' }), { ephemerals: ['/moves'] });
  });
});

describe('what no client should send', () => {
  const bad: [string, Buffer][] = [
    ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['a length over jute.maxbuffer', Buffer.from([0, 0x10, 0, 0])],
    ['a handshake that is too short', Buffer.from([0, 0, 0, 4, 0, 0, 0, 0])],
    ['an unknown word', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ];
  for (const [what, bytes] of bad)
    test(`${what} ends the connection without a reply`, async () => {
      assert.equal((await exchange(bytes)).length, 0);
    });

  test('a frame without a whole header ends the connection', async () => {
    const client = await RawClient.connect(port);
    client.raw(Buffer.from([0, 0, 0, 4, 0, 0, 0, 1]));
    await client.closed;
  });

  test('an unknown opcode, and a check outside a multi: -6 with zxid -1, then the end', async () => {
    const reply = await exchange(
      Buffer.concat([connectFrame(true), Buffer.from([0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 3, 0xe7])]),
    );
    assert.equal(reply.readBigInt64BE(41 + 8), -1n);
    assert.equal(reply.readInt32BE(41 + 16), ErrorCode.UNIMPLEMENTED);
    const client = await RawClient.connect(port);
    const { err } = await client.send('check', { path: '/', version: -1 });
    assert.equal(err, ErrorCode.UNIMPLEMENTED);
    await client.closed;
  });

  test('a body that ends too early is answered -5, and the session goes on', async () => {
    const getData = Buffer.from([0, 0, 0, 9, 0, 0, 0, 78, 0, 0, 0, 4, 1]);
    const closeSession = Buffer.from([0, 0, 0, 8, 0, 0, 0, 79, 0xff, 0xff, 0xff, 0xf5]);
    const reply = await exchange(Buffer.concat([connectFrame(true), getData, closeSession]));
    assert.equal(reply.readInt32BE(41 + 4), 78);
    assert.equal(reply.readInt32BE(41 + 16), ErrorCode.MARSHALLING_ERROR);
    assert.equal(reply.readInt32BE(61 + 4), 79);
    assert.equal(reply.readInt32BE(61 + 16), ErrorCode.OK);
    assert.equal(reply.length, 81);
  });
});

describe('four-letter words', () => {
  test('are answered when allowed', async () => {
    assert.equal(String(await exchange('ruok')), 'imok');
    assert.equal(String(await exchange('isro')), 'rw');
    assert.match(
      String(await exchange('srvr')),
      /^Zookeeper version: 3\.9\.5.*\n(?:.*\n)*Mode: standalone\nNode count: \d+\n$/,
    );
    assert.match(String(await exchange('mntr')), /zk_server_state\tstandalone\n/);
    assert.match(String(await exchange('conf')), /tickTime=100\n/);
    assert.match(String(await exchange('stat\n')), /Clients:\n/);
  });

  test('are refused with a sentence when not', async () => {
    assert.match(
      String(await exchange('dump')),
      /^dump is not executed because it is not in the whitelist\.\n$/,
    );
    await using strict = await startZooKeeperServer({ port: 0 });
    assert.match(String(await exchange('ruok', strict.address.port)), /not in the whitelist/);
    assert.match(String(await exchange('srvr', strict.address.port)), /Mode: standalone/);
  });
});

describe('a session', () => {
  test('that stays silent expires, its ephemerals with it, and watchers hear of it', async () => {
    await using watcher = await RawClient.connect(port, { timeout: 2_000 });
    const silent = await RawClient.connect(port, { timeout: 200 });
    await silent.create('/expires', '', 1);
    await watcher.call('exists', { path: '/expires', watch: true });
    await silent.closed;
    while (watcher.events.length === 0) await watcher.send('ping', undefined, -2);
    assert.deepEqual(
      watcher.events.map(({ type, path }) => ({ type, path })),
      [{ type: 2, path: '/expires' }],
    );
  });

  test('gets its events before the reply to the write that caused them', async () => {
    await using client = await RawClient.connect(port);
    await client.send('exists', { path: '/before', watch: true });
    await client.create('/before');
    assert.deepEqual(client.order.slice(-2), ['event:/before', 'reply:create2']);
    const { zxid } = await client.send('getData', { path: '/before', watch: false });
    assert.equal(client.events[0]?.zxid, zxid);
  });

  test('with the administrator’s password is stopped by no ACL', async () => {
    await using client = await RawClient.connect(port);
    const acl = [{ perms: 0, scheme: 'world', id: 'anyone' }];
    await client.call('create', { path: '/closed', data: null, acl, flags: 0 });
    assert.equal(
      (await client.send('getData', { path: '/closed', watch: false })).err,
      ErrorCode.NO_AUTH,
    );
    const auth = Buffer.from('super:test');
    await client.call('auth', { type: 0, scheme: 'digest', auth });
    const { err } = await client.send('getData', { path: '/closed', watch: false });
    const { clientInfo } = await client.call('whoAmI', undefined);
    assert.equal(
      clientInfo.some(({ scheme }) => scheme === 'super'),
      err === 0,
    );
    assert.equal(err, 0);
  });

  test('with a scheme that nobody knows: -115, then the end', async () => {
    const client = await RawClient.connect(port);
    const { err } = await client.send('auth', { type: 0, scheme: 'nosuch', auth: null });
    assert.equal(err, ErrorCode.AUTH_FAILED);
    await client.closed;
  });

  test('that does not take its replies is not read further, and loses none', async () => {
    await using client = await RawClient.connect(port, { timeout: 2_000 });
    await client.create('/big', 'x'.repeat(500_000));
    client.pause();
    const replies = Array.from({ length: 200 }, () =>
      client.send('getData', { path: '/big', watch: false }),
    );
    const before = server.stats().received;
    // The ping of somebody else is answered after what could be read of the other connection.
    await using other = await RawClient.connect(port);
    await other.send('ping', undefined, -2);
    assert.ok(server.stats().received - before < 150, 'reading goes on without end');
    client.resume();
    for (const { response } of await Promise.all(replies))
      assert.equal(response?.data?.length, 500_000);
  });
});
