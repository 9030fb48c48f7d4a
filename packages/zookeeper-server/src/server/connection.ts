import type { Socket } from 'node:net';
import {
  FrameSplitter,
  MAX_FRAME,
  replyHeader,
  SYNC_CONNECTED,
  type Writer,
  watcherEvent,
  Xid,
} from '@meshkeeper/jute';
import type { AuthId } from '../auth/auth-id.ts';
import type { Client } from '../engine/client.ts';
import type { Event } from '../engine/outcome.ts';
import { Outbox } from './outbox.ts';

/** Where a connection stands. */
export type Phase =
  | { readonly at: 'handshake'; readonly since: number }
  | { readonly at: 'session'; readonly sessionId: bigint; readonly timeout: number }
  /** What is in the outbox still goes out; nothing is read any more. */
  | { readonly at: 'draining'; readonly sessionId: bigint }
  | { readonly at: 'closed' };

/** Who answers what comes on a connection. */
export interface ConnectionHost {
  /** A whole frame came; it may be a view of a larger buffer. */
  frame(connection: Connection, frame: Buffer): void;
  /** The first four bytes of all; true if they were a command rather than a frame's length. */
  word(connection: Connection, word: string): boolean;
  closed(connection: Connection): void;
}

/** Who says when what is written to a connection may be sent. */
export interface Outlet {
  /** The batch of transactions that what is written now depends on. */
  readonly currentBatch: number;
  readonly durableBatch: number;
  /** There is something in the connection's outbox. */
  dirty(connection: Connection): void;
}

/** From this many unsent bytes on nothing more is read of a connection. */
const PAUSE_BYTES = 1 << 20;
/** A client that lets this much pile up will not catch up: events come without being asked for. */
const HOPELESS_BYTES = 64 << 20;
/** Requests of a connection that may wait for durability. */
const MOST_OUTSTANDING = 1000;

/** One client's socket: frames in, replies and events out, with a bound on both. */
export class Connection implements Client {
  readonly remoteAddress: string;
  readonly remotePort: number;
  phase: Phase;
  readonly ids: AuthId[];
  received = 0;
  sent = 0;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #outlet: Outlet;
  readonly #splitter = new FrameSplitter(MAX_FRAME);
  readonly #outbox = new Outbox();
  #outstanding = 0;
  #paused = false;

  constructor(socket: Socket, host: ConnectionHost, outlet: Outlet, now: number) {
    this.#socket = socket;
    this.#host = host;
    this.#outlet = outlet;
    this.phase = { at: 'handshake', since: now };
    this.remoteAddress = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    this.remotePort = socket.remotePort ?? 0;
    this.ids = [{ scheme: 'ip', id: this.remoteAddress }];
    socket.setNoDelay(true);
    socket.once('data', (first) => {
      // A command comes in one piece, and nothing behind it is read.
      if (this.#host.word(this, first.toString('latin1', 0, 4))) return;
      socket.on('data', (chunk) => this.#received(chunk));
      this.#received(first);
    });
    socket.on('drain', () => this.#resume());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.destroy());
  }

  /** 0 while there is no session. */
  get sessionId(): bigint {
    return this.phase.at === 'session' || this.phase.at === 'draining' ? this.phase.sessionId : 0n;
  }

  /** Requests whose replies wait. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Whether something in the outbox could not be sent yet. */
  get waiting(): boolean {
    return this.#outbox.size > 0;
  }

  /** Writes a reply; `body` writes what follows the header. */
  reply(xid: number, zxid: bigint, err: number, body?: (writer: Writer) => void): void {
    if (this.phase.at === 'closed') return;
    this.frame((writer) => {
      replyHeader.write(writer, { xid, zxid, err });
      body?.(writer);
    });
    this.#outstanding++;
    this.sent++;
  }

  /** Sends an event. */
  notify({ type, path, zxid }: Event<Connection>): void {
    if (this.phase.at !== 'session') return;
    this.frame((writer) => {
      replyHeader.write(writer, { xid: Xid.NOTIFICATION, zxid, err: 0 });
      watcherEvent.write(writer, { type, state: SYNC_CONNECTED, path });
    });
    this.sent++;
    if (this.#outbox.size + this.#socket.writableLength > HOPELESS_BYTES) this.destroy();
  }

  /** Writes one frame. */
  frame(write: (writer: Writer) => void): void {
    if (this.phase.at === 'closed') return;
    const writer = this.#outbox.writer(this.#outlet.currentBatch);
    const start = writer.begin();
    write(writer);
    writer.end(start);
    this.#outlet.dirty(this);
  }

  /** Sends what may be sent. */
  flush(): void {
    if (this.phase.at === 'closed') return;
    const free = this.#outbox.take(this.#outlet.durableBatch);
    if (free.length > 0) {
      this.#socket.cork();
      for (const bytes of free) this.#socket.write(bytes);
      this.#socket.uncork();
    }
    if (this.#outbox.size > 0) return;
    this.#outstanding = 0;
    if (this.phase.at === 'draining') {
      this.#socket.destroySoon();
      return;
    }
    this.#resume();
  }

  /** Sends text and closes: the answer to a four-letter word. */
  endWith(text: string): void {
    this.phase = { at: 'draining', sessionId: 0n };
    this.#socket.end(text);
  }

  /** Reads nothing more, and closes when all is sent. */
  drain(): void {
    if (this.phase.at === 'closed') return;
    this.phase = { at: 'draining', sessionId: this.sessionId };
    this.#socket.pause();
    this.#outlet.dirty(this);
  }

  /** Closes at once. */
  destroy(): void {
    if (this.phase.at === 'closed') return;
    this.#host.closed(this);
    this.phase = { at: 'closed' };
    this.#socket.destroy();
  }

  #received(chunk: Buffer): void {
    this.#splitter.add(chunk);
    this.#read();
  }

  #read(): void {
    try {
      for (;;) {
        if (this.phase.at === 'closed' || this.phase.at === 'draining') return;
        if (this.#blocked()) {
          this.#paused = true;
          this.#socket.pause();
          return;
        }
        const frame = this.#splitter.next();
        if (frame === undefined) return;
        this.received++;
        this.#host.frame(this, frame);
      }
    } catch {
      // Whoever sends what is no frame can't be answered in frames.
      this.destroy();
    }
  }

  #blocked(): boolean {
    return (
      this.#outstanding >= MOST_OUTSTANDING ||
      this.#outbox.size + this.#socket.writableLength >= PAUSE_BYTES
    );
  }

  #resume(): void {
    if (!this.#paused || this.phase.at === 'closed' || this.#blocked()) return;
    this.#paused = false;
    this.#read();
    if (!this.#paused && this.phase.at !== 'draining') this.#socket.resume();
  }
}
