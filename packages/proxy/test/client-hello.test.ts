import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { MAX_HELLO, readClientHello } from '../src/listen/client-hello.ts';
import { recognize } from '../src/listen/first-bytes.ts';

/** The first bytes of a real client. */
async function hello(servername: string): Promise<Buffer> {
  await using server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(typeof address === 'object' && address);
  const client = connect({ port: address.port, host: '127.0.0.1', servername });
  client.on('error', () => {});
  const [socket]: Socket[] = await once(server, 'connection');
  socket!.on('error', () => {});
  const [bytes] = await once(socket!, 'data');
  client.destroy();
  return bytes as Buffer;
}

/** The same handshake in records of so many bytes. */
function inRecords(bytes: Buffer, size: number): Buffer {
  const message = bytes.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const fragment = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, fragment.length >> 8, fragment.length & 255]), fragment);
  }
  return Buffer.concat(records);
}

test('a client’s server name is read, once all of its hello is there', async () => {
  const bytes = await hello('Name.Example.test');
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(readClientHello(bytes.subarray(0, length)), undefined, `${length} bytes`);
  }
  assert.deepEqual(readClientHello(bytes), { serverName: 'name.example.test' });
  for (const size of [1, 3, 100]) {
    assert.deepEqual(readClientHello(inRecords(bytes, size)), { serverName: 'name.example.test' });
  }
  assert.deepEqual(recognize(await hello('')), { type: 'tls', serverName: undefined });
});

test('what is no hello has no name, and is not waited for', async () => {
  const bytes = await hello('name.test');
  assert.deepEqual(readClientHello(Buffer.from('\x16\x03\x01\0\x05\x02\0\0\x01\0')), {
    serverName: undefined,
  });
  const endless = Buffer.concat([
    Buffer.from([22, 3, 1, 255, 255, 1, 255, 255, 255]),
    Buffer.alloc(MAX_HELLO),
  ]);
  assert.deepEqual(readClientHello(endless), { serverName: undefined });
  // Broken in any place, it is read without a fault, or not at all.
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const broken = Buffer.from(bytes);
      broken[at] = value;
      const found = readClientHello(broken);
      assert(
        found === undefined || found.serverName === undefined || /^[!-~]+$/.test(found.serverName),
      );
    }),
    { numRuns: 2_000 },
  );
});

test('HTTP/2 is known by its preface, and nothing else is taken for it', () => {
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  for (let length = 1; length < preface.length; length++) {
    assert.equal(recognize(preface.subarray(0, length)), undefined);
  }
  assert.deepEqual(recognize(Buffer.concat([preface, Buffer.from('more')])), { type: 'http2' });
  assert.deepEqual(recognize(Buffer.from('PRINT / HTTP/1.1')), { type: 'other' });
  assert.deepEqual(recognize(Buffer.from('G')), { type: 'other' });
});
