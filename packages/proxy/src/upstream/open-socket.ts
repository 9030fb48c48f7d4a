import { connect, type Socket } from 'node:net';
import type { TlsClient } from './tls/tls-client.ts';

/** Where and how to connect. Times in milliseconds. */
export interface SocketOptions {
  readonly address: string;
  readonly port: number;
  readonly tcpKeepalive: number | undefined;
  /** Undefined: plain TCP. */
  readonly tls: TlsClient | undefined;
}

/** Begins to connect; `connected` is called at most once, when bytes can be sent. */
export function openSocket(options: SocketOptions, connected: () => void): Socket {
  const { address: host, port, tcpKeepalive, tls } = options;
  const keepAlive = tcpKeepalive !== undefined;
  const socket = connect({
    ...{ host, port, noDelay: true, keepAlive },
    ...(keepAlive && { keepAliveInitialDelay: tcpKeepalive }),
  });
  if (!tls) return socket.once('connect', connected);
  try {
    return tls.over(socket).once('secureConnect', connected);
  } catch (error) {
    // No certificate, no connection: told as any other that fails.
    return socket.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}
