import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  constants,
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import type { Endpoint } from '@meshkeeper/mesh';
import { endpointAt } from '../stage/services.ts';

/** What an instance does with a request. */
export interface Reply {
  /** Of HTTP; of gRPC its own. Default: that all went well. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the connection instead. */
  readonly breakOff?: boolean;
  /** Of gRPC: the message that is answered instead of its name. */
  readonly message?: Buffer;
  /** Of gRPC: refuses the stream instead, which says that nobody has looked at it. */
  readonly refuse?: boolean;
}

/** What an instance is asked. */
export interface Received {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  /** Which of its connections it came by, the first being 1. */
  readonly connection: number;
}

/** What an instance speaks. */
export type Spoken = 'http' | 'grpc';

/**
 * An instance of a service, which says its name in `x-from` and does what a test tells it. Requests with
 * `x-check` are health checks: they are answered as the others, and not counted.
 */
export class Instance implements AsyncDisposable {
  readonly name: string;
  readonly spoken: Spoken;
  /** Decides on each request; may take its time. */
  answer: (asked: Received) => Reply | Promise<Reply> = () => ({});
  /** Requests so far, and those that are under way; the most at once. */
  served = 0;
  active = 0;
  most = 0;
  /** Connections so far, and those that are open. */
  connections = 0;
  open = 0;
  readonly #server: Server;
  readonly #sockets = new Map<Socket, number>();
  #port = 0;

  constructor(name: string, spoken: Spoken) {
    this.name = name;
    this.spoken = spoken;
    this.#server = spoken === 'http' ? this.#http() : this.#grpc();
    this.#server.on('connection', (socket: Socket) => {
      this.open++;
      this.#sockets.set(socket, ++this.connections);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.open--;
        this.#sockets.delete(socket);
      });
    });
  }

  get port(): number {
    return this.#port;
  }

  /** As the catalog has it. */
  endpoint(facts: Partial<Endpoint> = {}): Endpoint {
    return endpointAt(this.#port, { id: this.name, ...facts });
  }

  /** Listens, on the port that it had when it was there before. */
  async start(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port; // no path of a socket
  }

  /** Is gone, as a process that was killed. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
    await once(this.#server, 'close');
  }

  /** As it was in the beginning. */
  async reset(): Promise<void> {
    this.answer = () => ({});
    this.served = 0;
    this.most = 0;
    if (!this.#server.listening) await this.start();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #http(): Server {
    return createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
      request.resume();
      void this.#serve(request, request.socket, response, ({ status = 200, headers }) => {
        response.writeHead(status, { 'x-from': this.name, ...headers });
        response.end(JSON.stringify({ at: this.name }));
      });
    });
  }

  #grpc(): Server {
    return createHttp2Server((request, response) => {
      request.on('error', () => {});
      request.resume().on('end', () => {
        const socket = request.stream.session?.socket as Socket | undefined;
        void this.#serve(request, socket, response, ({ status = 0, headers, refuse, message }) => {
          if (refuse) {
            response.stream.close(constants.NGHTTP2_REFUSED_STREAM);
            return;
          }
          const head = { 'content-type': 'application/grpc', 'x-from': this.name, ...headers };
          if (status !== 0) {
            const only = { ':status': 200, ...head, 'grpc-status': status };
            // With the head as the end: a status that comes before an empty body is none.
            response.stream.respond(only, { endStream: true });
            return;
          }
          response.writeHead(200, head);
          response.addTrailers({ 'grpc-status': 0 });
          const said = message ?? Buffer.from(JSON.stringify({ at: this.name }));
          response.end(Buffer.concat([Buffer.of(0, 0, 0, 0, said.length), said]));
        });
      });
    });
  }

  async #serve(
    { url = '', method = '', headers }: IncomingMessage | Http2ServerRequest,
    socket: Socket | undefined,
    response: ServerResponse | Http2ServerResponse,
    write: (reply: Reply) => void,
  ): Promise<void> {
    const counts = headers['x-check'] === undefined;
    // Of HTTP/2 `socket` is a stand-in for the one that was accepted.
    const connection = this.#sockets.get(socket!) ?? this.connections;
    if (counts) {
      this.served++;
      this.most = Math.max(this.most, ++this.active);
      response.once('close', () => this.active--);
    }
    const reply = await this.answer({ path: url, method, headers, connection });
    if (reply.breakOff) this.#breakOff(socket, response);
    else if (!response.writableEnded && !response.destroyed) write(reply);
  }

  #breakOff(socket: Socket | undefined, response: ServerResponse | Http2ServerResponse): void {
    if ('stream' in response) response.stream.session?.destroy();
    else socket?.destroy();
  }
}

/** An instance that speaks bytes: it says its name, and echoes. */
export class TcpInstance implements AsyncDisposable {
  readonly name: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(name: string, answer: (bytes: Buffer) => Buffer | string = (bytes) => bytes) {
    this.name = name;
    this.#server = createTcpServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('data', (bytes) => socket.write(answer(bytes)));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
