import { connect, type Socket } from 'node:net';
import {
  type ConnectRequest,
  type ConnectResponse,
  connectRequest,
  connectResponse,
  ErrorCode,
  FrameSplitter,
  Reader,
  replyHeader,
  requestHeader,
  rowOf,
  type ValueOf,
  Writer,
  watcherEvent,
  Xid,
} from '@meshkeeper/jute';
import type { HostPort } from '../connect-string.ts';
import { ZooKeeperError } from '../zookeeper-error.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Request } from './request.ts';

/** What a connection tells its session. None of these may throw. */
export interface ConnectionListener {
  /** A transaction id that the server has reached; only positive ones are told. */
  reached(zxid: bigint): void;
  notified(event: ValueOf<typeof watcherEvent>, zxid: bigint): void;
  /** The end: once, after the requests in flight have failed. */
  lost(cause: Error): void;
}

/** Larger than a server's default, because a list of children may be. */
const MAX_REPLY = 64 * 1024 * 1024;
const MAX_XID = 0x7fff_ffff;

/**
 * One TCP connection to one server, from the handshake to its end. Answers come in the order of
 * requests; one that doesn't, or that can't be read, ends the connection.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #splitter = new FrameSplitter(MAX_REPLY);
  #writer = new Writer(4096);
  /** Requests in flight, oldest at `#head`. */
  #pending: { readonly xid: number; readonly request: Request }[] = [];
  #head = 0;
  #xid = 0;
  #flushing = false;
  #handshake: ((response: ConnectResponse) => void) | undefined;
  #listener: ConnectionListener | undefined;
  #heartbeat: Heartbeat | undefined;
  #end: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy(new Error('the server closed the connection')));
  }

  /**
   * Connects and shakes hands. The response may say that the session is gone (timeout 0): that is
   * for the caller to see. The signal ends the attempt.
   */
  static async open(
    host: HostPort,
    hello: ConnectRequest,
    signal: AbortSignal,
  ): Promise<{ connection: Connection; response: ConnectResponse }> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<ConnectResponse>();
    const connection = new Connection(connect({ host: host.host, port: host.port }));
    const abort = () => connection.destroy(toError(signal.reason));
    signal.addEventListener('abort', abort, { once: true });
    connection.#handshake = resolve;
    connection.#listener = { reached() {}, notified() {}, lost: reject };
    const start = connection.#writer.begin();
    connectRequest.write(connection.#writer, hello);
    connection.#writer.end(start);
    connection.#socket.once('connect', () => connection.#flush());
    try {
      return { connection, response: await promise };
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Starts the life after the handshake. `timeout`: the session's, in milliseconds. */
  start(timeout: number, listener: ConnectionListener): void {
    this.#listener = listener;
    if (this.#end !== undefined) {
      listener.lost(this.#end);
      return;
    }
    this.#heartbeat = new Heartbeat(timeout, {
      ping: () => this.send(ping),
      dead: (idle) =>
        this.destroy(new Error(`nothing heard from the server for ${Math.round(idle)} ms`)),
    });
  }

  /** Requests whose answer has not come. */
  get inFlight(): number {
    return this.#pending.length - this.#head;
  }

  /** Sends a request with those of the same tick, in one write. One that can't be written fails. */
  send(request: Request): void {
    if (this.#end !== undefined) {
      request.fail(lossOf(request, this.#end));
      return;
    }
    const xid = request.xid ?? this.#nextXid();
    const before = this.#writer.length;
    try {
      const start = this.#writer.begin();
      requestHeader.write(this.#writer, { xid, type: request.row.opcode });
      request.row.request.write(this.#writer, request.body);
      this.#writer.end(start);
    } catch (cause) {
      this.#writer.truncate(before);
      const { operation, path } = request;
      const detail = `the request can't be written: ${toError(cause).message}`;
      request.fail(new ZooKeeperError('INVALID_ARGUMENT', { operation, path, detail, cause }));
      return;
    }
    this.#pending.push({ xid, request });
    if (this.#flushing) return;
    this.#flushing = true;
    process.nextTick(() => this.#flush());
  }

  /** Ends the connection at once: what is in flight fails with CONNECTION_LOSS. Idempotent. */
  destroy(cause: Error): void {
    if (this.#end !== undefined) return;
    this.#end = cause;
    this.#heartbeat?.stop();
    this.#socket.destroy();
    const pending = this.#pending.slice(this.#head);
    this.#pending = [];
    this.#head = 0;
    for (const { request } of pending) request.fail(lossOf(request, cause));
    this.#listener?.lost(cause);
  }

  #nextXid(): number {
    this.#xid = this.#xid === MAX_XID ? 1 : this.#xid + 1;
    return this.#xid;
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#end !== undefined || this.#writer.length === 0) return;
    this.#socket.write(this.#writer.take());
    this.#heartbeat?.sent();
  }

  #received(chunk: Buffer): void {
    this.#heartbeat?.heard();
    try {
      this.#splitter.push(chunk, (frame) => {
        if (this.#end === undefined) this.#frame(frame);
      });
    } catch (error) {
      this.destroy(toError(error));
    }
  }

  #frame(frame: Buffer): void {
    const reader = new Reader(frame);
    if (this.#handshake !== undefined) {
      const shake = this.#handshake;
      this.#handshake = undefined;
      shake(connectResponse.read(reader));
      return;
    }
    const { xid, zxid, err } = replyHeader.read(reader);
    if (xid === Xid.NOTIFICATION) {
      this.#listener?.notified(watcherEvent.read(reader), zxid);
      return;
    }
    const next = this.#pending[this.#head];
    if (next === undefined || next.xid !== xid)
      throw new Error(`the server answered request ${xid}, not ${next?.xid ?? 'any'}`);
    this.#pending[this.#head++] = undefined as never; // frees the request; never read again
    if (this.#head > 1024 && this.#head * 2 > this.#pending.length) {
      this.#pending = this.#pending.slice(this.#head);
      this.#head = 0;
    }
    // auth answers 0 and an unknown operation -1: neither says how far the server is.
    if (zxid > 0n) this.#listener?.reached(zxid);
    const { request } = next;
    if (err !== ErrorCode.OK) {
      const { operation, path } = request;
      request.fail(ZooKeeperError.ofReply(err, { operation, path }), err);
      return;
    }
    request.succeed(request.row.response.read(reader), zxid);
  }
}

const ping: Request = {
  operation: 'ping',
  path: undefined,
  row: rowOf('ping'),
  body: undefined,
  xid: Xid.PING,
  succeed() {},
  fail() {},
};

function lossOf({ operation, path }: Request, cause: Error): ZooKeeperError {
  return new ZooKeeperError('CONNECTION_LOSS', { operation, path, cause });
}

function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
