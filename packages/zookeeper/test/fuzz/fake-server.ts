import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import {
  connectResponse,
  EventType,
  FrameSplitter,
  JuteError,
  MAX_FRAME,
  operationOf,
  operations,
  Reader,
  replyHeader,
  requestHeader,
  type Stat,
  SYNC_CONNECTED,
  Writer,
  watcherEvent,
  Xid,
} from '@meshkeeper/jute';

/** What a frame is that is sent. */
export interface Place {
  readonly handshake: boolean;
  /** The first one that answers what came together. */
  readonly first: boolean;
}

/** What becomes of a frame that is sent; after the `last` one the connection is ended. */
export type Breaker = (
  frame: Buffer,
  place: Place,
) => { readonly frame: Buffer; readonly last: boolean };

const stat: Stat = {
  czxid: 1n,
  mzxid: 2n,
  ctime: 1,
  mtime: 2,
  version: 3,
  cversion: 4,
  aversion: 5,
  ephemeralOwner: 0n,
  dataLength: 4,
  numChildren: 2,
  pzxid: 6n,
};
const data = Buffer.from('data');
const children = ['one', 'two'];

/** A server that answers every call the same, through a breaker. */
export async function startFakeServer(breaker: Breaker) {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => {});
    const send = (frame: Buffer, place: Place) => {
      if (!socket.writable) return;
      const broken = breaker(frame, place);
      const length = Buffer.alloc(4);
      // The frame is what it was said to be, or the other way round, as the breaker has it.
      length.writeInt32BE(broken.frame.length);
      socket.write(Buffer.concat([length, broken.frame]));
      if (broken.last) socket.end();
    };
    let shaken = false;
    const splitter = new FrameSplitter(MAX_FRAME);
    const received = (chunk: Buffer) => {
      let first = true;
      splitter.push(chunk, (frame) => {
        if (shaken) {
          for (const answer of answersTo(frame)) {
            send(answer, { handshake: false, first });
            first = false;
          }
        } else send(handshake(), { handshake: true, first });
        shaken = true;
      });
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        received(chunk);
      } catch (error) {
        // `isro`: a broken handshake has said that the server is read-only.
        if (!(error instanceof JuteError)) throw error;
        socket.destroy();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    connect: `127.0.0.1:${port},127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}

function handshake(): Buffer {
  const writer = new Writer();
  connectResponse.write(writer, {
    protocolVersion: 0,
    timeout: 20_000,
    sessionId: 7n,
    password: Buffer.alloc(16, 1),
    readOnly: false,
  });
  return writer.take();
}

function* answersTo(frame: Buffer): Generator<Buffer> {
  const { xid, type } = requestHeader.read(new Reader(frame));
  const writer = new Writer();
  replyHeader.write(writer, { xid, zxid: 9n, err: type === operations.delete.opcode ? -101 : 0 });
  switch (operationOf(type)) {
    case 'exists':
      operations.exists.response.write(writer, { stat });
      break;
    case 'getData':
      operations.getData.response.write(writer, { data, stat });
      break;
    case 'getChildren2':
      operations.getChildren2.response.write(writer, { children, stat });
      break;
    case 'multi':
      operations.multi.response.write(writer, [
        { op: 'create2', response: { path: '/a', stat } },
        { op: 'setData', response: { stat } },
      ]);
      break;
    case 'multiRead':
      operations.multiRead.response.write(writer, [
        { op: 'getData', response: { data, stat } },
        { op: 'error', err: -101 },
      ]);
      break;
    case 'getACL': {
      const acl = [{ perms: 31, scheme: 'world', id: 'anyone' }];
      operations.getACL.response.write(writer, { acl, stat });
      break;
    }
  }
  yield writer.take();
  if (operationOf(type) !== 'exists') return;
  replyHeader.write(writer, { xid: Xid.NOTIFICATION, zxid: 9n, err: 0 });
  const event = { type: EventType.NODE_DATA_CHANGED, state: SYNC_CONNECTED, path: '/a' };
  watcherEvent.write(writer, event);
  yield writer.take();
}
