import type { Socket } from 'node:net';
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
import { ZooKeeperError } from '../zookeeper-error.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Request } from './request.ts';
import { toError } from './to-error.ts';
import type { Wire } from './wire.ts';

/** What a connection tells its session. None of these may throw. */
export interface ConnectionListener {
  /** A transaction id that the server has reached; only positive ones are told. */
  reached(zxid: bigint): void;
  notified(event: ValueOf<typeof watcherEvent>, zxid: bigint): void;
  /** A request is in flight no more: there is room for another. */
  answered(): void;
  /**
   * The end: once, after the requests in flight have failed. `lastHeard`: when the server last said
   * something, of `performance.now()`.
   */
  lost(cause: Error, lastHeard: number): void;
}

/** What was sent in one write, and when: of `performance.now()`; 0 before. */
interface Batch {
  at: number;
}

/** Larger than a server's default, because a list of children may be. */
const MAX_REPLY = 64 * 1024 * 1024;
const MAX_XID = 0x7fff_ffff;
/** From so many requests in flight on, answers that come one by one are read in batches. */
const CROWD = 128;
/** Milliseconds between two such batches: servers answer fewer than a crowd in it. */
const REST = 1;
/** Bytes read at once that say that nothing needs to gather any more. */
const BATCH = 16 * 1024;
/** Bytes of a reply without a body: no answer to a handshake. */
const BARE_REPLY = 16;

/**
 * One TCP connection to one server, from the handshake to its end. Answers come in the order of
 * requests; one that doesn't, or that can't be read, ends the connection.
 */
export class Connection {
  readonly #socket: Socket;
  /** Over TLS, Node reads on while nobody listens: nothing is gained by it. */
  readonly #mayRest: boolean;
  readonly #splitter = new FrameSplitter(MAX_REPLY);
  #writer = new Writer(4096);
  /** Requests in flight, oldest at `#head`. */
  #pending: { readonly xid: number; readonly request: Request; readonly batch: Batch }[] = [];
  /** What the next write sends. */
  #batch: Batch = { at: 0 };
  #head = 0;
  #xid = 0;
  #flushing = false;
  #resting: NodeJS.Timeout | undefined;
  #handshake: ((response: ConnectResponse) => void) | undefined;
  #listener: ConnectionListener | undefined;
  #heartbeat: Heartbeat | undefined;
  #end: Error | undefined;
  /** Set once no more requests may come: what ends the connection after the last answer. */
  #retired: Error | undefined;

