import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientFacts } from '../config/request-view.ts';
import { type ClientReceiver, type ClientStream, NO_RECEIVER } from './client-stream.ts';

/** What is known of a request besides its message. */
export interface Http1StreamOptions {
  readonly expectsContinue: boolean;
  /** The connection is free for another protocol. */
  readonly upgrade: boolean;
  /** Called when it is over. */
  readonly closed: () => void;
}

/** A request over HTTP/1.1, by Node's server. */
export class Http1ClientStream implements ClientStream {
  receiver: ClientReceiver = NO_RECEIVER;
  flushTimeout = 0;
  readonly client: ClientFacts;
  readonly expectsContinue: boolean;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #upgrade: boolean;
  #reading = false;
  #draining = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    client: ClientFacts,
    { expectsContinue, upgrade, closed }: Http1StreamOptions,
  ) {
    this.#request = request;
    this.#response = response;
    this.#upgrade = upgrade;
    this.client = client;
    this.expectsContinue = expectsContinue;
    response.on('close', () => {
      closed();
      this.receiver.closed();
    });
  }

  get status(): number {
    return this.#response.headersSent ? this.#response.statusCode : 0;
  }

  whenClosed(callback: () => void): void {
    this.#response.once('close', callback);
  }

  read(): void {
    const request = this.#request;
    if (this.#reading) {
      request.resume();
      return;
    }
    this.#reading = true;
    request.on('data', (piece: Buffer) => this.receiver.data(piece));
    request.on('end', () => this.receiver.ended(request.rawTrailers));
  }

  pause(): void {
    if (this.#reading) this.#request.pause();
  }

  continue(): void {
    this.#response.writeContinue();
  }

  lastOfConnection(): void {
    this.#response.shouldKeepAlive = false;
  }

  respond(status: number, reason: string, fields: readonly string[]): void {
    // Node takes a mutable array and doesn't change it.
    const raw = fields as string[];
    if (reason === '') this.#response.writeHead(status, raw);
    else this.#response.writeHead(status, reason, raw);
  }

  flush(): void {
    this.#response.flushHeaders();
  }

  write(piece: Buffer): boolean {
    const more = this.#response.write(piece);
    if (!more && !this.#draining) {
      this.#draining = true;
      this.#response.once('drain', () => {
        this.#draining = false;
        this.receiver.drained();
      });
    }
    return more;
  }

  end(piece?: Buffer, trailers: readonly string[] = []): void {
    const response = this.#response;
    if (trailers.length > 0) response.addTrailers(pairs(trailers));
    if (this.#reading && !this.#request.complete) {
      // The rest of the request is of no use, and before the next one.
      response.on('finish', () => this.#request.socket.destroySoon());
    }
    if (piece) response.end(piece);
    else response.end();
    if (this.flushTimeout > 0 && response.writableLength > 0) {
      const timer = setTimeout(() => this.#request.socket.destroy(), this.flushTimeout);
      response.once('close', () => clearTimeout(timer));
    }
  }

  reset(): void {
    this.#request.socket.resetAndDestroy();
  }

  switchProtocols(protocol: string, fields: readonly string[]): Socket | undefined {
    const { socket } = this.#request;
    if (!this.#upgrade || socket.destroyed) return undefined;
    let text = `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n`;
    for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
    this.#response.detachSocket(socket);
    socket.write(`${text}\r\n`, 'latin1');
    return socket;
  }
}

function pairs(fields: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let i = 0; i < fields.length; i += 2) found.push([fields[i]!, fields[i + 1]!]);
  return found;
}
