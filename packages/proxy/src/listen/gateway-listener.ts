import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ListenerConfig } from '../config/listener-config.ts';
import { ProxyError } from '../proxy-error.ts';

/**
 * How a request came: `continue` when the client waits for `100 Continue` before it sends the body,
 * `upgrade` when it asks for another protocol that the listener allows, so that no HTTP follows.
 */
export type RequestKind = 'plain' | 'continue' | 'upgrade';

/** Takes a request. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  kind: RequestKind,
) => void;

/** A bound listener: an HTTP/1.1 server with Node's strict parser, and its drain. */
export class GatewayListener {
  readonly #server: Server;
  /** Client connections, with the number of requests that are being answered on each. */
  readonly #sockets = new Map<Socket, number>();
  readonly #handler: RequestHandler;
  #draining = false;
  #closed: Promise<void> | undefined;

  private constructor(config: ListenerConfig, handler: RequestHandler) {
    this.#handler = handler;
    this.#server = createServer({
      maxHeaderSize: config.maxRequestHeadersBytes,
      headersTimeout: config.requestHeadersTimeout,
      // A long upload is no fault; silence is, and the stream's idle timeout sees to that.
      requestTimeout: 0,
      keepAliveTimeout: config.idleTimeout,
      connectionsCheckingInterval: 1_000,
      noDelay: true,
      insecureHTTPParser: false,
      requireHostHeader: true,
      shouldUpgradeCallback: ({ headers }) =>
        config.upgrades.has((headers.upgrade ?? '').toLowerCase()),
    });
    this.#server.on('connection', (socket) => this.#connected(socket));
    this.#server.on('request', (request, response) => this.#requested(request, response, 'plain'));
    this.#server.on('checkContinue', (request, response) =>
      this.#requested(request, response, 'continue'),
    );
    this.#server.on('upgrade', (request, socket, first) => {
      // The listener's sockets are TCP sockets.
      this.#upgradeRequested(request, socket as Socket, first);
    });
  }

  /**
   * Binds the address of `config`.
   *
   * @throws ProxyError `port-busy` or `bind-failed`, with a sentence for whoever started it.
   */
  static async bind(config: ListenerConfig, handler: RequestHandler): Promise<GatewayListener> {
    const listener = new GatewayListener(config, handler);
    const server = listener.#server;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen({ host: config.address, port: config.port, backlog: 1024 }, resolve);
    try {
      await promise;
    } catch (cause) {
      throw bindError(config, cause);
    }
    server.removeListener('error', reject);
    server.on('error', () => {
      // Accepting failed (too many open files): what is open goes on.
    });
    return listener;
  }

  /** The address that is bound. */
  get address(): { readonly address: string; readonly port: number } {
    // A TCP server that listens has an address of this kind.
    const { address, port } = this.#server.address() as AddressInfo;
    return { address, port };
  }

  /** True once {@link close} was called: responses should end their connections. */
  get draining(): boolean {
    return this.#draining;
  }

  /**
   * Stops accepting, closes connections without a request at once, lets requests finish for up to
   * `drainTimeout` milliseconds, then drops the rest. The second call waits for the first.
   */
  close(drainTimeout: number): Promise<void> {
    this.#closed ??= this.#drain(drainTimeout);
    return this.#closed;
  }

  async #drain(drainTimeout: number): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const [socket, active] of this.#sockets) if (active === 0) socket.destroy();
    const deadline = setTimeout(() => {
      for (const socket of this.#sockets.keys()) socket.destroy();
    }, drainTimeout);
    await closed;
    clearTimeout(deadline);
  }

  #connected(socket: Socket): void {
    this.#sockets.set(socket, 0);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #requested(request: IncomingMessage, response: ServerResponse, kind: RequestKind): void {
    const { socket } = request;
    this.#sockets.set(socket, (this.#sockets.get(socket) ?? 0) + 1);
    response.on('close', () => this.#answered(socket));
    this.#handler(request, response, kind);
  }

  #answered(socket: Socket): void {
    const active = (this.#sockets.get(socket) ?? 1) - 1;
    if (socket.destroyed) return;
    this.#sockets.set(socket, active);
    if (this.#draining && active === 0) socket.destroySoon();
  }

  /** Node takes the parser off the socket here; a response other than 101 ends the connection. */
  #upgradeRequested(request: IncomingMessage, socket: Socket, first: Buffer): void {
    if (first.length > 0) socket.unshift(first);
    socket.on('error', () => socket.destroy());
    this.#sockets.set(socket, 1);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => {
      response.detachSocket(socket);
      socket.destroySoon();
    });
    this.#handler(request, response, 'upgrade');
  }
}

function bindError(config: ListenerConfig, cause: unknown): ProxyError {
  const at = `${config.address}:${config.port}`;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'EADDRINUSE') {
    const message = `The port of the listener ${config.name}, ${at}, is busy: stop what uses it or choose another.`;
    return new ProxyError('port-busy', message, { cause });
  }
  const told = cause instanceof Error ? cause.message : String(cause);
  const message = `The listener ${config.name} cannot listen on ${at}: ${told}.`;
  return new ProxyError('bind-failed', message, { cause });
}
