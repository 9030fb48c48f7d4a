import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  type ConnectRequest,
  type ConnectResponse,
  connectRequest,
  connectResponse,
  ErrorCode,
  errorName,
  OPEN_ACL,
  type OperationName,
  Reader,
  type RequestOf,
  type ResponseOf,
  replyHeader,
  requestHeader,
  rowOf,
  Writer,
  watcherEvent,
} from '@meshkeeper/jute';

/** A reply: header, and the body if there was no error. */
export interface Reply<N extends OperationName> {
  readonly err: number;
  readonly zxid: bigint;
  readonly response: ResponseOf<N> | undefined;
}

export interface RawEvent {
  readonly type: number;
  readonly path: string;
  readonly zxid: bigint;
}

export interface RawOptions {
  readonly timeout?: number;
  readonly sessionId?: bigint;
  readonly password?: Buffer | null;
  readonly lastZxidSeen?: bigint;
  readonly readOnly?: boolean | undefined;
}

interface Pending {
  readonly op: OperationName;
  readonly xid: number;
  readonly resolve: (reply: Reply<OperationName>) => void;
  readonly reject: (error: Error) => void;
}

/** The least client that speaks the protocol: one connection, replies in order, events in a list. */
export class RawClient implements AsyncDisposable {
  readonly events: RawEvent[] = [];
  /** Replies and events as they came: `event:<path>` or `reply:<op>`. */
  readonly order: string[] = [];
  session!: ConnectResponse;
  readonly #socket: Socket;
  readonly #pending: Pending[] = [];
  #received: Buffer = Buffer.alloc(0);
  #hello: PromiseWithResolvers<ConnectResponse> | undefined;
  #xid = 0;
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#data(chunk));
    socket.on('error', () => {});
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    this.closed = closed.then(() => {
      const error = new Error('connection closed');
      for (const pending of this.#pending.splice(0)) pending.reject(error);
      this.#hello?.reject(error);
    });
  }

  /** Connects and shakes hands; rejects if the server closes instead. */
  static async connect(port: number, options: RawOptions = {}): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const client = new RawClient(socket);
    const hello = Promise.withResolvers<ConnectResponse>();
    client.#hello = hello;
    const request: ConnectRequest = {
      protocolVersion: 0,
      lastZxidSeen: options.lastZxidSeen ?? 0n,
      timeout: options.timeout ?? 10_000,
      sessionId: options.sessionId ?? 0n,
      password: options.password ?? Buffer.alloc(16),
      readOnly: 'readOnly' in options ? options.readOnly : false,
    };
    const writer = new Writer();
    const start = writer.begin();
    connectRequest.write(writer, request);
    writer.end(start);
    socket.write(writer.take());
    client.session = await hello.promise;
    return client;
  }

  /** Sends a request; resolves with whatever the server answers. */
  send<N extends OperationName>(op: N, request: RequestOf<N>, xid?: number): Promise<Reply<N>> {
    const writer = new Writer();
    const start = writer.begin();
    this.#xid++;
    const id = xid ?? this.#xid;
    requestHeader.write(writer, { xid: id, type: rowOf(op).opcode });
    rowOf(op).request.write(writer, request);
    writer.end(start);
    const { promise, resolve, reject } = Promise.withResolvers<Reply<N>>();
    // Each pending entry resolves with its own operation's reply.
    this.#pending.push({ op, xid: id, resolve: resolve as Pending['resolve'], reject });
    this.#socket.write(writer.take());
    return promise;
  }

  /** Sends a request and gives its response; throws the error's name. */
  async call<N extends OperationName>(op: N, request: RequestOf<N>): Promise<ResponseOf<N>> {
    const reply = await this.send(op, request);
    if (reply.err !== ErrorCode.OK) throw new Error(errorName(reply.err) ?? String(reply.err));
    return reply.response as ResponseOf<N>; // Without an error there is a body.
  }

  create(path: string, data = '', flags = 0): Promise<ResponseOf<'create2'>> {
    return this.call('create2', { path, data: Buffer.from(data), acl: OPEN_ACL, flags });
  }

  async text(path: string): Promise<string | undefined> {
    const { data } = await this.call('getData', { path, watch: false });
    return data?.toString();
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Stops reading, so that what the server sends piles up. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Cuts the connection without closing the session. */
  async cut(): Promise<void> {
    this.#socket.destroy();
    await this.closed;
  }

  async close(): Promise<void> {
    if (!this.#socket.destroyed) await this.send('closeSession', undefined).catch(() => {});
    await this.cut();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #data(chunk: Buffer): void {
    this.#received = this.#received.length ? Buffer.concat([this.#received, chunk]) : chunk;
    let at = 0;
    while (this.#received.length - at >= 4) {
      const end = at + 4 + this.#received.readInt32BE(at);
      if (end > this.#received.length) break;
      this.#frame(new Reader(this.#received, at + 4, end));
      at = end;
    }
    this.#received = this.#received.subarray(at);
  }

  #frame(reader: Reader): void {
    if (this.#hello) {
      const hello = this.#hello;
      this.#hello = undefined;
      hello.resolve(connectResponse.read(reader));
      return;
    }
    const { xid, zxid, err } = replyHeader.read(reader);
    if (xid === -1) {
      const { type, path } = watcherEvent.read(reader);
      this.events.push({ type, path, zxid });
      this.order.push(`event:${path}`);
      return;
    }
    const pending = this.#pending.shift();
    if (pending?.xid !== xid) throw new Error(`reply to ${xid}, expected ${pending?.xid}`);
    const { op, resolve } = pending;
    this.order.push(`reply:${op}`);
    const body = err === 0 ? rowOf(op).response.read(reader) : undefined;
    // Read by the row of the operation that it answers.
    resolve({ err, zxid, response: body as ResponseOf<OperationName> | undefined });
  }
}
