import type { ClientStream } from '../listen/client-stream.ts';
import type { UpstreamStream } from '../upstream/stream.ts';
import { endToEndTrailers } from './response-fields.ts';

/** Takes a copy of the body, at its own pace. */
export interface BodyCopy {
  write(piece: Buffer): void;
  finish(trailers: readonly string[]): void;
}

/**
 * Moves a request's body from the client to an endpoint, as fast as the slower of the two, and keeps
 * what was read of it, up to a limit, so that it can be sent again.
 */
export class RequestBody {
  /** All of it was read. */
  done = false;
  readonly #client: ClientStream;
  readonly #onDone: () => void;
  readonly #copies: readonly BodyCopy[];
  #upstream: UpstreamStream | undefined;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  /** Bytes that may be kept; below 0 once something was read that was not. */
  #limit: number;
  #trailers: readonly string[] = [];

  /** `limit`: bytes that are kept. `onDone` is called when all of it was read. */
  constructor(
    client: ClientStream,
    limit: number,
    copies: readonly BodyCopy[],
    onDone: () => void,
  ) {
    this.#client = client;
    this.#limit = limit;
    this.#copies = copies;
    this.#onDone = onDone;
  }

  /** All that was read of it can be sent again. */
  get replayable(): boolean {
    return this.#limit >= 0;
  }

  /** Sends it by `upstream`, from its beginning. */
  sendTo(upstream: UpstreamStream): void {
    this.#upstream = upstream;
    for (const piece of this.#kept) upstream.write(piece);
    if (this.done) upstream.finish(this.#trailers);
    else this.#client.read();
  }

  /** It will not be sent again. */
  release(): void {
    this.#kept = [];
    this.#limit = -1;
  }

  /** The stream takes more. */
  writable(): void {
    if (this.#upstream && !this.done) this.#client.read();
  }

  /** Stops. */
  stop(): void {
    this.#upstream = undefined;
    if (!this.done) this.#client.pause();
  }

  /** A piece has come. */
  data(piece: Buffer): void {
    if (this.#limit >= 0) this.#keep(piece);
    for (const copy of this.#copies) copy.write(piece);
    if (this.#upstream?.write(piece) === false) this.#client.pause();
  }

  /** It has come to its end. */
  ended(trailers: readonly string[]): void {
    this.done = true;
    this.#trailers = endToEndTrailers(trailers);
    for (const copy of this.#copies) copy.finish(this.#trailers);
    this.#onDone();
    this.#upstream?.finish(this.#trailers);
  }

  #keep(piece: Buffer): void {
    this.#keptBytes += piece.length;
    if (this.#keptBytes <= this.#limit) this.#kept.push(piece);
    else {
      this.#limit = -1;
      this.#kept = [];
    }
  }
}
