import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { HEADER } from '../wire/codes.ts';
import { framed, type HostPort } from './forwarder.ts';
import type { Responder } from './responder.ts';

/** Limits to what is asked by TCP. */
export interface TcpLimits {
  /** Connections at once; more are closed. */
  readonly maxConnections: number;
  /** Milliseconds without a complete question after which a connection is closed. */
  readonly idleTimeout: number;
}

/** More bytes than a question can have. */
const LONGEST_QUERY = 4096;

/** Answers what is asked by TCP: RFC 7766. */
export class TcpListener {
  readonly #server: Server;
  readonly #connections: Set<Socket>;

  private constructor(server: Server, connections: Set<Socket>) {
    this.#server = server;
    this.#connections = connections;
  }

  /** Listens on an IP address; rejects as the system does. */
  static async listen(
    { host, port }: HostPort,
    responder: Responder,
    { maxConnections, idleTimeout }: TcpLimits,
  ): Promise<TcpListener> {
    const connections = new Set<Socket>();
    const server = createServer({ noDelay: true }, (socket) => {
      connections.add(socket);
      socket.on('close', () => connections.delete(socket));
      serve(socket, responder, idleTimeout);
    });
    server.maxConnections = maxConnections;
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return new TcpListener(server, connections);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#connections) socket.destroy();
    await closed;
  }
}

/** One question after the other, without waiting for who asks to take the answers. */
function serve(socket: Socket, responder: Responder, idleTimeout: number): void {
  const source = socket.remoteAddress ?? '';
  const idle = setTimeout(() => socket.destroy(), idleTimeout);
  let received = Buffer.alloc(0);
  const send = (reply: Buffer) => {
    if (socket.writable) socket.write(framed(reply));
  };
  const answer = () => {
    // Who does not read is not answered on: what was answered waits in memory.
    while (!socket.writableNeedDrain && received.length >= 2) {
      const length = received.readUInt16BE(0);
      if (length < HEADER || length > LONGEST_QUERY) {
        socket.destroy();
        return;
      }
      if (received.length < 2 + length) break;
      idle.refresh();
      responder.respond(received.subarray(2, 2 + length), source, 'tcp', send);
      received = received.subarray(2 + length);
    }
    if (socket.writableNeedDrain) socket.pause();
    else socket.resume();
  };
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    answer();
  });
  socket.on('drain', answer);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clearTimeout(idle));
}
