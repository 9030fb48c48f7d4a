import type { IncomingMessage } from 'node:http';
import type { UpstreamStream } from '../upstream/stream.ts';
import { trailerPairs } from './response-fields.ts';

/** Moves a request's body from the client to an endpoint, as fast as the slower of the two. */
export class RequestBody {
  /** Some of it was read, so that the request cannot be sent again. */
  consumed = false;
  /** All of it was sent. */
  done = false;
  readonly #request: IncomingMessage;
  readonly #onDone: () => void;
  #stream: UpstreamStream | undefined;
  #listening = false;

  /** `onDone` is called when all of it was sent. */
  constructor(request: IncomingMessage, onDone: () => void) {
    this.#request = request;
    this.#onDone = onDone;
  }

  /** Sends it by `stream`. */
  sendTo(stream: UpstreamStream): void {
    this.#stream = stream;
    if (this.#listening) {
      this.#request.resume();
      return;
    }
    this.#listening = true;
    this.#request.on('data', (piece: Buffer) => this.#data(piece));
    this.#request.on('end', () => this.#end());
  }

  /** The stream takes more. */
  writable(): void {
    if (this.#stream) this.#request.resume();
  }

  /** Stops; what was not read yet can go by another stream. */
  stop(): void {
    this.#stream = undefined;
    if (this.#listening && !this.done) this.#request.pause();
  }

  #data(piece: Buffer): void {
    this.consumed = true;
    if (this.#stream?.write(piece) === false) this.#request.pause();
  }

  #end(): void {
    this.done = true;
    const stream = this.#stream;
    if (!stream) return;
    this.#onDone();
    stream.finish(trailerPairs(this.#request.rawTrailers).flat());
  }
}
