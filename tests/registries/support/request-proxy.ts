import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import {
  ErrorCode,
  FrameSplitter,
  type OperationName,
  operationOf,
  Reader,
  replyHeader,
  requestHeader,
  rowOf,
  Writer,
} from '@meshkeeper/jute';

const MAX_FRAME = 2 ** 26;

/** A request of a client, as it went over the wire. */
export interface SeenRequest {
  readonly op: OperationName;
  /** What is asked about: of a multiRead each of its parts, of setWatches everything watched. */
  readonly paths: readonly string[];
  /** Bytes of its frame. */
  readonly size: number;
}

/** How a request proxy is started. */
export interface RequestProxyOptions {
  /** Is asked to wait before a request goes on to the server. */
  readonly before?: (request: SeenRequest) => Promise<void> | undefined;
  /** Answers addWatch with UNIMPLEMENTED and ends the connection, as servers before 3.6 do. */
  readonly old?: boolean;
}

/** Stands before a server, and knows each request. */
export interface RequestProxy extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly connect: string;
  /** Everything that was asked since {@link forget}, pings and the like left out. */
  readonly requests: readonly SeenRequest[];
  /** The most requests that were unanswered at a time since {@link forget}. */
  readonly mostInFlight: number;
  /** Begins to count anew. */
  forget(): void;
  /** How many znodes were read, by whatever request. */
  reads(): number;
}

/** Starts a {@link RequestProxy}. */
export async function startRequestProxy(
  target: { readonly host: string; readonly port: number },
  { before, old = false }: RequestProxyOptions = {},
): Promise<RequestProxy> {
  const open = new Set<Socket>();
  let requests: SeenRequest[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ ...target, noDelay: true });
    let unanswered = 0;
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
        inFlight -= unanswered;
        unanswered = 0;
      });
    }
    let greeted = false;
    let line: Promise<void> | undefined;
    const frames = new FrameSplitter(MAX_FRAME);
    client.on('data', (chunk: Buffer) =>
      frames.push(chunk, (frame) => {
        const request = greeted ? seen(frame) : undefined;
        greeted = true;
        if (request !== undefined) {
          requests.push(request);
          unanswered++;
          mostInFlight = Math.max(mostInFlight, ++inFlight);
          if (old && request.op === 'addWatch') {
            client.end(unimplemented(frame));
            return;
          }
        }
        const pass = () => void upstream.write(framed(frame));
        const wait = request && before?.(request);
        if (line === undefined && wait === undefined) return pass();
        line = Promise.all([line, wait]).then(pass);
      }),
    );
    let answered = false;
    const replies = new FrameSplitter(MAX_FRAME);
    upstream.on('data', (chunk: Buffer) => {
      replies.push(chunk, (frame) => {
        if (answered && replyHeader.read(new Reader(frame)).xid > 0) {
          unanswered--;
          inFlight--;
        }
        answered = true;
      });
      if (!client.writableEnded) client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // of a TCP server
  return {
    connect: `127.0.0.1:${port}`,
    get requests() {
      return requests;
    },
    get mostInFlight() {
      return mostInFlight;
    },
    forget() {
      requests = [];
      mostInFlight = inFlight;
    },
    reads: () =>
      requests
        .filter(({ op }) => ['getData', 'multiRead'].includes(op))
        .reduce((sum, { paths }) => sum + paths.length, 0),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** The request in a frame; undefined of pings, credentials and what is not known. */
function seen(frame: Buffer): SeenRequest | undefined {
  const reader = new Reader(frame);
  const { type, xid } = requestHeader.read(reader);
  const op = operationOf(type);
  if (op === undefined || op === 'ping' || op === 'auth') return undefined;
  if (xid <= 0 && !op.startsWith('setWatches')) return undefined;
  return { op, paths: pathsIn(rowOf(op).request.read(reader)), size: frame.length };
}

/** All paths in a request, wherever it has them. */
function pathsIn(request: unknown): string[] {
  if (typeof request === 'string') return request.startsWith('/') ? [request] : [];
  if (typeof request !== 'object' || request === null || Buffer.isBuffer(request)) return [];
  return Object.values(request).flatMap(pathsIn);
}

function unimplemented(frame: Buffer): Buffer {
  const { xid } = requestHeader.read(new Reader(frame));
  const writer = new Writer(16);
  replyHeader.write(writer, { xid, zxid: 0n, err: ErrorCode.UNIMPLEMENTED });
  return framed(Buffer.from(writer.take()));
}

function framed(frame: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(frame.length);
  return Buffer.concat([length, frame]);
}
