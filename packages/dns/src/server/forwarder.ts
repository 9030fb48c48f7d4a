import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { FLAGS, HEADER } from '../wire/codes.ts';
import type { Query } from '../wire/query.ts';
import type { Transport } from '../wire/response.ts';

/** An address and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** How questions are asked on. */
export interface ForwarderOptions {
  /** Whom to ask, one after the other. */
  readonly servers: readonly HostPort[];
  /** Milliseconds for an answer of one of them. */
  readonly timeout: number;
  /** Questions at once; others are not asked. */
  readonly maxInFlight: number;
}

/**
 * Asks other servers what is in no zone of ours. Each question goes from a port and under an id of its
 * own, and only an answer from there, with that id and to that question, is one.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #stop = new AbortController();
  #inFlight = 0;

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  /** The answer to a query, under the id of the query; undefined: nobody answers, or too much is asked. */
  async ask(query: Query, transport: Transport): Promise<Buffer | undefined> {
    const { servers, timeout, maxInFlight } = this.#options;
    if (this.#inFlight >= maxInFlight) return undefined;
    this.#inFlight++;
    try {
      for (const server of servers) {
        const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeout)]);
        const question = Buffer.from(query.bytes);
        question.writeUInt16BE(randomInt(0x1_0000), 0);
        const asked = transport === 'udp' ? askByUdp : askByTcp;
        const reply = await asked(server, question, query.nameEnd + 4, signal);
        if (this.#stop.signal.aborted) return undefined;
        if (reply === undefined) continue;
        query.bytes.copy(reply, 0, 0, 2);
        return reply;
      }
      return undefined;
    } finally {
      this.#inFlight--;
    }
  }

  /** Gives up what is being asked. */
  close(): void {
    this.#stop.abort();
  }
}

/** Whether `reply` answers `question`, whose own question ends at `end`: also the case of its letters. */
function isReplyTo(reply: Buffer, question: Buffer, end: number): boolean {
  return (
    reply.length >= end &&
    reply.readUInt16BE(0) === question.readUInt16BE(0) &&
    (reply[2]! & FLAGS.RESPONSE) !== 0 &&
    reply.readUInt16BE(4) === 1 &&
    reply.compare(question, HEADER, end, HEADER, end) === 0
  );
}

function askByUdp(
  { host, port }: HostPort,
  question: Buffer,
  end: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const giveUp = () => resolve(undefined);
  signal.addEventListener('abort', giveUp, { once: true });
  socket.on('error', giveUp);
  socket.on('message', (reply) => {
    if (isReplyTo(reply, question, end)) resolve(reply);
  });
  // The system lets through only what comes from there.
  socket.connect(port, host, () => socket.send(question));
  return promise.finally(() => {
    signal.removeEventListener('abort', giveUp);
    socket.close();
  });
}

function askByTcp(
  { host, port }: HostPort,
  question: Buffer,
  end: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const socket = connect({ host, port });
  const giveUp = () => resolve(undefined);
  signal.addEventListener('abort', giveUp, { once: true });
  socket.on('error', giveUp);
  socket.on('close', giveUp);
  let received = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
    const reply = received.subarray(2, 2 + received.readUInt16BE(0));
    resolve(isReplyTo(reply, question, end) ? reply : undefined);
  });
  socket.write(framed(question));
  return promise.finally(() => {
    signal.removeEventListener('abort', giveUp);
    socket.destroy();
  });
}

/** A message with its length before it: RFC 1035 4.2.2. */
export function framed(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(2 + message.length);
  frame.writeUInt16BE(message.length, 0);
  message.copy(frame, 2);
  return frame;
}
