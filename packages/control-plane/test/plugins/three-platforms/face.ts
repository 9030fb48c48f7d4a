import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Loss } from './platform.ts';

/** What becomes of what is asked. */
export type FaceMode =
  | { readonly type: 'open' }
  /** Connections are cut as they come. */
  | { readonly type: 'refuses' }
  /** Nothing is answered, and nothing ends. */
  | { readonly type: 'hangs' }
  | { readonly type: 'status'; readonly status: number }
  /** What is read is answered, with nothing in it; what is written is taken. */
  | { readonly type: 'empty' };

/** What a face shows of a platform that has nothing. */
export interface Emptied {
  /** What is asked of the platform instead; undefined: it is passed on as it is. */
  path(url: URL): string | undefined;
  /** What is answered instead of what the platform has. */
  body(url: URL, body: string): { readonly status: number; readonly body: string };
}

/** A platform's API as the control planes reach it; those who look past it always do. */
export class Face implements AsyncDisposable {
  readonly #upstream: string;
  readonly #emptied: Emptied;
  readonly #server = createServer((asked, answer) => this.#handle(asked, answer));
  readonly #sockets = new Set<Socket>();
  #mode: FaceMode = { type: 'open' };

  private constructor(upstream: string, emptied: Emptied) {
    this.#upstream = upstream;
    this.#emptied = emptied;
    this.#server.requestTimeout = 0;
    this.#server.on('connection', (socket) => {
      if (this.#mode.type === 'refuses') return void socket.destroy();
      this.#sockets.add(socket);
      return void socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async of(upstream: string, emptied: Emptied): Promise<Face> {
    const face = new Face(upstream, emptied);
    face.#server.listen(0, '127.0.0.1');
    await once(face.#server, 'listening');
    return face;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The ways in which it can be lost. */
  get losses(): readonly Loss[] {
    const modes: readonly FaceMode[] = [
      { type: 'status', status: 500 },
      { type: 'status', status: 403 },
      { type: 'empty' },
      { type: 'hangs' },
      { type: 'refuses' },
    ];
    return modes.map((mode) => ({ lose: async () => this.show(mode) }));
  }

  /** From now on; what is open is cut, unless it is to hang. */
  show(mode: FaceMode): void {
    this.#mode = mode;
    if (mode.type !== 'hangs') for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #handle(asked: IncomingMessage, answer: ServerResponse): void {
    const mode = this.#mode;
    if (mode.type === 'hangs') return;
    if (mode.type === 'status') {
      answer.writeHead(mode.status, { 'content-type': 'text/plain' });
      answer.end('this is how it is');
      return;
    }
    const url = new URL(asked.url ?? '/', this.#upstream);
    const isEmpty = mode.type === 'empty' && asked.method === 'GET';
    const path = isEmpty ? this.#emptied.path(url) : undefined;
    const { host: _, connection: __, ...headers } = asked.headers;
    const open = url.protocol === 'https:' ? secureRequest : request;
    const upstream = open(new URL(path ?? url.pathname + url.search, url), {
      ...{ method: asked.method, headers, rejectUnauthorized: false },
    });
    upstream.on('response', (response) => {
      if (path !== undefined) void this.#answerEmptied(url, response, answer);
      else {
        answer.writeHead(response.statusCode ?? 500, response.headers);
        answer.flushHeaders();
        response.on('data', (data) => {
          // What hangs says nothing more, of what it had begun to say, too.
          if (this.#mode.type !== 'hangs') answer.write(data);
        });
        response.on('end', () => this.#mode.type !== 'hangs' && answer.end());
        response.on('error', () => answer.destroy());
      }
    });
    upstream.on('error', () => answer.destroy());
    answer.on('close', () => upstream.destroy());
    asked.pipe(upstream);
  }

  async #answerEmptied(url: URL, response: IncomingMessage, answer: ServerResponse) {
    const chunks = await response.toArray().catch(() => []);
    const { status, body } = this.#emptied.body(url, Buffer.concat(chunks).toString());
    const { 'content-length': _, ...headers } = response.headers;
    answer.writeHead(status, headers);
    answer.end(body);
  }
}
