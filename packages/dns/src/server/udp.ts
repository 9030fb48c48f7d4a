import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Logger } from '../logger.ts';
import type { HostPort } from './forwarder.ts';
import type { Responder } from './responder.ts';

/** Bytes that the system holds for us while we are busy: a burst of some thousand questions. */
const RECEIVE_BUFFER = 1 << 20;

/** Answers what is asked by UDP. */
export class UdpListener {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Listens on an IP address; rejects as the system does. */
  static async listen(
    { host, port }: HostPort,
    family: 4 | 6,
    responder: Responder,
    logger: Logger,
  ): Promise<UdpListener> {
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      // Whoever asks has an address already: looking it up costs as much as all the rest.
      lookup: (address, _, callback) => callback(null, address, family),
    });
    // Without a lookup that takes time it listens before bind returns.
    const listening = once(socket, 'listening');
    socket.bind({ address: host, port, exclusive: true });
    try {
      await listening;
    } catch (error) {
      socket.close();
      throw error;
    }
    try {
      socket.setRecvBufferSize(RECEIVE_BUFFER);
    } catch {
      // The system's own size then.
    }
    socket.on('error', (err) => logger.debug({ err }, 'an answer could not be sent'));
    socket.on('message', (message, { address, port: from }) => {
      if (from === 0) return;
      responder.respond(message, address, 'udp', (reply) => {
        socket.send(reply, 0, reply.length, from, address);
      });
    });
    return new UdpListener(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
