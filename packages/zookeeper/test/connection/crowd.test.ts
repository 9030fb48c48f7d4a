import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import {
  connectResponse,
  FrameSplitter,
  MAX_FRAME,
  operations,
  Reader,
  replyHeader,
  requestHeader,
  Writer,
} from '@meshkeeper/jute';
import { connect } from '../../src/index.ts';

/** Answers one by one, each in a turn of the event loop of its own; tells how many came together. */
async function startSlowServer() {
  const together: number[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    const splitter = new FrameSplitter(MAX_FRAME);
    const answers: Buffer[] = [];
    let shaken = false;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      let count = 0;
      splitter.push(chunk, (frame) => {
        count++;
        answers.push(shaken ? answerTo(frame) : hello());
        shaken = true;
      });
      together.push(count);
      if (answers.length === count) setImmediate(answerNext, socket, answers);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    connect: `127.0.0.1:${port}`,
    together,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

function answerNext(socket: Socket, answers: Buffer[]): void {
  const answer = answers.shift();
  if (answer === undefined || !socket.writable) return;
  socket.write(answer);
  if (answers.length > 0) setImmediate(answerNext, socket, answers);
}

function hello(): Buffer {
  return framed((writer) =>
    connectResponse.write(writer, {
      protocolVersion: 0,
      timeout: 20_000,
      sessionId: 7n,
      password: Buffer.alloc(16, 1),
      readOnly: false,
    }),
  );
}

function answerTo(frame: Buffer): Buffer {
  const { xid, type } = requestHeader.read(new Reader(frame));
  return framed((writer) => {
    replyHeader.write(writer, { xid, zxid: 9n, err: 0 });
    if (type === operations.sync.opcode) operations.sync.response.write(writer, { path: '/' });
  });
}

function framed(write: (writer: Writer) => void): Buffer {
  const writer = new Writer();
  const start = writer.begin();
  write(writer);
  writer.end(start);
  return writer.take();
}

const many = 256;

async function keep(window: number, count: number): Promise<number> {
  await using server = await startSlowServer();
  await using zk = await connect({ connect: server.connect });
  let left = count;
  const slot = async () => {
    while (left-- > 0) await zk.sync();
  };
  await Promise.all(Array.from({ length: window }, slot));
  // Not what began it all, nor the end of the session.
  return Math.max(...server.together.slice(2, -1));
}

test('with many in flight, answers that come one by one are read in batches', async () => {
  assert.ok((await keep(many, 5_000)) >= 8);
});

test('with few in flight, each answer is read as it comes', async () => {
  assert.ok((await keep(16, 1_000)) <= 3);
});
