import type { IncomingMessage } from 'node:http';
import type { Connection } from '../upstream/connection.ts';
import { trailerPairs } from './response-fields.ts';

/** Moves a request's body from the client to an endpoint, as fast as the slower of the two. */
export class RequestBody {
  /** Some of it was read, so that the request cannot be sent again. */
  consumed = false;
  /** All of it was sent. */
  done = false;
  readonly #request: IncomingMessage;
  readonly #chunked: boolean;
  readonly #onDone: () => void;
  #connection: Connection | undefined;
  #listening = false;

  /** `onDone` is called when all of it was sent. */
  constructor(request: IncomingMessage, chunked: boolean, onDone: () => void) {
    this.#request = request;
    this.#chunked = chunked;
    this.#onDone = onDone;
  }

  /** Sends it to `connection`. */
  sendTo(connection: Connection): void {
    this.#connection = connection;
    if (this.#listening) {
      this.#request.resume();
      return;
    }
    this.#listening = true;
    this.#request.on('data', (piece: Buffer) => this.#data(piece));
    this.#request.on('end', () => this.#end());
  }

  /** The connection takes more. */
  writable(): void {
    if (this.#connection) this.#request.resume();
  }

  /** Stops; what was not read yet can go to another connection. */
  stop(): void {
    this.#connection = undefined;
    if (this.#listening && !this.done) this.#request.pause();
  }

  #data(piece: Buffer): void {
    this.consumed = true;
    const connection = this.#connection;
    if (!connection) return;
    let more: boolean;
    if (this.#chunked) {
      connection.cork();
      connection.write(`${piece.length.toString(16)}\r\n`);
      connection.write(piece);
      more = connection.write('\r\n');
      connection.uncork();
    } else more = connection.write(piece);
    if (!more) this.#request.pause();
  }

  #end(): void {
    this.done = true;
    const connection = this.#connection;
    if (!connection) return;
    if (this.#chunked) {
      const trailers = trailerPairs(this.#request.rawTrailers);
      const lines = trailers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      connection.write(`0\r\n${lines}\r\n`);
    }
    this.#onDone();
    connection.finish();
  }
}
