import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import type { DownstreamTls } from '../config/downstream-tls.ts';
import { type Pem, PemFiles } from './pem-files.ts';

/** Milliseconds that a handshake may take. */
const HANDSHAKE_TIMEOUT = 15_000;

/** What happens to a chain with TLS. */
export interface TlsEvents {
  /** A handshake is done; `http2` when that was agreed on. */
  secured(socket: TLSSocket, http2: boolean): void;
  /** A certificate can't be used; what was good last is. */
  failed(detail: string): void;
}

/**
 * Ends TLS for the clients of one filter chain, with certificates that may be changed on disk. Without
 * any that can be used it turns all clients away, until there are.
 */
export class TlsService {
  readonly #config: DownstreamTls;
  readonly #server: Server;
  readonly #files: PemFiles;
  #ready = false;

  private constructor(config: DownstreamTls, events: TlsEvents) {
    this.#config = config;
    const { clientAuthority, requireClient, acceptUntrusted, protocols } = config;
    this.#server = createServer({
      handshakeTimeout: HANDSHAKE_TIMEOUT,
      requestCert: clientAuthority !== undefined,
      rejectUnauthorized: requireClient && !acceptUntrusted,
      ...(protocols.length > 0 ? { ALPNProtocols: [...protocols] } : {}),
    });
    this.#server.on('secureConnection', (socket) => {
      if (this.#mayStay(socket)) events.secured(socket, socket.alpnProtocol === 'h2');
      else socket.destroy();
    });
    // A client that can't shake hands has been dropped by then.
    this.#server.on('tlsClientError', () => {});
    this.#files = new PemFiles(config, {
      changed: (pem) => this.#show(pem),
      failed: (detail) => events.failed(detail),
    });
  }

  /** Resolves when the certificates have been looked at. */
  static async open(config: DownstreamTls, events: TlsEvents): Promise<TlsService> {
    const service = new TlsService(config, events);
    await service.#files.load();
    return service;
  }

  /** True when connections are ended in the same way. */
  serves(config: DownstreamTls): boolean {
    return isDeepStrictEqual(config, this.#config);
  }

  /** Shakes hands on the connection, which may have been read from and paused. */
  accept(socket: Socket): void {
    if (this.#ready) this.#server.emit('connection', socket);
    else socket.destroy();
  }

  /** Looks no more after the certificates; connections go on. */
  close(): void {
    this.#files.close();
  }

  #show(pem: Pem): void {
    const { minVersion, maxVersion } = this.#config;
    this.#server.setSecureContext({ minVersion, maxVersion, ...pem });
    this.#ready = true;
  }

  #mayStay(socket: TLSSocket): boolean {
    const { clientAuthority, requireClient, requireName, acceptUntrusted } = this.#config;
    if (requireName && typeof socket.servername !== 'string') return false;
    if (!clientAuthority) return true;
    const shown = Object.keys(socket.getPeerCertificate()).length > 0;
    return shown ? socket.authorized || acceptUntrusted : !requireClient;
  }
}
