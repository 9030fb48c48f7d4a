import type { Socket } from 'node:net';
import type { ProbeConfig } from '../config/health-check-config.ts';
import { openSocket, type SocketOptions } from '../upstream/open-socket.ts';
import type { ProbeResult } from './check-state.ts';
import type { Probe } from './probe.ts';

/** More than any answer to a check has to say. */
const MAX_ANSWER = 64 * 1024;

/** A check by TCP: connecting is enough, or bytes have to come back for bytes that are sent. */
export class TcpProbe implements Probe {
  readonly #options: SocketOptions;
  readonly #config: ProbeConfig & { readonly type: 'tcp' };
  readonly #reuse: boolean;
  #socket: Socket | undefined;
  #answer = Buffer.alloc(0);
  #done: ((result: ProbeResult) => void) | undefined;

  constructor(
    options: SocketOptions,
    config: ProbeConfig & { readonly type: 'tcp' },
    reuse: boolean,
  ) {
    this.#options = options;
    this.#config = config;
    this.#reuse = reuse;
  }

  run(done: (result: ProbeResult) => void): void {
    this.#done = done;
    this.#answer = Buffer.alloc(0);
    if (this.#socket) this.#ask(this.#socket);
    else this.#socket = this.#open();
  }

  stop(): void {
    this.#done = undefined;
    this.#drop();
  }

  close(): void {
    this.stop();
  }

  #open(): Socket {
    const socket = openSocket(this.#options, () => this.#ask(socket));
    let detail = 'the connection was closed';
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('error', ({ message }) => {
      detail = message;
    });
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#tell({ type: 'failure', kind: 'unreachable', detail });
    });
    return socket;
  }

  #ask(socket: Socket): void {
    const { send, receive } = this.#config;
    if (send) socket.write(send);
    if (receive.length > 0) return;
    this.#drop();
    this.#tell({ type: 'success' });
  }

  #read(bytes: Buffer): void {
    if (this.#answer.length < MAX_ANSWER) this.#answer = Buffer.concat([this.#answer, bytes]);
    if (!this.#done || !holds(this.#answer, this.#config.receive)) return;
    if (!this.#reuse) this.#drop();
    this.#tell({ type: 'success' });
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }

  #tell(result: ProbeResult): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(result);
  }
}

/** All of the parts are there, in their order, with anything between. */
function holds(answer: Buffer, parts: readonly Buffer[]): boolean {
  let at = 0;
  for (const part of parts) {
    const found = answer.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return true;
}
