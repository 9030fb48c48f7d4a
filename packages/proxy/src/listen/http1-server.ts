import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { CodecOptions } from '../config/http-manager.ts';
import type { ClientFacts } from '../config/request-view.ts';
import { type HeadRules, readRequestHead, refuse } from '../forward/request-head.ts';
import type { RequestHandler } from './http-service.ts';
import { Http1ClientStream } from './http1-client-stream.ts';

interface Connection {
  readonly client: ClientFacts;
  /** Requests that are being answered. */
  active: number;
  /** Requests that it had. */
  served: number;
  /** It has lasted long enough. */
  expired: boolean;
}

/** How an HTTP/1.1 server behaves besides what its codec says. */
export interface Http1Behaviour {
  rules(): HeadRules;
  /** Protocols, lower case, that some route lets clients upgrade to. */
  mayUpgrade(protocol: string): boolean;
}

/** HTTP/1.1 on connections that were accepted elsewhere, with Node's strict parser. */
export class Http1Server {
  readonly #server: Server;
  readonly #connections = new Map<Socket, Connection>();
  readonly #codec: CodecOptions;
  readonly #handler: RequestHandler;
  readonly #behaviour: Http1Behaviour;
  #draining = false;

  constructor(codec: CodecOptions, handler: RequestHandler, behaviour: Http1Behaviour) {
    this.#codec = codec;
    this.#handler = handler;
    this.#behaviour = behaviour;
    this.#server = createServer({
      maxHeaderSize: codec.maxRequestHeadersBytes,
      headersTimeout: codec.requestHeadersTimeout,
      // A long upload is no fault; silence is, and the stream's idle timeout sees to that.
      requestTimeout: 0,
      keepAliveTimeout: codec.idleTimeout,
      connectionsCheckingInterval: 1_000,
      noDelay: true,
      insecureHTTPParser: false,
      requireHostHeader: true,
      shouldUpgradeCallback: ({ headers }) =>
        behaviour.mayUpgrade((headers.upgrade ?? '').toLowerCase()),
    });
    // Node would leave out what is too many, which may be what matters: it is refused instead.
    this.#server.maxHeadersCount = 0;
    this.#server.on('request', (request, response) => this.#requested(request, response, false));
    this.#server.on('checkContinue', (request, response) =>
      this.#requested(request, response, true),
    );
    this.#server.on('upgrade', (request, socket, first) => {
      // The connections that are accepted are sockets.
      this.#upgradeRequested(request, socket as Socket, first);
    });
    // It never listens, but begins to watch for slow headers when it is told that it does.
    this.#server.emit('listening');
  }

  /** Speaks HTTP/1.1 on the connection, which may have been read from and paused. */
  accept(socket: Socket, client: ClientFacts): void {
    if (this.#draining) {
      socket.destroy();
      return;
    }
    const connection = { client, active: 0, served: 0, expired: false };
    this.#connections.set(socket, connection);
    socket.on('close', () => this.#connections.delete(socket));
    const { maxConnectionDuration } = this.#codec;
    if (maxConnectionDuration > 0) {
      const timer = setTimeout(() => this.#expire(socket, connection), maxConnectionDuration);
      socket.on('close', () => clearTimeout(timer));
    }
    this.#server.emit('connection', socket);
    socket.resume();
  }

  /** Closes connections without a request now, and the others after theirs. */
  drain(): void {
    this.#draining = true;
    for (const [socket, { active }] of this.#connections) if (active === 0) socket.destroy();
    // It has not listened, which is no matter.
    this.#server.close(() => {});
  }

  #requested(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const { socket } = request;
    const connection = this.#connections.get(socket);
    if (!connection) return;
    connection.active++;
    connection.served++;
    const stream = new Http1ClientStream(request, response, connection.client, {
      expectsContinue,
      upgrade: false,
      closed: () => this.#answered(socket, connection),
    });
    const { maxRequestsPerConnection: most } = this.#codec;
    if (connection.expired || (most > 0 && connection.served >= most)) stream.lastOfConnection();
    this.#handler(stream, this.#head(request));
  }

  #head(request: IncomingMessage) {
    const { method = '', url = '', rawHeaders, httpVersionMinor } = request;
    const rules = this.#behaviour.rules();
    return readRequestHead(method, url, rawHeaders, httpVersionMinor === 1, rules);
  }

  #answered(socket: Socket, connection: Connection): void {
    connection.active--;
    const ends = this.#draining || connection.expired;
    if (ends && connection.active === 0 && !socket.destroyed) socket.destroySoon();
  }

  #expire(socket: Socket, connection: Connection): void {
    connection.expired = true;
    if (connection.active === 0) socket.destroySoon();
  }

  /** Node takes the parser off the socket here; a response other than 101 ends the connection. */
  #upgradeRequested(request: IncomingMessage, socket: Socket, first: Buffer): void {
    const connection = this.#connections.get(socket);
    if (!connection) return;
    if (first.length > 0) socket.unshift(first);
    socket.on('error', () => socket.destroy());
    connection.active++;
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => {
      response.detachSocket(socket);
      socket.destroySoon();
    });
    const closed = () => {};
    const options = { expectsContinue: false, upgrade: true, closed };
    const stream = new Http1ClientStream(request, response, connection.client, options);
    const head = this.#head(request);
    const refused = 'body' in head && head.body.type !== 'none';
    this.#handler(stream, refused ? refuse(400, 'An upgrade with a body is not taken.') : head);
  }
}
