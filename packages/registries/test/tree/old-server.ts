import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import {
  ErrorCode,
  FrameSplitter,
  Reader,
  replyHeader,
  requestHeader,
  rowOf,
  Writer,
  Xid,
} from '@meshkeeper/jute';

/** A server of today that behaves as one before 3.6. */
export interface OldServer extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly connect: string;
  /** How often it was asked for a watch that it doesn't know. */
  readonly refused: number;
  /** Ends every connection; new ones are accepted. */
  cut(): void;
}

/**
 * Stands before a server: answers addWatch with UNIMPLEMENTED and closes the connection, and leaves
 * the transaction out of watch events, as servers before 3.6 do.
 */
export async function startOldServer(target: {
  readonly host: string;
  readonly port: number;
}): Promise<OldServer> {
  const open = new Set<Socket>();
  let refused = 0;
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ ...target, noDelay: true });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    let greeted = false;
    const requests = new FrameSplitter(2 ** 26);
    client.on('data', (chunk: Buffer) =>
      requests.push(chunk, (frame) => {
        if (greeted) {
          const { xid, type } = requestHeader.read(new Reader(frame));
          if (type === rowOf('addWatch').opcode) {
            refused++;
            client.end(framed(header(xid, 0n, ErrorCode.UNIMPLEMENTED)));
            return;
          }
        }
        greeted = true;
        upstream.write(framed(frame));
      }),
    );
    let answered = false;
    const replies = new FrameSplitter(2 ** 26);
    upstream.on('data', (chunk: Buffer) =>
      replies.push(chunk, (frame) => {
        if (client.writableEnded) return;
        const isEvent = answered && replyHeader.read(new Reader(frame)).xid === Xid.NOTIFICATION;
        answered = true;
        const told = isEvent
          ? Buffer.concat([header(Xid.NOTIFICATION, -1n, 0), frame.subarray(16)])
          : frame;
        client.write(framed(told));
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // of a TCP server
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    connect: `127.0.0.1:${port}`,
    get refused() {
      return refused;
    },
    cut,
    async [Symbol.asyncDispose]() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}

function header(xid: number, zxid: bigint, err: number): Buffer {
  const writer = new Writer(16);
  replyHeader.write(writer, { xid, zxid, err });
  return Buffer.from(writer.take());
}

function framed(frame: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(frame.length);
  return Buffer.concat([length, frame]);
}
