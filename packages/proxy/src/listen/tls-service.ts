import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import type { DownstreamTls } from '../config/downstream-tls.ts';
import { loadPem, type Pem, PemFiles } from './pem-files.ts';

/** Milliseconds that a handshake may take. */
const HANDSHAKE_TIMEOUT = 15_000;

/** Takes a connection whose handshake is done. */
export type SecureHandler = (socket: TLSSocket, http2: boolean) => void;

/** Ends TLS for the clients of one filter chain, with certificates that may be changed on disk. */
export class TlsService {
  readonly config: DownstreamTls;
  readonly #server: Server;
  readonly #files: PemFiles;

  private constructor(config: DownstreamTls, pem: Pem, handler: SecureHandler) {
    this.config = config;
    const { clientAuthority, requireClient, requireName, protocols } = config;
    this.#server = createServer({
      ...contextOf(config, pem),
      handshakeTimeout: HANDSHAKE_TIMEOUT,
      requestCert: clientAuthority !== undefined,
      rejectUnauthorized: requireClient,
      ...(protocols.length > 0 ? { ALPNProtocols: [...protocols] } : {}),
    });
    this.#server.on('secureConnection', (socket) => {
      const unnamed = requireName && typeof socket.servername !== 'string';
      if (unnamed || (clientAuthority && !isTrusted(socket))) socket.destroy();
      else handler(socket, socket.alpnProtocol === 'h2');
    });
    // A client that can't shake hands has been dropped by then.
    this.#server.on('tlsClientError', () => {});
    this.#files = new PemFiles(config, (changed) => {
      this.#server.setSecureContext(contextOf(config, changed));
    });
  }

  /**
   * Reads the certificates.
   *
   * @throws Error when one can't be read, or is none.
   */
  static async open(config: DownstreamTls, handler: SecureHandler): Promise<TlsService> {
    return new TlsService(config, await loadPem(config), handler);
  }

  /** True when connections are ended in the same way. */
  serves(config: DownstreamTls): boolean {
    return isDeepStrictEqual(config, this.config);
  }

  /** Shakes hands on the connection, which may have been read from and paused. */
  accept(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /** Looks no more after the certificates; connections go on. */
  close(): void {
    this.#files.close();
  }
}

function contextOf({ minVersion, maxVersion }: DownstreamTls, pem: Pem) {
  return { minVersion, maxVersion, ...pem };
}

/** A client that shows no certificate is as good as one with a right one, unless it has to. */
function isTrusted(socket: TLSSocket): boolean {
  return socket.authorized || Object.keys(socket.getPeerCertificate()).length === 0;
}