  /** `wire`: nobody else's. */
  constructor(wire: Wire) {
    const { socket } = wire;
    this.#socket = socket;
    this.#mayRest = wire.pauses;
    socket.setNoDelay(true);
    wire.receive((chunk) => this.#received(chunk));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy(new Error('the server closed the connection')));
  }

  /**
   * The handshake. The response may say that the session is gone (timeout 0): that is for the caller
   * to see. Rejects when the connection ends before.
   */
  shakeHands(hello: ConnectRequest): Promise<ConnectResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<ConnectResponse>();
    this.#handshake = resolve;
    this.#listener = { reached() {}, notified() {}, answered() {}, lost: reject };
    const start = this.#writer.begin();
    connectRequest.write(this.#writer, hello);
    this.#writer.end(start);
    this.#flush();
    return promise;
  }

  /**
   * Starts the life after the handshake. `timeout`: the session's, in milliseconds.
   * @throws what has ended the connection already.
   */
  start(timeout: number, listener: ConnectionListener): void {
    if (this.#end !== undefined) throw this.#end;
    this.#listener = listener;
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
    this.#pending.push({ xid, request, batch: this.#batch });
    if (this.#flushing) return;
    this.#flushing = true;
    process.nextTick(() => this.#flush());
  }

  /**
   * Ends the connection once everything in flight is answered. Send nothing more. The heartbeat sees
   * to a server that does not answer.
   */
  retire(cause: Error): void {
    this.#retired = cause;
    if (this.inFlight === 0) this.destroy(cause);
  }

  /** Ends the connection at once: what is in flight fails with CONNECTION_LOSS. Idempotent. */
  destroy(cause: Error): void {
    if (this.#end !== undefined) return;
    this.#end = cause;
    this.#heartbeat?.stop();
    clearTimeout(this.#resting);
    this.#socket.destroy();
    const pending = this.#pending.slice(this.#head);
    this.#pending = [];
    this.#head = 0;
    for (const { request } of pending) request.fail(lossOf(request, cause));
    this.#listener?.lost(cause, this.#heartbeat?.lastHeard ?? performance.now());
  }

  #nextXid(): number {
    this.#xid = this.#xid === MAX_XID ? 1 : this.#xid + 1;
    return this.#xid;
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#end !== undefined || this.#writer.length === 0) return;
    this.#socket.write(this.#writer.take());
    this.#batch.at = this.#heartbeat?.sent() ?? 0;
    this.#batch = { at: 0 };
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
    if (this.#mayRest && this.inFlight >= CROWD && chunk.length < BATCH) this.#rest();
  }

  /**
   * Lets answers gather for a moment when many are still to come. A server sends each by itself, and to
   * wake up for one costs ten times what it takes to read it.
   */
  #rest(): void {
    if (this.#resting !== undefined) return;
    this.#socket.pause();
    this.#resting = setTimeout(() => {
      this.#socket.resume();
      // Not before everything that is there now has been read.
      setImmediate(() => {
        this.#resting = undefined;
      });
    }, REST);
  }

  /**
   * An operation that a server doesn't know it refuses as it reads it, before it has answered what
   * came earlier, and hangs up. Without this two who ask for watches that an old server doesn't have
   * would lose their answers to one another.
   */
  #refuse(xid: number): boolean {
    const at = this.#pending.findIndex((each, i) => i >= this.#head && each.xid === xid);
    const [refused] = at < 0 ? [] : this.#pending.splice(at, 1);
    if (refused === undefined) return false;
    const { operation, path } = refused.request;
    const err = ErrorCode.UNIMPLEMENTED;
    refused.request.fail(ZooKeeperError.ofReply(err, { operation, path }), err);
    this.#listener?.answered();
    return true;
  }

  #frame(frame: Buffer): void {
    const reader = new Reader(frame);
    if (this.#handshake !== undefined) {
      const shake = this.#handshake;
      this.#handshake = undefined;
      if (frame.length === BARE_REPLY) throw refusedSession(replyHeader.read(reader).err);
      shake(connectResponse.read(reader));
      return;
    }
    const { xid, zxid, err } = replyHeader.read(reader);
    if (xid === Xid.NOTIFICATION) {
      this.#listener?.notified(watcherEvent.read(reader), zxid);
      return;
    }
    const next = this.#pending[this.#head];
    if (next === undefined || next.xid !== xid) {
      if (err === ErrorCode.UNIMPLEMENTED && this.#refuse(xid)) return;
      throw new Error(`the server answered request ${xid}, not ${next?.xid ?? 'any'}`);
    }
    this.#heartbeat?.answered(next.batch.at);
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
      const error = ZooKeeperError.ofReply(err, { operation, path });
      request.fail(error, err);
      // It says the same to whatever else is asked, and hangs up.
      if (err === ErrorCode.SESSION_CLOSED_REQUIRE_SASL_AUTH) this.destroy(error);
    } else request.succeed(answerOf(request, reader), zxid);
    this.#listener?.answered();
    if (this.#retired !== undefined && this.inFlight === 0) this.destroy(this.#retired);
  }
}

/** The response in a reply. One that can't be read fails its request, and the connection after it. */
function answerOf(request: Request, reader: Reader): unknown {
  try {
    return request.row.response.read(reader);
  } catch (cause) {
    const { operation, path } = request;
    const detail = "the server's answer can't be read";
    request.fail(new ZooKeeperError('MARSHALLING_ERROR', { operation, path, detail, cause }));
    throw cause;
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

/** Read-only servers of 3.9 answer a handshake so, unless they may have local sessions. */
function refusedSession(err: number): ZooKeeperError {
  const detail =
    err === ErrorCode.NOT_READONLY
      ? 'a read-only server takes sessions with localSessionsEnabled=true only'
      : undefined;
  return ZooKeeperError.ofReply(err, { operation: 'connect', detail });
}

function lossOf({ operation, path }: Request, cause: Error): ZooKeeperError {
  return new ZooKeeperError('CONNECTION_LOSS', { operation, path, cause });
}
