import type { OnReadOpts, Socket } from 'node:net';

/** Bytes that are read into one piece of memory, and what must be left of it for the next read. */
const SLAB = 64 * 1024;
const LEAST = 8 * 1024;

/**
 * An open connection as bytes: written to its socket, received by one listener. Without TLS what
 * comes in bypasses the socket's stream, which costs more than to read it, and shares its memory.
 */
export class Wire {
  readonly #inlet: Inlet | undefined;
  readonly socket: Socket;

  constructor(socket: Socket, inlet?: Inlet) {
    this.socket = socket;
    this.#inlet = inlet;
  }

  /** Says who receives what comes in, from what came in already. */
  receive(listener: (chunk: Buffer) => void): void {
    if (this.#inlet === undefined) this.socket.on('data', listener);
    else this.#inlet.listen(listener);
  }

  /** Whether the socket stops to read when it is paused: over TLS Node reads on. */
  get pauses(): boolean {
    return this.#inlet !== undefined;
  }
}

/** Where a socket puts what it reads. */
export class Inlet {
  #slab = Buffer.allocUnsafeSlow(SLAB);
  #used = 0;
  #early: Buffer[] = [];
  #listener: ((chunk: Buffer) => void) | undefined;

  /** The socket's `onread`. What was handed out is never written to again. */
  readonly options: OnReadOpts = {
    buffer: () => {
      if (SLAB - this.#used < LEAST) {
        this.#slab = Buffer.allocUnsafeSlow(SLAB);
        this.#used = 0;
      }
      return this.#slab.subarray(this.#used);
    },
    callback: (bytes, buffer) => {
      this.#used += bytes;
      const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, bytes);
      if (this.#listener === undefined) this.#early.push(chunk);
      else this.#listener(chunk);
      return true;
    },
  };

  listen(listener: (chunk: Buffer) => void): void {
    this.#listener = listener;
    for (const chunk of this.#early.splice(0)) listener(chunk);
  }
}
